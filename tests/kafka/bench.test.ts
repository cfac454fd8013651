import { describe, expect, test } from 'vitest'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { vigil } from '../integration/vigil.ts'
import { brokers } from './broker.ts'

const SHAPE = ['features', 'hidden', 'layers', 'model', 'provider', 'threads', 'batch']
const latency = ['p50', 'p99', 'alerts']

/** A bench on the broker of this run, small. */
async function bench(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await vigil(['bench', ...args], { KAFKA_BROKERS: brokers.join(',') })
  expect(stderr).not.toContain('vigil:')
  expect(code).toBe(0)
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('benches with a broker', () => {
  test('kafka: every reading is worked, scored and stepped, and alerts are seen by a read-committed subscriber', async () => {
    const args = [
      '--readings',
      '6000',
      '--patients',
      '50',
      '--paced-at',
      '200',
      '--paced-seconds',
      '4',
      '--warm-seconds',
      '1',
      '--commit-interval-ms',
      '150',
    ]
    const found = await bench('kafka', ...args)
    const keys = ['delivery', 'readingsPerSecond', 'rawConsumePerSecond', 'ratio', 'stepOnly', 'alerts', 'latencyMs']
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining([
        ...SHAPE,
        ...keys,
        'commitIntervalMs',
        'residentMiB',
        'eventLoopDelayP99Ms',
        'coldLatencyMs',
      ]),
    )
    expect(found).toMatchObject({
      readings: 6000,
      patients: 50,
      partitions: 4,
      pacedAt: 200,
      pacedSeconds: 4,
      warmSeconds: 1,
      commitIntervalMs: 150,
      delivery: 'exactly-once',
    })
    expect(found['alerts']).toBeGreaterThan(0)
    expect(Object.keys(found['latencyMs'] as object)).toEqual(latency)
  })

  test('latency: each load by itself, what was written during the warm-up apart from the rest', async () => {
    const args = ['--patients', '200', '--warm-seconds', '1', '--paced-seconds', '2', '--paced-at', '1000,4000']
    const found = await bench('latency', ...args)
    expect(Object.keys(found)).toEqual(expect.arrayContaining([...SHAPE, 'patients', 'warmSeconds', 'pacedSeconds']))
    const rates = found['rates'] as Record<string, number | Record<string, number>>[]
    expect(rates.map((it) => it['pacedAt'])).toEqual([1000, 4000])
    for (const it of rates) {
      const of = (name: string) => (it[name] as Record<string, number>)['alerts']!
      // of 200 patients one begins an episode in each second of theirs
      expect(of('latencyMs') + of('coldLatencyMs')).toBeGreaterThanOrEqual(Number(it['pacedAt']) * 3 * (1 / 200) * 0.9)
      expect(it['rowsPerStep']).toBeGreaterThanOrEqual(1)
      expect(it['writtenPerSecond']).toBeGreaterThan(0)
    }
  })

  test('catchup: what waited while nobody watched is scored, all of it, and its alerts say that they are late', async () => {
    // an alert is late after 10 s
    const args = ['--patients', '300', '--pause-seconds', '13', '--live-seconds', '2']
    const found = await bench('catchup', ...args)
    expect(Object.keys(found)).toEqual(expect.arrayContaining([...SHAPE, 'secondsToFirst']))
    expect(found).toMatchObject({ patients: 300, pauseSeconds: 13, readingsMissing: 0, alertsMissing: 0 })
    expect(found['readings']).toBeGreaterThanOrEqual(300 * 15)
    expect(found['episodes']).toBeGreaterThanOrEqual(15)
    expect(found['lateAlerts']).toBeGreaterThan(0)
    expect(found['catchUpFactor']).toBeGreaterThan(1)
    expect(found['secondsToCaughtUp']).toBeGreaterThan(found['secondsToFirst'] as number)
  })

  test('restore: every patient that was saved is watched anew', async () => {
    const found = await bench('restore', '--patients', '300')
    expect(found).toMatchObject({ patients: 300, partitions: 4 })
    expect(found['bytes']).toBeGreaterThan(300 * 500)
    expect(found['secondsToLive']).toBeGreaterThan(0)
  })

  test('idle: what the service costs while nothing arrives', async () => {
    const found = await bench('idle', '--partitions', '2', '--seconds', '1')
    expect(Object.keys(found)).toEqual([
      'partitions',
      'seconds',
      'cpuPercent',
      'rssBytes',
      'model',
      'features',
      'hidden',
      'layers',
      'provider',
      'threads',
      'workers',
      'batch',
    ])
    expect(found).toMatchObject({ partitions: 2, seconds: 1, model: `bedside@${bedside.version}` })
  })

  test('fanout: every alert reaches every subscriber and webhook, over a restart of one', async () => {
    const args = ['--alerts-per-second', '100', '--subscribers', '4', '--seconds', '2', '--batch', '10']
    const found = await bench('fanout', ...args)
    expect(found).toMatchObject({ alertsPerSecond: 100, subscribers: 4, seconds: 2, batch: 10, model: 'none' })
    for (const way of ['sse', 'webhooks']) {
      const it = found[way] as Record<string, number | Record<string, number>>
      const keys = ['deliveredPerSecond', 'latencyMs', 'rssBytes', 'mostPerSecond', 'bareMostPerSecond', 'ratio']
      expect(Object.keys(it)).toEqual(expect.arrayContaining(keys))
      expect(it).toMatchObject({ lost: 0, latencyMs: { p50: expect.any(Number), p99: expect.any(Number) } })
      expect(it['deliveredPerSecond']).toBeGreaterThan(0)
    }
    expect(found['sse']).toMatchObject({ doubled: 0 })
  })
})

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
      '--commit-interval-ms',
      '150',
    ]
    const found = await bench('kafka', ...args)
    const keys = ['delivery', 'readingsPerSecond', 'rawConsumePerSecond', 'ratio', 'stepOnly', 'alerts', 'latencyMs']
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining([...SHAPE, ...keys, 'commitIntervalMs', 'residentMiB', 'eventLoopDelayP99Ms']),
    )
    expect(found).toMatchObject({
      readings: 6000,
      patients: 50,
      partitions: 4,
      pacedAt: 200,
      pacedSeconds: 4,
      commitIntervalMs: 150,
      delivery: 'exactly-once',
    })
    expect(found['alerts']).toBeGreaterThan(0)
    expect(Object.keys(found['latencyMs'] as object)).toEqual(latency)
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

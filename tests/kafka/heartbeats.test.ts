import { afterEach, expect, it } from 'vitest'
import { type HeartbeatOptions, heartbeats } from '../../src/kafka/heartbeats.ts'
import type { End, KafkaClient, NewRecord } from '../../src/kafka/port.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { quiet, until } from './broker.ts'

const closes: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closes.splice(0)) await close()
})

/** Heartbeats of a ward with one partition, of which 3 records are worked. */
function beating(end: () => End | undefined, bounds: KafkaClient['bounds']) {
  const sent: NewRecord[][] = []
  const said: (string | undefined)[] = []
  const lags: number[] = []
  const worked = new Map([['w.readings', 3]])
  const options: HeartbeatOptions = {
    plain: { send: async (records) => void sent.push([...records]), close: async () => {} },
    client: { bounds },
    around: { live: [{ partition: 0, worked }], end, unsaved: 0, selfTestOverdue: false },
    beds: () => ({ watching: 0, warming: 0, degraded: 0, blind: 0 }),
    topicPrefix: 'w',
    models: () => [],
    instance: 'i',
    signalLostSeconds: 15,
    telemetry: { ...prometheusTelemetry().kafka, lag: (records) => void lags.push(records) },
    log: quiet,
    told: (trouble) => void said.push(trouble),
    trouble: () => undefined,
    now: Date.now,
  }
  const { close } = heartbeats(options)
  closes.push(close)
  return { sent, said, lags }
}

it('say that nobody watches where a broker answers neither fetches nor questions, though it takes heartbeats', async () => {
  const never = new Promise<never>(() => {})
  const { sent, said, lags } = beating(
    () => ({ next: 3, at: Date.now() - 5000 }),
    () => never,
  )
  await until('a sign of trouble', () => said.length === 1, 20_000)
  expect(said).toEqual(['Kafka did not take the heartbeat'])
  expect(sent).toHaveLength(1)
  expect(lags).toEqual([])
}, 30_000)

it('ask nothing where fetches are answered, and do not count the self-test readings they have just sent', async () => {
  let asked = 0
  const bounds = async () => ({ first: 0, next: ++asked })
  const { sent, said, lags } = beating(() => ({ next: 7 + tests(), at: Date.now() }), bounds)
  const topics = () => sent.flat().map(({ topic }) => topic)
  // a fetch brings them before the heartbeat has been answered, and they are not worked
  const tests = () => topics().filter((it) => it === 'w.readings').length
  await until('three heartbeats', () => said.length === 3, 40_000)
  expect([said, lags, asked]).toEqual([[undefined, undefined, undefined], [4, 4, 5], 0])
  expect(topics()).toEqual(['w.status', 'w.status', 'w.readings', 'w.status'])
}, 60_000)

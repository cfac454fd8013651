import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { heartbeats } from '../../src/kafka/heartbeats.ts'
import type { NewRecord } from '../../src/kafka/port.ts'
import { OVERDUE_SECONDS, selfTestSeconds } from '../../src/kafka/self-test.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { realWard } from '../stream/real-ward.ts'

const table = channelTable()
const BEGAN = Date.UTC(2026, 0, 5, 12, 0, 7)
const BEAT_MS = 5000
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** What the heartbeats of so many minutes have Kafka take for the self-test patient, each a little later than the timer was set for. */
async function written(minutes: number, signalLostSeconds: number, refused: (now: number) => boolean = () => false) {
  const taken: NewRecord[] = []
  const refusals: NewRecord[] = []
  let now = BEGAN
  const { close } = heartbeats({
    plain: {
      async send(records) {
        const tests = records.filter(({ topic }) => topic === 'w.readings')
        if (refused(now)) {
          refusals.push(...tests)
          throw new Error('refused')
        }
        taken.push(...tests)
      },
      close: async () => {},
    },
    client: { bounds: async () => ({ first: 0, next: 0 }) },
    around: { live: [{ partition: 0, worked: new Map() }], end: () => undefined, unsaved: 0, selfTestOverdue: false },
    beds: () => ({ watching: 0, warming: 0, degraded: 0, blind: 0 }),
    topicPrefix: 'w',
    models: () => [],
    instance: 'i',
    signalLostSeconds,
    telemetry: prometheusTelemetry().kafka,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    told: () => {},
    trouble: () => undefined,
    now: () => now,
  })
  for (let beat = 1; beat * BEAT_MS <= minutes * 60_000; beat++) {
    now += BEAT_MS + 9
    await vi.advanceTimersByTimeAsync(BEAT_MS)
  }
  await close()
  return { taken: taken.map(read), refused: refusals.map(read) }
}

/** Moments at which the self-test alert calls, s since the beginning: what the ward makes of these readings. */
async function calls(readings: readonly Reading[]): Promise<number[]> {
  const { give, outputs, close } = await realWard()
  for (const reading of readings) await give([reading])
  await close()
  return outputs
    .flatMap((it) => (it.kind === 'alert' && selfTestSeconds(it.envelope, BEGAN) !== undefined ? [it.envelope] : []))
    .map(({ body }) => (body.times.event - BEGAN) / 1000)
}

test('a reading every 20 s, and one call every two minutes, however late its heartbeats come', async () => {
  const { taken } = await written(180, 30)
  expect(taken[0]!.time - BEGAN).toBe(10_018)
  const gaps = taken.slice(1).map(({ time }, i) => (time - taken[i]!.time) / 1000)
  expect([Math.min(...gaps), Math.max(...gaps)]).toEqual([20.036, 20.036])
  const called = await calls(taken)
  expect(called).toHaveLength(90)
  const between = called.slice(1).map((it, i) => it - called[i]!)
  expect(Math.max(called[0]!, ...between)).toBeLessThan(OVERDUE_SECONDS - 5)
})

test('more often where beds are to be heard of more often, and no more often than heartbeats allow', async () => {
  const every = async (signalLostSeconds: number) => {
    const { taken } = await written(4, signalLostSeconds)
    return Math.round((taken[1]!.time - taken[0]!.time) / 1000)
  }
  expect([await every(3600), await every(30), await every(25), await every(15), await every(5)]).toEqual([20, 20, 15, 10, 10]) // biome-ignore format: one line
})

test('a still heart that Kafka does not take is still the next time', async () => {
  const first = (await written(5, 30)).taken.find(still)!.time
  const { taken, refused } = await written(5, 30, (now) => now === first)
  expect(refused.filter(still)).toHaveLength(1)
  const [called, ...others] = await calls(taken)
  expect(Math.abs(called! - (first - BEGAN) / 1000 - 20)).toBeLessThan(1.1)
  expect(others).toHaveLength(1)
})

test('what is called of the self-test patient besides is no proof: a jump of its heart, a signal that is lost', async () => {
  const { taken } = await written(4, 15)
  const { give, ward, outputs, bodies, close } = await realWard()
  for (const reading of taken) await give([reading])
  await give(ward.silent(31_000, 30))
  await close()
  const called = bodies().filter(({ signal }) => signal.call === 'now')
  const proofs = outputs.filter((it) => it.kind === 'alert' && selfTestSeconds(it.envelope, BEGAN) !== undefined)
  expect(new Set(called.map(({ code }) => code))).toEqual(new Set(['asystole', 'hr-implausible-jump', 'signal-lost']))
  expect(proofs).toHaveLength(called.filter(({ code }) => code === 'asystole').length)
})

const still = ({ values }: Reading) => values[0] === 0

function read({ value }: NewRecord): Reading {
  const { reading, rejections } = decodeReading(String(value), table)
  expect(rejections).toEqual([])
  return reading!
}

import { expect, test } from 'vitest'
import { Commits } from '../../src/kafka/commits.ts'
import { Owned } from '../../src/kafka/owned.ts'
import type { NewRecord } from '../../src/kafka/port.ts'
import type { KafkaTelemetry } from '../../src/stream/ports.ts'
import { Ward } from '../../src/stream/ward.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { countingTelemetry } from '../stream/real-ward.ts'

const READINGS = 'v.readings'
const PATIENTS = 400
const STATE_INTERVAL_MS = 4000
const COMMIT_MS = 100
const T0 = Date.UTC(2026, 0, 1)

/**
 * States saved by each of ten commits, 0.1 s apart, between which every patient gets a reading.
 * @param left readings that wait in the log after the last commit; undefined where nobody knows
 */
async function saved({ behind, left }: { behind: boolean; left: number | undefined }): Promise<number[]> {
  const ward = new Ward({
    table: channelTable([]),
    detectors: [],
    settings: Settings.parse({}),
    maxBatch: 512,
    telemetry: countingTelemetry().telemetry,
    tap: undefined,
    instance: 'test',
    partitioned: true,
    now: () => 0,
  })
  const owned = new Owned(0)
  owned.phase = 'live'
  const counts: number[] = []
  owned.writer = {
    async commit(records: readonly NewRecord[]) {
      counts.push(records.filter(({ key }) => String(key).startsWith('p-')).length)
    },
    close: async () => {},
  }
  let now = 1_000_000
  const commits = new Commits({
    prefix: 'v',
    state: ward.state,
    telemetry: new Proxy({} as KafkaTelemetry, { get: () => () => {} }),
    plain: undefined,
    commitIntervalMs: COMMIT_MS,
    stateIntervalMs: STATE_INTERVAL_MS,
    owned: () => owned,
    all: () => [owned],
    failed: (_, error) => expect.fail(error.message),
    behind: () => behind,
    end: () => (left === undefined ? undefined : 10 * PATIENTS + left),
    wake: () => {},
    now: () => now,
  })
  owned.committedAt = now
  let offset = 0
  for (let second = 0; second < 10; second++) {
    const inputs = Array.from({ length: PATIENTS }, (_, i) =>
      reading({ patientKey: `p-${i}`, time: T0 + second * 1000, values: { hr: 70 }, complete: true }),
    )
    const batch = { source: READINGS, partition: 0, inputs, offsets: [], done() {} }
    for (const input of inputs) {
      expect(ward.accept(input, batch, offset++, 0)).toBe(true)
    }
    await ward.drain()
    owned.worked.set(READINGS, offset)
    now += COMMIT_MS
    await commits.flushed(ward.takeOutputs())
    await owned.committing
  }
  commits.close()
  return counts
}

/** Ten times the states that must be saved in each commit, so that all of them are within so many ms. */
const allWithin = (ms: number) => Array.from({ length: 10 }, () => Math.ceil((PATIENTS * COMMIT_MS) / ms))

test('a ward with time to spare saves all states within half of their interval', async () => {
  expect(await saved({ behind: false, left: 0 })).toEqual(allWithin(0.5 * STATE_INTERVAL_MS))
})

test('one that is behind by less than a second of its work within 0.8 of it', async () => {
  // of 400 readings in 0.1 s
  expect((await saved({ behind: true, left: 9 * PATIENTS })).at(-1)).toBe(allWithin(0.8 * STATE_INTERVAL_MS).at(-1))
  expect(await saved({ behind: true, left: undefined })).toEqual(allWithin(0.8 * STATE_INTERVAL_MS))
})

test('one that is further behind within four', async () => {
  expect(await saved({ behind: true, left: 11 * PATIENTS })).toEqual(allWithin(4 * STATE_INTERVAL_MS))
})

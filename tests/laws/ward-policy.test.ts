import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { Policies } from '../../src/stream/policies.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { realWards } from '../stream/real-ward.ts'
import { keyOf, T0 } from './ward-journals.ts'

const calm = Settings.parse({ limits: { set: 'calm' } })
const strict = Settings.parse({
  limits: { set: 'strict', adult: { nibp_sys: { low: 110, holdSeconds: 0 }, hr: { high: 100, holdSeconds: 5 } } },
})
const key = keyOf('1')
let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

const policy = (settings: Settings, at: number): JournalEntry => ({
  kind: 'journal',
  patientKey: key,
  at,
  afterOffset: -1,
  entry: 'policy',
  ...new Policies(settings, channelTable()).said(),
})
const second = (s: number, values: Record<string, number> = { hr: 110 }) =>
  reading({ time: T0 + s * 1000, values, complete: true })
const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => second(from + i))

test('what was measured last is held against the new limits: a cuff value at once, a continuous one after its hold', async () => {
  const bed = wards.fresh({ settings: calm })
  await bed.give([second(0, { hr: 110, nibp_sys: 95 }), ...seconds(1, 60)])
  expect(bed.bodies()).toEqual([])
  await bed.give([policy(strict, T0 + 59_000), ...seconds(60, 70)])
  const said = (code: string) => bed.bodies(code).map(({ phase, times, source }) => [phase, (times.detected - T0) / 1000, source.thresholds.set]) // biome-ignore format: one row
  expect(said('nibp-sys-low')).toEqual([['start', 60, 'strict']])
  expect(said('hr-high')).toEqual([['start', 64, 'strict']])
  // and back: what the old limits do not know ends after its hysteresis, and is no alert again
  await bed.give([policy(calm, T0 + 69_000), ...seconds(70, 120)])
  expect(said('hr-high').map(([phase]) => phase)).toEqual(['start', 'end'])
  expect(said('nibp-sys-low').map(([phase]) => phase)).toEqual(['start', 'end'])
})

test('a policy given between two readings is, said in the journal, the same in a replay, under whichever settings that begins', async () => {
  const journal = [policy(calm, T0), ...seconds(0, 30), policy(strict, T0 + 29_000), ...seconds(30, 90)]
  const told = async (settings: Settings) => {
    const bed = wards.fresh({ settings })
    await bed.give(journal)
    return bed.bodies().map(bodyLine)
  }
  const lines = await told(calm)
  expect(lines.length).toBeGreaterThan(0)
  expect(await told(strict)).toEqual(lines)
})

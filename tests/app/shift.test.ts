import { afterAll, beforeAll, expect, test } from 'vitest'
import { SHIFT, shiftInputs } from '../../src/app/shift/shift.ts'
import type { Input } from '../../src/stream/ports.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import { realWards } from '../stream/real-ward.ts'

const table = channelTable()
/** the demonstration's own seed, from `src/commands/demo.ts` */
const SEED = 10
const SECONDS = 430

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

function* inputsOf(start: number): Generator<readonly Input[]> {
  for (const { times, inputs } of shiftInputs({ beds: SHIFT.length, seed: SEED, start }, table)) {
    yield inputs
    if (times.at(-1)! > start + SECONDS * 1000) return
  }
}

// patients have days and nights: the shift must be one whenever somebody starts it
test.each([3, 15])('the shift of the demonstration is shown for what it is, begun at %i o’clock', async (hour) => {
  const start = Date.UTC(2026, 10, 26, hour, 7, 33)
  const ward = wards.fresh()
  for (const inputs of inputsOf(start)) await ward.give(inputs)
  const began = ward.bodies().filter(({ phase }) => phase === 'start')
  const second = ({ times }: AlertBody) => (times.event - start) / 1000
  const first = began[0]!
  expect([first.subject.bed, first.code, second(first)]).toEqual(['1', 'unexpected', 71])
  const at = (place: string, code: string) =>
    began.find(({ subject, code: of }) => `${subject.unit} ${subject.bed}` === place && of === code)
  expect(second(at('SIM 3', 'probe-off')!)).toBe(145)
  expect(second(at('SIM 3', 'hr-flat-line')!)).toBeLessThan(300)
  expect(second(at('SIM 3', 'leads-off')!)).toBe(355)
  expect(second(at('SIM 2', 'news2-urgent')!)).toBeLessThan(360)
  // the forecaster follows the bleeding down; limits do not
  expect(second(at('SIM 2', 'hr-high')!)).toBeLessThan(421)
  // muted: said, and nobody is called
  expect(at('SIM 5', 'spo2-low')!.signal).toMatchObject({ call: 'muted', mutedUntil: start + 260_000 })
  // moved: the network went along, and needs no warming up
  expect(at('HDU 1', 'unexpected')!.context.warmupSteps).toBeLessThanOrEqual(0)
  const entries = ward.outputs.flatMap((it) =>
    it.kind === 'journal' ? [`${it.entry.patientKey} ${it.entry.entry}`] : [],
  )
  expect(entries.slice(SHIFT.length)).toEqual(['sim-5 mute', 'sim-4 discharge', 'sim-6 transfer', 'sim-4-2 admit'])
  expect(ward.refused()).toEqual([])
})

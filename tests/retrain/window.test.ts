import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collector, placeOf } from '../../src/retrain/collect.ts'
import { splitWindow } from '../../src/retrain/window.ts'
import type { Input } from '../../src/stream/ports.ts'
import type { EntryOf, JournalEntry } from '../../src/vitals/journal.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { madeReading, TABLE } from '../training/made-stays.ts'

const BEGIN = madeReading(0, 80, 97).time
const ALWAYS = { from: 0, to: Number.POSITIVE_INFINITY }

const reading = (patientKey: string, second: number, hr = 80 + (second % 5), spo2 = 96 + (second % 3)): Reading => ({
  ...madeReading(second, hr, spo2),
  patientKey,
})
const entry = (
  of: Pick<EntryOf<'mute' | 'unmute' | 'discharge' | 'feedback'>, 'entry' | 'patientKey'> & {
    second: number
    verdict?: string
  },
): JournalEntry =>
  ({
    kind: 'journal',
    afterOffset: 0,
    by: 'a nurse',
    at: BEGIN + of.second * 1000,
    until: 0,
    alertId: '0',
    ...of,
  }) as unknown as JournalEntry
const gathered = (inputs: readonly Input[], range = ALWAYS, most?: { ofOne: number; ofAll: number }) => {
  const window = collector(range, most)
  window.take(inputs)
  return window.end()
}
const patients = (count: number, seconds: number) =>
  Array.from({ length: count }, (_, p) => Array.from({ length: seconds }, (_, s) => reading(`patient-${p}`, s))).flat()
const split = (inputs: readonly Input[], channels = ['hr', 'spo2']) =>
  splitWindow(gathered(inputs), TABLE, channels, 0.4)

describe('what a window gathers', () => {
  it('is of its range, without beds in a procedure and patients who left; what clinicians said is counted', () => {
    const inputs: Input[] = []
    for (let second = 0; second < 60; second++) {
      if (second === 10) inputs.push(entry({ entry: 'mute', patientKey: 'a', second }))
      if (second === 20) inputs.push(entry({ entry: 'unmute', patientKey: 'a', second }))
      if (second === 50) inputs.push(entry({ entry: 'discharge', patientKey: 'a', second }))
      if (second % 20 === 0) inputs.push(entry({ entry: 'feedback', patientKey: 'a', second, verdict: 'nuisance' }))
      inputs.push(reading('a', second))
    }
    const { readings, feedback } = gathered(inputs, { from: BEGIN + 5000, to: BEGIN + 55_000 })
    const seconds = readings.get('a')!.map(({ time }) => (time - BEGIN) / 1000)
    expect(seconds).toEqual([5, 6, 7, 8, 9, ...Array.from({ length: 30 }, (_, i) => 20 + i)])
    expect(feedback).toEqual({ true: 0, false: 0, nuisance: 2 })
  })

  it('keeps the newest of one patient, and whole patients where all are too many: always the same ones', () => {
    const inputs = patients(6, 100)
    const few = gathered(inputs, ALWAYS, { ofOne: 40, ofAll: 1e9 })
    for (const own of few.readings.values()) expect(own.length).toBeLessThan(50)
    expect(few.readings.get('patient-0')!.at(-1)!.time).toBe(BEGIN + 99_000)
    const some = gathered(inputs, ALWAYS, { ofOne: 1e9, ofAll: 250 })
    expect(some.left.patients).toBeGreaterThan(2)
    for (const own of some.readings.values()) expect(own).toHaveLength(100)
    const lowest = Array.from({ length: 6 }, (_, p) => `patient-${p}`).sort(
      (a, b) => placeOf(a, 'room') - placeOf(b, 'room'),
    )
    expect([...some.readings.keys()].sort()).toEqual(lowest.slice(0, some.readings.size).sort())
  })
})

describe('a split window', () => {
  it('has every patient on one side, for good; only the test has what is newer, and no key leaves it', () => {
    const { stays, heldOutFrom } = split(patients(40, 900))
    for (const [part, of] of Object.entries(stays)) {
      expect(of.length).toBeGreaterThan(0)
      for (const { name, readings } of of) {
        expect(name).toMatch(new RegExp(`^${part}-\\d+$`))
        for (const { time, patientKey } of readings) {
          expect(patientKey).toBe(name)
          if (part === 'test') expect(time).toBeGreaterThanOrEqual(heldOutFrom)
          else if (part !== 'calibration') expect(time).toBeLessThan(heldOutFrom)
        }
      }
    }
    expect(Object.values(stays).flat()).toHaveLength(40)
    fc.assert(fc.property(fc.string(), (key) => placeOf(key, 'part') >= 0 && placeOf(key, 'part') < 1))
  })

  it('has the hash of its readings', () => {
    const inputs = patients(40, 900)
    expect(split(inputs).sha256).toBe(split(patients(40, 900)).sha256)
    expect(split([...inputs.slice(0, -1), reading('patient-39', 899, 200)]).sha256).not.toBe(split(inputs).sha256)
  })

  it.each<[string, readonly Input[], readonly string[], string]>([
    ['no reading', [], ['hr'], 'the window holds no reading'],
    ['one patient', patients(1, 900), ['hr'], 'the window has 1 patients'],
    ['patients of a minute', patients(40, 60), ['hr'], 'with five minutes or more'],
    ['a channel that is missing', patients(40, 900), ['hr', 'resp'], 'resp has no value in what is for train'],
    [
      'a channel that never changes',
      patients(40, 900).map((it) => reading(it.patientKey, (it.time - BEGIN) / 1000, 80)),
      ['hr'],
      'hr is always the same in what is for train',
    ],
  ])('is refused with its reason: %s', (_, inputs, channels, message) => {
    expect(() => split(inputs, [...channels])).toThrow(expect.objectContaining({ code: 'data-unfit' }))
    expect(() => split(inputs, [...channels])).toThrow(message)
  })
})

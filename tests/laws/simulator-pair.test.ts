import { describe, expect, test } from 'vitest'
import { PAIR_FIELDS, resetPair, watchPair } from '../../src/scoring/pair.ts'
import type { Episode } from '../../src/vitals/episode.ts'
import { type Columns, columnsOf } from '../ingest/simulator/columns.ts'

const BEDS = 24
/** seconds at which a mismatch of heart rate and pulse begins, half a minute after another at the earliest */
function mismatches({ hr, pulse }: Columns): number[] {
  const state = new Float64Array(PAIR_FIELDS)
  resetPair(state, 0)
  const starts: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (let second = 0; second < hr!.length; second++) {
    const [one, other] = [hr![second]!, pulse![second]!]
    if (Number.isNaN(one) || Number.isNaN(other)) continue
    if (!watchPair(state, 0, second, 1, one, other)) continue
    if (second - last > 30) starts.push(second)
    last = second
  }
  return starts
}

describe.each(['training', 'evaluation'] as const)('on monitors that average, in the settings for %s', (setting) => {
  test('a paroxysm is no mismatch of heart rate and pulse, though a part of its beats never reaches the finger', () => {
    const episodes = Array.from({ length: BEDS }, (_, i): Episode => {
      return { kind: 'arrhythmia', bed: i + 1, at: 1200, seconds: 60 + 30 * i, size: 45 + i }
    })
    const patients = [...columnsOf({ setting, beds: BEDS, hours: 1, seed: 31, episodes }).values()]
    const within = patients.map((it, i) =>
      mismatches(it).filter((second) => second >= 1200 && second < 1320 + 30 * i).length) // biome-ignore format: one sum
    expect(within.reduce((sum, count) => sum + count, 0)).toBe(0)
  })

  test('a calm ward has less than four of them a patient-day', () => {
    const hours = 6
    const patients = [...columnsOf({ setting, beds: BEDS, hours, seed: 32 }).values()]
    const found = patients.reduce((sum, it) => sum + mismatches(it).length, 0)
    expect(found / ((BEDS * hours) / 24)).toBeLessThan(4)
  })

  test('one of the two that stays behind when the other jumps is one, within 40 s', () => {
    const patients = [...columnsOf({ setting, beds: BEDS, hours: 1, seed: 33 }).values()]
    const found = patients.filter(({ hr, pulse }) => {
      const decoupled = hr!.map((value, second) => (second >= 1800 ? value + 30 : value))
      return mismatches({ hr: decoupled, pulse: pulse! }).some((second) => second >= 1800 && second < 1840)
    })
    expect(found.length / patients.length).toBeGreaterThan(0.85)
  })
})

import { describe, expect, test } from 'vitest'
import { random } from '../../src/random.ts'
import { type Band, outOfBand } from '../../src/stream/band.ts'
import { Tally, together } from '../../src/stream/tally.ts'
import type { Tallied } from '../../src/vitals/tallied.ts'

const band: Band = { onsetFactor: 3, broken: 0.001, stepSeconds: 0.5 }
const counted = (changes: Partial<Tallied>): Tallied => ({ ...new Tally().take(), ...changes })
/** of a Poisson law */
function poisson(uniform: () => number, mean: number): number {
  let count = 0
  for (let product = uniform(); product > Math.exp(-mean); product *= uniform()) count++
  return count
}

describe('the band of a champion that was just promoted', () => {
  test('is left by forecasts that are no numbers', () => {
    const former = counted({ forecasts: 5000 })
    expect(outOfBand(counted({ forecasts: 5000, broken: 5 }), former, band)).toBeUndefined()
    expect(outOfBand(counted({ forecasts: 5000, broken: 6 }), former, band)).toMatch(/6 of 5000 forecasts/)
    expect(outOfBand(counted({ forecasts: 99, broken: 99 }), former, band)).toBeUndefined()
  })

  test('is left by episodes far beyond those of the former one, and not by chance', () => {
    expect(outOfBand(counted({ onsets: 18 }), counted({}), band)).toBeUndefined()
    expect(outOfBand(counted({ onsets: 30 }), counted({}), band)).toMatch(/30 episodes began, of the former champion 0/)
    expect(outOfBand(counted({ onsets: 100 }), counted({ onsets: 50 }), band)).toBeUndefined()
    expect(outOfBand(counted({ onsets: 300 }), counted({ onsets: 50 }), band)).toBeDefined()
    // two that alarm alike are told apart in none of a thousand hours, looked at after each
    const { uniform } = random(5)
    for (let hour = 0; hour < 1000; hour++) {
      const [one, other] = [poisson(uniform, 20), poisson(uniform, 20)]
      expect(outOfBand(counted({ onsets: one }), counted({ onsets: other }), band)).toBeUndefined()
    }
  })

  test('is left by steps that are slow where those of the former one are not', () => {
    const slow = counted({ steps: 40, stepSeconds: 40 })
    expect(outOfBand(slow, counted({ steps: 40, stepSeconds: 1 }), band)).toMatch(/a step takes 1.000 s/)
    // the machine is slow, not the version
    expect(outOfBand(slow, counted({ steps: 40, stepSeconds: 30 }), band)).toBeUndefined()
    expect(outOfBand(counted({ steps: 10, stepSeconds: 40 }), counted({}), band)).toBeUndefined()
  })
})

test('a tally counts frames, episodes, scores and broken forecasts, and begins anew when it is taken', () => {
  const tally = new Tally()
  tally.scored(Float64Array.of(Number.NaN, 0.01), true, false)
  tally.scored(Float64Array.of(1, 0.5), true, true)
  tally.scored(Float64Array.of(Number.NaN, Number.NaN), false, true)
  tally.forecast(true)
  tally.forecast(false)
  tally.beside(true, false)
  tally.beside(true, true)
  const counts = tally.take()
  expect(counts).toMatchObject({ frames: 3, due: 2, onsets: 1, raised: 2, forecasts: 2, broken: 1 })
  expect(counts.beside).toEqual({ neither: 0, champion: 1, shadow: 0, both: 1 })
  expect(counts.scores.reduce((sum, count) => sum + count, 0)).toBe(2)
  // -log10 of 0.01 stands in the bucket that ends at 2
  expect(counts.scores[6]).toBe(1)
  expect(tally.take().frames).toBe(0)
  expect(together(counts, counts)).toMatchObject({ frames: 6, beside: { champion: 2 } })
})

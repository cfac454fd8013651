import { describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { normalQuantile } from '../../src/scoring/normal.ts'
import { countPit, PIT_FIELDS, pitFigures } from '../../src/scoring/pit.ts'
import { cell, tailCurve } from '../../src/scoring/tail-curve.ts'

const CURVE = tailCurve(1e6)

/** Whole numbers from a normal, under a forecast of another centre and spread. */
function figures(n: number, truth: { mean: number; sd: number }, forecast: { mean: number; sd: number }, seed = 1) {
  const { normal } = random(seed)
  const sums = new Float64Array(PIT_FIELDS)
  const out = new Float64Array(2)
  for (let i = 0; i < n; i++) {
    const value = Math.round(truth.mean + truth.sd * normal())
    const z = (value - forecast.mean) / forecast.sd
    cell(CURVE, z, 0.5 / forecast.sd, out)
    const r = -normalQuantile(out[1]!)
    countPit(sums, 0, z < 0 ? -r : r, -out[0]!)
  }
  return pitFigures(sums, 0)!
}

describe('the probability integral transform of printed numbers', () => {
  it.each([0.3, 1, 6])('is uniform when the forecast is right, at a spread of %f cells', (sd) => {
    const right = figures(20_000, { mean: 70.3, sd }, { mean: 70.3, sd })
    expect(right.distance).toBeLessThan(0.02)
    expect(Math.abs(right.mean)).toBeLessThan(0.05)
  })

  it('shows a forecast that is off by a tenth of its spread, and one that is too wide', () => {
    // two normals a tenth of a spread apart are 0.04 apart; one of twice the spread is 0.16 away
    expect(figures(20_000, { mean: 70, sd: 6 }, { mean: 69.4, sd: 6 }).distance).toBeCloseTo(0.04, 1.7)
    const wide = figures(20_000, { mean: 70, sd: 6 }, { mean: 70, sd: 12 })
    expect(wide.distance).toBeCloseTo(0.161, 1.7)
    expect(wide.sd).toBeCloseTo(0.5, 1)
  })

  it('has no figures where nothing was counted', () => {
    expect(pitFigures(new Float64Array(PIT_FIELDS), 0)).toBeUndefined()
  })
})

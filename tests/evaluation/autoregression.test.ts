import { describe, expect, it } from 'vitest'
import { fitAutoregression, forecastAutoregression } from '../../src/evaluation/autoregression.ts'
import { RunningMean } from '../../src/evaluation/running-mean.ts'
import { SERIES_BASELINES } from '../../src/evaluation/series-baselines.ts'
import { random } from '../../src/random.ts'

describe('a linear one-step forecast', () => {
  it('finds the coefficients of the process it sees', () => {
    const { normal } = random(3)
    const z = new Float64Array(5000)
    for (let t = 2; t < z.length; t++) z[t] = 0.5 + 1.2 * z[t - 1]! - 0.5 * z[t - 2]! + 0.1 * normal()
    const coefficients = fitAutoregression(z, 2)
    for (const [i, wanted] of [0.5, 1.2, -0.5].entries()) expect(coefficients[i]).toBeCloseTo(wanted, 1)
    const forecasts = forecastAutoregression(coefficients, z)
    let square = 0
    for (let t = 2; t < z.length; t++) square += (z[t]! - forecasts[t]!) ** 2 / z.length
    expect(Math.sqrt(square)).toBeCloseTo(0.1, 2)
  })
})

describe('a running mean', () => {
  it('is that of the newest values', () => {
    const mean = new RunningMean(3)
    expect([1, 2, 6, 7].map((value) => mean.push(value))).toEqual([1, 1.5, 3, 5])
    expect(mean.deviation).toBeCloseTo(Math.sqrt(14 / 3), 12)
    expect(mean.rootMeanSquare).toBeCloseTo(Math.sqrt(89 / 3), 12)
  })
})

describe('baselines of a series', () => {
  const { normal } = random(9)
  const values = Float64Array.from({ length: 3000 }, (_, t) => normal() + (t >= 2000 && t < 2020 ? 8 : 0))

  it.each(Object.entries(SERIES_BASELINES).filter(([name]) => name !== 'random'))('%s sees a step', (_, baseline) => {
    const scores = baseline(values, 450)
    const highest = scores.indexOf(Math.max(...scores.subarray(450)))
    expect(highest).toBeGreaterThanOrEqual(2000)
    expect(highest).toBeLessThan(2030)
  })

  it.each(Object.entries(SERIES_BASELINES))('%s passes over rows that cannot be read', (name, baseline) => {
    const broken = values.slice()
    broken[0] = broken[1500] = Number.NaN
    const scores = baseline(broken, 450)
    expect(scores.every(Number.isFinite)).toBe(true)
    if (name !== 'random') expect(scores[1500]).toBe(0)
  })
})

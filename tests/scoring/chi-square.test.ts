import { expect, test } from 'vitest'
import { minusLogChiSquareTail } from '../../src/scoring/chi-square.ts'

// upper tails of printed tables (Abramowitz and Stegun, 26.8)
test.each([
  [3.841459, 1, 0.05], [6.634897, 1, 0.01], [5.991465, 2, 0.05], [7.814728, 3, 0.05], [16.266236, 3, 0.001],
  [9.487729, 4, 0.05], [18.466827, 4, 0.001], [11.070498, 5, 0.05], [23.209251, 10, 0.01], [24.995790, 15, 0.05],
] as const)('the tail beyond %f with %i degrees is %f', (square, degrees, tail) => {
  expect(Math.exp(-minusLogChiSquareTail(square, degrees)) / tail).toBeCloseTo(1, 5)
}) // biome-ignore format: a table

test('is 0 at 0, rises with the square and stays finite far beyond where a probability underflows', () => {
  for (let degrees = 1; degrees <= 12; degrees++) {
    expect(minusLogChiSquareTail(0, degrees)).toBeCloseTo(0, 6)
    let before = 0
    for (const square of [1, 10, 100, 1000, 1e5, 1e7]) {
      const now = minusLogChiSquareTail(square, degrees)
      expect(now).toBeGreaterThan(before)
      expect(now).toBeLessThanOrEqual(square / 2 + Math.log(square + 1) + 2)
      before = now
    }
  }
})

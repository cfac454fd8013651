import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitParetoTail, logExceedance } from '../../src/scoring/pareto-tail.ts'
import { random } from './synthetic.ts'

/** the value exceeded once in 10,000, by a tail fitted to the highest 2 % of 10,000 draws */
function quantile(draw: (uniform: () => number) => number, seed: number): number {
  const uniform = random(seed)
  const sample = Float64Array.from({ length: 10_000 }, () => draw(uniform)).sort()
  const threshold = sample[9800]!
  const { shape, scale } = fitParetoTail(sample.subarray(9800).map((value) => value - threshold))
  const ratio = 200 / 1
  return Math.abs(shape) < 1e-9
    ? threshold + scale * Math.log(ratio)
    : threshold + (scale / shape) * (ratio ** shape - 1)
}
const median = (draw: (uniform: () => number) => number): number =>
  Array.from({ length: 30 }, (_, i) => quantile(draw, i + 1)).sort((a, b) => a - b)[15]!

// the true quantiles are 9.21, 3.891 and 21.54; published medians of 30 fits are 9.05, 3.82 and 21.1
test.each([
  ['exponential', (u: () => number) => -Math.log(1 - u()), 8.7, 9.55],
  [
    'normal',
    (u: () => number) => Math.abs(Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u())),
    3.72,
    3.96,
  ],
  ['Pareto(3)', (u: () => number) => (1 - u()) ** (-1 / 3), 17, 24],
] as const)('extrapolates a hundredfold: %s', (_, draw, low, high) => {
  const found = median(draw)
  expect(found).toBeGreaterThan(low)
  expect(found).toBeLessThan(high)
})

test('finds the shape and the scale that a long sample was drawn with', () => {
  for (const [shape, scale] of [
    [0.4, 2],
    [0.1, 0.5],
    [-0.2, 3],
  ] as const) {
    const uniform = random(9)
    const peaks = Float64Array.from({ length: 20_000 }, () => (scale / shape) * ((1 - uniform()) ** -shape - 1))
    const fitted = fitParetoTail(peaks)
    expect(fitted.shape).toBeCloseTo(shape, 1)
    expect(fitted.scale / scale).toBeCloseTo(1, 1)
  }
})

test('no tail of a fine grid is likelier than the fitted one', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const uniform = random(seed)
    const peaks = Float64Array.from({ length: 100 }, () => (1 - uniform()) ** (-1 / 3) - 1)
    const likelihood = (shape: number, scale: number) =>
      peaks.reduce((sum, y) => sum + (1 + shape) * logExceedance({ shape, scale }, y), -100 * Math.log(scale))
    const fitted = fitParetoTail(peaks)
    let best = Number.NEGATIVE_INFINITY
    for (let shape = -0.5; shape <= 1.2; shape += 0.02)
      for (let scale = 0.05; scale <= 2; scale += 0.02) best = Math.max(best, likelihood(shape, scale))
    expect(likelihood(fitted.shape, fitted.scale)).toBeGreaterThanOrEqual(best)
  }
})

test('an exceedance is a probability, falls, and begins at 1, for whatever peaks', () => {
  const peaks = fc.array(fc.double({ min: 1e-6, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(peaks, fc.double({ min: 0, max: 1e6, noNaN: true }), (of, y) => {
      const tail = fitParetoTail(of)
      expect(logExceedance(tail, 0)).toBeCloseTo(0, 12)
      expect(logExceedance(tail, y)).toBeLessThanOrEqual(0)
      expect(logExceedance(tail, 2 * y)).toBeLessThanOrEqual(logExceedance(tail, y))
    }),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tailLookup, tailProbability, tailTable } from '../../src/scoring/tail-table.ts'
import { random } from './synthetic.ts'

test('p of an exponential sample is its survival function, inside and far beyond the sample', () => {
  const uniform = random(1)
  const lookup = tailLookup(tailTable(Float64Array.from({ length: 200_000 }, () => -2 * Math.log(1 - uniform()))))
  for (const x of [0.01, 0.5, 2, 6, 10]) expect(tailProbability(lookup, x) / Math.exp(-x / 2)).toBeCloseTo(1, 0.9)
  const far = Math.log(tailProbability(lookup, 60))
  // less than an exponential would promise: 500 peaks do not show that nothing larger comes
  expect(far).toBeGreaterThan(-24)
  expect(far).toBeLessThan(-14)
})

test('a statistic that hardly ever moves still tells large from larger: its tail is never light', () => {
  const table = tailTable(Float64Array.from({ length: 300 }, (_, i) => 2 + (i % 7) * 0.01))
  expect(table.tailShape).toBeGreaterThanOrEqual(0.2)
  const lookup = tailLookup(table)
  expect(tailProbability(lookup, 12)).toBeGreaterThan(1e-20)
  expect(tailProbability(lookup, 24)).toBeLessThan(tailProbability(lookup, 12))
})

test('p is in (0, 1], falls with the excess, and is never NaN', () => {
  const sample = fc.array(fc.double({ min: -100, max: 500, noNaN: true }), { minLength: 2, maxLength: 300 })
  const excess = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(sample, excess, excess, (values, a, b) => {
      const lookup = tailLookup(tailTable(values))
      const [p, q] = [tailProbability(lookup, Math.min(a, b)), tailProbability(lookup, Math.max(a, b))]
      expect(p).toBeLessThanOrEqual(1)
      expect(q).toBeGreaterThan(0)
      expect(p).toBeGreaterThanOrEqual(q)
    }),
  )
})

test('p of a calibration value is at least the share of the sample that reaches it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 400 }), (values) => {
      const table = tailTable(values)
      const lookup = tailLookup(table)
      table.values.forEach((value, i) => {
        const reaching = values.filter((it) => it >= value).length / values.length
        expect(tailProbability(lookup, value)).toBeGreaterThanOrEqual(table.probabilities[i]! - 1e-12)
        expect(table.probabilities[i]!).toBeLessThanOrEqual(reaching + 1e-12)
      })
    }),
  )
})

test('a table that is none is refused', () => {
  const table = { n: 3, probabilities: [1, 0.5], values: [0, 1], tailShape: 0, tailScale: 1 }
  expect(() => tailLookup(table)).not.toThrow()
  expect(() => tailLookup({ ...table, values: [1, 0] })).toThrow(RangeError)
  expect(() => tailLookup({ ...table, probabilities: [0.5, 0.5] })).toThrow(RangeError)
  expect(() => tailLookup({ ...table, values: [1] })).toThrow(RangeError)
  expect(() => tailTable([1])).toThrow(RangeError)
})

test('the tail of a Pareto sample is its own far beyond the sample, where an exponential would promise too much', () => {
  const uniform = random(2)
  const lookup = tailLookup(tailTable(Float64Array.from({ length: 50_000 }, () => (1 - uniform()) ** (-1 / 3))))
  const far = tailProbability(lookup, 60) / 60 ** -3
  expect(far).toBeGreaterThan(0.2)
  expect(far).toBeLessThan(5)
})

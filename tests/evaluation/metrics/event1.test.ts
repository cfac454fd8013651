import fc from 'fast-check'
import { expect, it } from 'vitest'
import { event1, thresholdAtPrevalence } from '../../../src/evaluation/metrics/event1.ts'

it('Event 1 is the lesser of sensitivity and positive predictivity', () => {
  // two of three deaths found, two of four alarms right
  expect(event1([1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0])).toBe(0.5)
  // one of three found, and the one alarm right
  expect(event1([1, 0, 0, 0], [1, 1, 1, 0])).toBeCloseTo(1 / 3)
  expect(event1([0, 0], [1, 0])).toBe(0)
  expect(event1([1, 0], [0, 0])).toBeNaN()
})

it('at the threshold as many are predicted to die as died, so that sensitivity and predictivity are one number', () => {
  const row = fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.integer({ min: 0, max: 1 }))
  fc.assert(
    fc.property(fc.uniqueArray(row, { minLength: 2, maxLength: 30, selector: ([score]) => score }), (rows) => {
      const died = rows.map(([, label]) => label)
      const deaths = died.reduce((a, b) => a + b, 0)
      fc.pre(deaths > 0 && deaths < rows.length)
      const threshold = thresholdAtPrevalence(rows.map(([score]) => score), died) // biome-ignore format: one line
      const said = rows.filter(([score]) => score > threshold).length
      // neighbouring doubles may have no number between them
      expect(Math.abs(said - deaths)).toBeLessThanOrEqual(1)
    }),
  )
})

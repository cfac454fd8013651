import { describe, expect, test } from 'vitest'
import { correlation, numericStatistics } from '../../src/evaluation/numerics.ts'
import { median, quantile } from '../../src/evaluation/quantiles.ts'

const none = Number.NaN

describe('how a channel is printed, by hand', () => {
  const found = numericStatistics([none, 70, 70, 72, none, none, 71, 71, 71, none], 1)
  test('gaps lie between the first value and the last', () => {
    expect(found).toMatchObject({ values: 6, ticks: 8, missing: 2 / 8, gapTicks: 2, gapsPerHour: 3600 / 8 })
  })
  test('repeats and changes are counted where the tick before has a value', () => {
    expect(found).toMatchObject({ repeats: 3 / 4, step: 2, longestRun: 3 })
  })
  test('spread is 1.4826 median absolute deviations', () => {
    expect(numericStatistics([1, 2, 3, 4, 100], 1).robustSd).toBeCloseTo(1.4826, 6)
  })
  test('the change over a minute, at its cadence', () => {
    expect(numericStatistics([0, 2, 4, 2, 0], 60).minuteSd).toBeCloseTo(2, 6)
    expect(numericStatistics([0, 5, 0, 5], 30).minuteSd).toBe(0)
  })
  test('a channel without a value has no statistics, and does not throw', () => {
    expect(numericStatistics([none, none], 1)).toMatchObject({ values: 0, ticks: 0, missing: 0 })
  })
})

test('correlation at a lag, where both have a value', () => {
  expect(correlation([1, 2, 3, none], [2, 4, 6, 8])).toBeCloseTo(1, 9)
  expect(correlation([0, 1, 0, 0, 0, 2, 0], [9, 9, 0, 1, 0, 0, 0, 2, 0], 2)).toBeCloseTo(1, 9)
  expect(correlation([1, 1, 1], [1, 2, 3])).toBeNaN()
})

test('quantiles', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(quantile([0, 10], 0.25)).toBe(2.5)
  expect(quantile([], 0.5)).toBeNaN()
})

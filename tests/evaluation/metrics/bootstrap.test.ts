import { expect, it } from 'vitest'
import { drawnInterval, ratioInterval } from '../../../src/evaluation/metrics/bootstrap.ts'
import { calibrationTenths } from '../../../src/evaluation/metrics/calibration.ts'
import { ClockBaseline, firesAt } from '../../../src/evaluation/metrics/clock.ts'
import { random } from '../../../src/random.ts'

it('the interval of a mean over patients is as wide as the normal one, and the same every time', () => {
  const { normal } = random(4)
  const values = Float64Array.from({ length: 400 }, normal)
  const ones = new Float64Array(400).fill(1)
  const [low, high] = ratioInterval(values, ones)
  const mean = values.reduce((a, b) => a + b, 0) / 400
  const error = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 399 / 400)
  expect(low).toBeCloseTo(mean - 1.96 * error, 1)
  expect(high).toBeCloseTo(mean + 1.96 * error, 1)
  expect((high - low) / (3.92 * error)).toBeGreaterThan(0.85)
  expect((high - low) / (3.92 * error)).toBeLessThan(1.15)
  expect(ratioInterval(values, ones)).toEqual([low, high])
})

it('leaves out draws that have no figure', () => {
  const [low, high] = drawnInterval([1, 2], [0, 1], (_, labels) => (labels[0] === labels[1] ? Number.NaN : 7))
  expect([low, high]).toEqual([7, 7])
})

it('a calibrated forecaster lies on the diagonal, tenth by tenth, and every row is in one', () => {
  const { uniform } = random(5)
  const p = Array.from({ length: 20_000 }, uniform)
  const labels = p.map((chance) => (uniform() < chance ? 1 : 0))
  const tenths = calibrationTenths(p, labels)
  expect(tenths).toHaveLength(10)
  expect(tenths.reduce((sum, { rows }) => sum + rows, 0)).toBe(20_000)
  for (const { predicted, observed } of tenths) expect(Math.abs(predicted - observed)).toBeLessThan(0.04)
})

it('the clock alarms in the hours that paid, and joins neighbours', () => {
  const clock = new ClockBaseline()
  clock.add([1, 2, 3, 4, 30], [-1, 2, 1, -1, 3])
  const ranges = clock.ranges()
  expect(ranges).toEqual([
    [2, 4],
    [28, 32],
  ])
  expect(Array.from(firesAt(ranges, [1, 2, 3, 4, 29, 31, 32]))).toEqual([0, 1, 1, 0, 1, 1, 0])
})

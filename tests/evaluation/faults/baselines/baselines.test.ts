import { describe, expect, test } from 'vitest'
import { autoregression, leastSquares } from '../../../../src/evaluation/faults/baselines/autoregression.ts'
import { carried, combinations, withGapAlarm } from '../../../../src/evaluation/faults/baselines/baseline.ts'
import { eigen } from '../../../../src/evaluation/faults/baselines/eigen.ts'
import { ewma } from '../../../../src/evaluation/faults/baselines/ewma.ts'
import { limits } from '../../../../src/evaluation/faults/baselines/limits.ts'
import { pca } from '../../../../src/evaluation/faults/baselines/pca.ts'
import { likelihood, robustZ, worstZ } from '../../../../src/evaluation/faults/baselines/robust-z.ts'
import { C } from '../../../../src/evaluation/faults/recording.ts'
import { calm, made } from '../made-recording.ts'

const largest = (scores: Float64Array) => scores.indexOf(Math.max(...scores))

test('every combination of settings', () => {
  expect(combinations({ a: [1, 2], b: [3] })).toEqual([
    { a: 1, b: 3 },
    { a: 2, b: 3 },
  ])
})

test('a gap carries the last value, and alarms from its tenth second at any threshold', () => {
  const gap = made(40, (second, c) => (c === 0 && second >= 10 && second < 25 ? Number.NaN : second))
  expect(carried(gap)[20 * C]).toBe(9)
  const scores = withGapAlarm(() => new Float64Array(40), 10)(gap)
  expect([...scores.keys()].filter((i) => scores[i] === Number.POSITIVE_INFINITY)).toEqual([19, 20, 21, 22, 23, 24])
})

describe('fixed limits, by hand', () => {
  // pooled SD of a heart rate that is 60, 70, 80 in equal parts, others constant: far from 1
  const train = [made(300, (second, c) => (c === 0 ? 60 + 10 * (second % 3) : [0, 80, 97, 16][c]!))]
  test('the manufacturers: how far beyond, in pooled SDs, of the worst channel', () => {
    const score = limits.fit(train, { hold: 1, population: 0 })
    const sd = 10 // (80 - 60) / 2 between the 16th and 84th percentile
    const at = (hr: number, spo2 = 97) => score(made(1, (_, c) => [hr, 80, spo2, 16][c]!))[0]!
    expect(at(170)).toBeCloseTo((170 - 150) / sd, 6)
    expect(at(30)).toBeCloseTo((50 - 30) / sd, 6)
    expect(at(100)).toBeLessThan(0)
    // saturation has no spread in training: one step of the monitor is its SD; too high never alarms
    expect(at(100, 84)).toBeCloseTo(6, 6)
    expect(at(100, 100)).toBe(at(100, 97))
  })
  test('held: the least of the last seconds counts', () => {
    const score = limits.fit(train, { hold: 3, population: 0 })
    const found = score(made(6, (second, c) => [second === 2 ? 200 : 100, 80, 97, 16][c]!))
    expect(Math.max(...found)).toBeLessThan(0)
  })
  test("the population's own percentiles", () => {
    const score = limits.fit(train, { hold: 1, population: 1 })
    expect(score(made(1, (_, c) => [90, 80, 97, 16][c]!))[0]).toBeCloseTo(1, 6)
  })
})

describe('EWMA, by hand', () => {
  test('a step of 8 in a channel that stood still: 8 in its SD of 1/2 or so, then it becomes the new level', () => {
    const score = ewma.fit([], { lambda: 1, slow: 60 })
    const found = score(made(400, (second, c) => (c === 0 && second >= 200 ? 78 : 70)))
    expect(found[199]).toBe(0)
    expect(found[200]).toBeGreaterThan(8)
    expect(largest(found)).toBe(200)
    expect(found[390]!).toBeLessThan(1)
  })
  test('a small lambda answers slowly and remembers', () => {
    const spike = made(400, (second, c) => (c === 0 && second === 300 ? 78 : 70))
    const [fast, slow] = [1, 0.1].map((lambda) => ewma.fit([], { lambda, slow: 60 })(spike))
    expect(fast![300]! / fast![301]!).toBeGreaterThan(3)
    expect(slow![300]! / slow![301]!).toBeLessThan(1.5)
  })
})

describe('robust z and anomaly likelihood, by hand', () => {
  test('|value - median| over 1.4826 MAD of the window before', () => {
    // 68 and 72 in turn: median 70 where even, MAD 2
    const values = carried(made(101, (second, c) => (c === 0 ? (second === 100 ? 80 : second % 2 ? 72 : 68) : 5)))
    expect(worstZ(values, 101, 60)[100]).toBeCloseTo(10 / (1.4826 * 2), 6)
  })
  test('the mean of the last seconds in standard deviations of the past', () => {
    const scores = Float64Array.from({ length: 103 }, (_, i) => (i >= 100 ? 11 : i % 2 ? 2 : 0))
    // past: mean 1, sd 1
    expect(likelihood(scores, 1)[100]).toBeCloseTo(10, 6)
    expect(likelihood(scores, 4)[100]).toBeCloseTo((11 + 2 + 0 + 2) / 4 - 1, 6)
  })
  test('a spike is the largest', () => {
    const found = robustZ.fit([], { window: 60, short: 1 })(
      made(300, (second, c) => (c === 3 && second === 250 ? 40 : 16 + (second % 2))),
    )
    expect(largest(found)).toBe(250)
  })
})

describe('principal components', () => {
  test('eigenvalues and vectors of a matrix worked by hand', () => {
    const { values, vectors } = eigen([
      [2, 1],
      [1, 2],
    ])
    expect(values[0]).toBeCloseTo(3, 9)
    expect(values[1]).toBeCloseTo(1, 9)
    expect(Math.abs(vectors[0]![0]!)).toBeCloseTo(Math.SQRT1_2, 9)
    expect(vectors[0]![0]! * vectors[0]![1]!).toBeCloseTo(0.5, 9)
    expect(vectors[1]![0]! * vectors[1]![1]!).toBeCloseTo(-0.5, 9)
  })
  test('outside the components: heart rate without pulse counts, both together do not', () => {
    // both move together by a wave; the others on their own
    const wave = (second: number) => Math.round(6 * Math.sin(second / 9))
    const usual = (second: number, c: number) =>
      c < 2 ? 80 + wave(second) : c === 2 ? 97 + ((second * 7) % 3) - 1 : 16 + ((second * 5) % 4)
    const score = pca.fit([made(900, usual)], { components: 3, statistic: 0, slow: 180 })
    const off = (together: boolean) =>
      score(
        made(300, (second, c) => usual(second, c) + (second === 280 && (c === 0 || (together && c === 1)) ? 12 : 0)),
      )[280]!
    expect(off(false)).toBeGreaterThan(10 * off(true))
  })
})

describe('autoregression', () => {
  test('least squares finds the weights a series was made with', () => {
    // x_t - x_{t-1} = 0.5 (x_{t-2} - x_{t-1}) + 0.25 (x_{t-3} - x_{t-1}) and a push now and then
    const x = [0, 1, 2]
    for (let t = 3; t < 600; t++) {
      const [a, b, c] = [x[t - 1]!, x[t - 2]!, x[t - 3]!]
      x.push(a + 0.5 * (b - a) + 0.25 * (c - a) + (t % 7 === 0 ? 5 : 0))
    }
    const found = leastSquares([made(600, (second) => x[second]!)], 0, 2, 1)
    expect(found[0]).toBeCloseTo(0.5, 1)
    expect(found[1]).toBeCloseTo(0.25, 1)
  })
  test('the error of the forecast in standard deviations: a jump is the largest, an own labile past makes it less', () => {
    const train = [calm(1), calm(2)]
    const jump = calm(3)
    for (let second = 300; second < 480; second++) jump.values[second * C]! += 15
    const score = (own: number) => autoregression.fit(train, { order: 5, ahead: 1, own })(jump)
    expect(largest(score(0))).toBe(300)
    const labile = made(480, (second, c) => (c === 0 ? (second % 2 ? 75 : 85) + (second === 300 ? 20 : 0) : 16))
    const at = (own: number) => autoregression.fit(train, { order: 5, ahead: 1, own })(labile)[300]!
    expect(at(1)).toBeLessThan(0.5 * at(0))
  })
})

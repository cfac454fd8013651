import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Page } from '../../src/scoring/page.ts'
import {
  keepPending,
  meanOf,
  pendingNumbers,
  pendingSize,
  readPending,
  resetPending,
  scaleOf,
  writePending,
} from '../../src/scoring/pending.ts'

const C = 3
const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -40, max: 40 })
/** as networks give them, and so small that a channel's unit hides most of them */
const raw = fc.oneof(
  float,
  fc.tuple(float, fc.integer({ min: 0, max: 60 })).map(([x, e]) => Math.fround(x * 2 ** -e)),
)
const normalisers = fc.array(fc.tuple(fc.double({ min: -200, max: 200, noNaN: true }).map((it) => it + 0), fc.double({ min: 1e-3, max: 50, noNaN: true })), {
  minLength: C,
  maxLength: C,
}) // biome-ignore format: what a manifest may say

test('a forecast made of its plain numbers says the same, to the bit', () => {
  fc.assert(
    fc.property(normalisers, fc.array(raw, { minLength: 4 * C, maxLength: 4 * C }), (normaliser, given) => {
      const plan = {
        channels: [0, 1, 2],
        horizons: [1, 10],
        centre: Float64Array.from(normaliser, ([centre]) => centre),
        scale: Float64Array.from(normaliser, ([, scale]) => scale),
      }
      const state = new Page(pendingSize(2, C))
      resetPending(plan, state, 0)
      const forecast = Float32Array.from(given)
      for (let k = 0; k < 2; k++) keepPending(plan, state, 0, k, 100 + k, forecast, k * 2 * C)
      const numbers = new Float64Array(pendingNumbers(plan))
      readPending(plan, state, 0, numbers, 0)
      for (let k = 0; k < 2; k++)
        for (let c = 0; c < C; c++) {
          const from = k * (1 + 2 * C) + 1 + c
          expect(numbers[from]).toBe(plan.centre[c]! + plan.scale[c]! * forecast[k * 2 * C + c]!)
          expect(numbers[from + C]).toBe(Math.max(1e-6, plan.scale[c]! * forecast[k * 2 * C + C + c]!))
        }
      const copy = new Page(pendingSize(2, C))
      writePending(plan, copy, 0, numbers, 0)
      const again = new Float64Array(numbers.length)
      readPending(plan, copy, 0, again, 0)
      expect(again).toEqual(numbers)
      expect(meanOf(plan, copy, 0, 1, 2)).toBe(meanOf(plan, state, 0, 1, 2))
      expect(scaleOf(plan, copy, 0, 0, 1)).toBe(scaleOf(plan, state, 0, 0, 1))
    }),
    { numRuns: 3000 },
  )
})

test('none is pending after a reset, in numbers as well', () => {
  const plan = { channels: [0], horizons: [1, 10], centre: Float64Array.of(80), scale: Float64Array.of(15) }
  const state = new Page(pendingSize(2, 1))
  state.fill(7)
  resetPending(plan, state, 0)
  const numbers = new Float64Array(pendingNumbers(plan))
  readPending(plan, state, 0, numbers, 0)
  expect([...numbers].every(Number.isNaN)).toBe(true)
})

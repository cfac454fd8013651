import fc from 'fast-check'
import { expect, test } from 'vitest'
import { between, carried, knob, settled, turned } from '../../../src/evaluation/budget/knob.ts'

const ANY = { start: 0.8, flattest: 0.3, steepest: 20 }

/** counts that rise with the threshold, at any slope, held against a wanted one */
const curves = fc.record({
  slope: fc.double({ min: 0.05, max: 4, noNaN: true }),
  at: fc.double({ min: -25, max: -1, noNaN: true }),
  from: fc.double({ min: -30, max: -0.3, noNaN: true }),
})

test('a knob comes to where a rate that rises with it is as wanted, wherever it begins and however steep that is', () =>
  fc.assert(
    fc.property(curves, ({ slope, at, from }) => {
      let it = knob(-30, -0.3, from, ANY)
      const off = (log: number) => slope * (log - at) * Math.LN10
      for (let i = 0; i < 40 && !settled(it, 0.06); i++) it = turned(it, off(it.log))
      const found = between(it.tried, 0.06)
      expect(Math.abs(found.log - at)).toBeLessThan(0.06 / slope / Math.LN10 + 0.03)
    }),
  ))

test('it never leaves its bounds, and is not tried where it is known to be too loose or too strict', () =>
  fc.assert(
    fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { maxLength: 12 }), (offs) => {
      let it = knob(-4, 0, -1, ANY)
      for (const off of offs) {
        const tooLoose = it.tried.filter((point) => point.off > 0).map(({ log }) => log)
        expect(it.log).toBeGreaterThanOrEqual(-4)
        expect(it.log).toBeLessThanOrEqual(Math.min(0, ...tooLoose))
        it = turned(it, off)
      }
    }),
  ))

test('before other recordings it begins where it came nearest', () => {
  const tried = turned(turned(knob(-4, 0, -1, ANY), 2), -0.1)
  const again = carried(tried)
  expect(again.log).toBe(tried.tried[1]!.log)
  expect([again.bracket, again.tried]).toEqual([[-4, 0], []])
})

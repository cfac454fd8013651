import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linePlot } from '../../src/report/plot.ts'
import { axisTicks, pathOf, scaleOf, tickText } from '../../src/report/scale.ts'
import { thinned } from '../../src/report/strip.ts'

describe('an axis', () => {
  it('has round ticks that lie on it, about as many as asked for', () => {
    expect(axisTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
    expect(axisTicks(-0.4, 0.5, 5)).toEqual([-0.4, -0.2, 0, 0.2, 0.4])
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (from, wide) => {
        const ticks = axisTicks(from, from + wide, 5)
        expect(ticks.length).toBeLessThanOrEqual(7)
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(from - wide * 1e-6)
          expect(tick).toBeLessThanOrEqual(from + wide * (1 + 1e-6))
        }
      }),
    ) // biome-ignore format: the range
    expect(axisTicks(3, 3, 5)).toEqual([3])
  })

  it('writes no more digits than a number has', () => {
    expect([0.30000000000000004, -2, 1000].map(tickText)).toEqual(['0.3', '\u22122', '1000'])
  })
})

describe('a line', () => {
  const same = (value: number) => value
  it('begins anew after what is no number, and leaves out what falls on the same place', () => {
    expect(pathOf([0, 1, 2, 3, 3], [5, 6, Number.NaN, 7, 7], same, same)).toBe('M0 5L1 6M3 7')
  })

  it('is not drawn outside of its field', () => {
    const axis = { label: '', from: 0, to: 1 }
    const { text } = linePlot({
      title: 't', about: 'a', told: 'x', x: axis, y: axis, lines: [{ name: '', tone: 'ours', x: [0, 0.5, 1], y: [0, 7, 1] }],
    }) // biome-ignore format: one plot
    const heights = [...text.matchAll(/[ML][\d.]+ (-?[\d.]+)/g)].map(([, y]) => Number(y))
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(10)
  })

  it('that is long keeps the least and the greatest of every column', () => {
    const y = Float64Array.from({ length: 1000 }, (_, i) => (i === 512 ? 99 : i === 700 ? Number.NaN : i % 7))
    const { x, y: kept } = thinned(y, 20)
    expect(kept.length).toBeLessThanOrEqual(40)
    expect(Math.max(...kept)).toBe(99)
    expect(x[kept.indexOf(99)]).toBe(512)
    expect([...x]).toEqual([...x].sort((a, b) => a - b))
  })
})

it('a scale goes from end to end, to a tenth of a pixel', () => {
  const px = scaleOf(10, 20, 0, 333)
  expect([10, 15, 20].map(px)).toEqual([0, 166.5, 333])
  expect(scaleOf(1, 1, 5, 9)(1)).toBe(5)
})

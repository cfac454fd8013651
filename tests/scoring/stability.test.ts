import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { binOf, decileBins, ENOUGH, stabilityIndex } from '../../src/scoring/stability.ts'

const normals = (n: number, seed: number, mean = 0, sd = 1) => {
  const { normal } = random(seed)
  return Float64Array.from({ length: n }, () => mean + sd * normal())
}
const counted = (edges: readonly number[], values: ArrayLike<number>) => {
  const counts = new Float64Array(edges.length + 1)
  for (let i = 0; i < values.length; i++) counts[binOf(edges, values[i]!)]!++
  return counts
}

describe('the population stability index', () => {
  const then = decileBins(normals(20_000, 1))

  // of two normals over the deciles of the first, from the normal distribution function
  it.each([
    ['mean + 0.1 sd', 0.1, 1, 0.0096],
    ['mean + 0.3 sd', 0.3, 1, 0.0861],
    ['mean + 0.5 sd', 0.5, 1, 0.2377],
    ['sd x 1.3', 0, 1.3, 0.0866],
    ['sd x 1.6', 0, 1.6, 0.2521],
  ])('%s', (_, mean, sd, wanted) => {
    const found = Array.from({ length: 12 }, (_, i) => {
      const before = decileBins(normals(20_000, 100 + i))
      return stabilityIndex(before, counted(before.edges, normals(20_000, 200 + i, mean, sd)))!
    })
    const bias = 9 * (1 / 20_000 + 1 / 20_000)
    expect(Math.abs(found.reduce((a, b) => a + b) / found.length / (wanted + bias) - 1)).toBeLessThan(0.1)
  })

  it('of the same distribution is about (bins - 1) (1/n + 1/N)', () => {
    const found = Array.from(
      { length: 40 },
      (_, i) => stabilityIndex(then, counted(then.edges, normals(ENOUGH, 10 + i)))!,
    )
    const mean = found.reduce((a, b) => a + b) / found.length
    expect(mean).toBeGreaterThan(0.5 * 9 * (1 / ENOUGH + 1 / 20_000))
    expect(mean).toBeLessThan(1.5 * 9 * (1 / ENOUGH + 1 / 20_000))
  })

  it('says nothing below two thousand values', () => {
    expect(stabilityIndex(then, counted(then.edges, normals(ENOUGH - 1, 3)))).toBeUndefined()
  })

  it('is finite where a bin is empty, and large', () => {
    expect(stabilityIndex(then, counted(then.edges, normals(5000, 3, 50)))!).toBeGreaterThan(2)
  })
})

describe('deciles of printed numbers', () => {
  it('fall together where a value repeats, and every bin keeps the share it has', () => {
    const values = [...new Array<number>(70).fill(97), ...new Array<number>(25).fill(98), 99, 99, 99, 100, 100]
    const { n, edges, shares } = decileBins(values)
    expect({ n, edges }).toEqual({ n: 100, edges: [97, 98] })
    expect(shares).toEqual([0.7, 0.25, 0.05])
  })

  it('of any values: edges rise, no bin is empty, the shares are those of the values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 200 }), (values) => {
        const { edges, shares } = decileBins(values)
        expect([...edges].sort((a, b) => a - b)).toEqual(edges)
        expect(new Set(edges).size).toBe(edges.length)
        expect(Array.from(counted(edges, values), (count) => count / values.length)).toEqual(shares)
        expect(Math.min(...shares)).toBeGreaterThan(0)
      }),
    )
  })

  it('of nothing are refused', () => {
    expect(() => decileBins([])).toThrow(RangeError)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { squaredDistance, whitening } from '../../src/scoring/whitening.ts'
import { ledoitWolf } from '../../src/training/covariance.ts'
import { random } from './synthetic.ts'

const C = 4
const value = fc.double({ min: -8, max: 8, noNaN: true })
const values = fc.array(value, { minLength: C, maxLength: C })
/** A A' + I / 10: positive definite whatever A */
const covariance = fc
  .array(values, { minLength: C, maxLength: C })
  .map((a) =>
    a.map((row, i) => row.map((_, j) => a[i]!.reduce((sum, it, k) => sum + it * a[j]![k]!, i === j ? 0.1 : 0))),
  )
const masks = fc.integer({ min: 1, max: 15 })

function distance(centre: number[], of: number[][], mask: number, r: number[]) {
  const dropped = new Float64Array(C)
  const given = new Float64Array(C)
  const square = squaredDistance(whitening(centre, of), mask, Float64Array.from(r), 0, dropped, 0, given, 0)
  return { square, dropped, given }
}

describe('the squared distance of the observed channels', () => {
  test("a channel's share is what goes away without it", () => {
    fc.assert(
      fc.property(values, covariance, masks, values, (centre, of, mask, r) => {
        const all = distance(centre, of, mask, r)
        expect(all.square).toBeGreaterThanOrEqual(-1e-9)
        for (let c = 0; c < C; c++) {
          const without = mask & ~(1 << c)
          if (without === mask || without === 0) continue
          const rest = distance(centre, of, without, r).square
          expect(all.dropped[c]!).toBeCloseTo(all.square - rest, 4)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a channel that is where the rest expects it has no share', () => {
    fc.assert(
      fc.property(values, covariance, values, (centre, of, r) => {
        const { given } = distance(centre, of, 15, r)
        const moved = r.map((it, c) => (c === 1 ? given[1]! : it))
        expect(distance(centre, of, 15, moved).dropped[1]!).toBeLessThan(1e-6)
      }),
      { numRuns: 300 },
    )
  })

  test('of one channel it is its own square', () => {
    const { square, dropped } = distance(
      [1, 0, 0, 0],
      [
        [4, 1, 0, 0],
        [1, 9, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ],
      1,
      [5, 0, 0, 0],
    )
    expect(square).toBeCloseTo(4, 12)
    expect(dropped[0]).toBeCloseTo(4, 12)
  })

  test('a covariance that is none is refused', () => {
    expect(() =>
      whitening(
        [0, 0],
        [
          [1, 2],
          [2, 1],
        ],
      ),
    ).toThrow(/positive definite/)
    expect(() => whitening([0, 0], [[1, 0]])).toThrow(/\[2\]\[2\]/)
  })
})

describe("Ledoit and Wolf's covariance", () => {
  const draws = (n: number, mix: number) => {
    const uniform = random(3)
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
    return Array.from({ length: n }, () => {
      const common = normal()
      return Array.from({ length: C }, () => mix * common + Math.sqrt(1 - mix * mix) * normal())
    })
  }

  test('comes to the true one with many draws, and shrinks less the more there are', () => {
    const few = ledoitWolf(draws(20, 0.8))
    const many = ledoitWolf(draws(20_000, 0.8))
    expect(many.shrinkage).toBeLessThan(few.shrinkage)
    expect(many.covariance[0]![1]!).toBeCloseTo(0.64, 1)
    expect(many.covariance[0]![0]!).toBeCloseTo(1, 1)
  })

  test('is the identity by itself when nothing correlates, and usable from fewer draws than channels', () => {
    expect(ledoitWolf(draws(200, 0)).shrinkage).toBeGreaterThan(0.5)
    const { centre, covariance } = ledoitWolf(draws(3, 0.5))
    expect(() => whitening(centre, covariance)).not.toThrow()
  })
})

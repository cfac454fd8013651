import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CellPlan,
  cellLoss,
  countTargets,
  scaleFloor,
  withDegreesOfFreedom,
} from '../../src/training/cell-loss.ts'
import { aboveFloor } from '../../src/training/head.ts'
import { studentCdf } from '../scoring/synthetic.ts'

const plan: CellPlan = withDegreesOfFreedom(
  {
    shape: { features: 8, hidden: 1, layers: 1, channels: 2, horizons: 1 },
    half: Float64Array.of(0.5, 0.05),
    centre: Float64Array.of(80, 37),
    scale: Float64Array.of(15, 0.7),
    curves: [],
  },
  [3, 12],
)
const x = Float32Array.of(0.4, -1, 0, 0, 0, 0, 0, 0)

/** likelihood of one frame: outputs [2 C] */
function loss(outputs: number[], targets: number[], gradient?: Float32Array): number {
  const sums = new Float64Array(4)
  cellLoss(plan, Float32Array.from(outputs), x, Float32Array.from(targets), 1, gradient, sums)
  return sums[0]! + sums[1]!
}

describe('the likelihood of a resolution cell', () => {
  it('is minus the logarithm of the probability between the ends of the cell', () => {
    const sigma = 0.5 + 15 * aboveFloor(-2)
    const mu = 80 + 15 * (Math.fround(0.4) + 0.25)
    const mass = studentCdf((91.5 - mu) / sigma, 3) - studentCdf((90.5 - mu) / sigma, 3)
    expect(loss([0.25, 0, -2, 0], [91, Number.NaN])).toBeCloseTo(-Math.log(mass), 6)
  })

  it('has the gradient of central differences, near and far', () => {
    const outputs = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 })
    const targets = fc.tuple(
      fc.integer({ min: 30, max: 200 }),
      fc.integer({ min: 340, max: 410 }).map((v) => v / 10),
    )
    fc.assert(
      fc.property(outputs, targets, (raw, target) => {
        const at = raw.map(Math.fround)
        const gradient = new Float32Array(4)
        loss(at, target, gradient)
        for (let i = 0; i < 4; i++) {
          const moved = (by: number) => at.map((value, j) => (j === i ? value + by : value))
          const [up, down] = [moved(2 ** -8), moved(-(2 ** -8))]
          const slope = (loss(up, target) - loss(down, target)) / (Math.fround(up[i]!) - Math.fround(down[i]!))
          expect(Math.abs(gradient[i]! - slope)).toBeLessThan(2e-2 * Math.max(1, Math.abs(slope)))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('of a channel that was not observed is nothing, and moves nothing', () => {
    const gradient = new Float32Array(4)
    expect(loss([1, 1, 1, 1], [Number.NaN, Number.NaN], gradient)).toBe(0)
    expect(Array.from(gradient)).toEqual([0, 0, 0, 0])
    expect(countTargets(Float32Array.of(Number.NaN, 3, Number.NaN))).toBe(1)
  })

  it('of all cells together is certainty', () => {
    let total = 0
    for (let value = -3000; value <= 3000; value++) total += Math.exp(-loss([0, 0, -1, 0], [value, Number.NaN]))
    expect(total).toBeCloseTo(1, 4)
  })

  it('keeps the smallest scale at half a cell', () => {
    const floors = Array.from(scaleFloor(plan))
    expect(floors[0]).toBeCloseTo(0.5 / 15, 7)
    expect(floors[1]).toBeCloseTo(0.05 / 0.7, 7)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { lstmCell } from '../../src/training/cells/lstm-cell.ts'
import { type CellName, namedCell } from '../../src/training/cells/named-cells.ts'
import { rnnCell } from '../../src/training/cells/rnn.ts'
import { GATES } from '../../src/training/gates.ts'
import { gradientReach, jacobian, reachOfOne } from '../../src/training/gradients.ts'
import { spectralNorm } from '../../src/training/spectral-norm.ts'
import { anyCell, normals } from './cells/made-cells.ts'
import { largestDifference } from './small-network.ts'

const GAPS = [1, 10, 50]
const SEEDS = 3

/**
 * The reference, means over 8 networks, beside how far means over our 3 may lie from it: three times the spread of one
 * network (docs/gradients.md) times sqrt(1/8 + 1/3), widened to .1 where the spread itself is small.
 */
const REFERENCE: readonly (readonly [CellName, readonly number[], readonly number[]])[] = [
  ['tanh', [0.14, -1.47, -9.91], [0.1, 0.5, 2.2]],
  ['relu', [0.18, -1.04, -7.59], [0.1, 1, 5.6]],
  ['relu-identity', [0, 0, 0], [1e-9, 1e-9, 1e-9]],
  ['lstm-bf0', [0.07, -1.46, -9.05], [0.1, 0.4, 1]],
  ['lstm-bf1', [0.11, -0.43, -3.59], [0.1, 0.25, 0.8]],
  ['lstm-bf3', [0.14, 0.25, 0.39], [0.1, 0.15, 0.6]],
  ['lstm-bf5', [0.14, 0.4, 1], [0.1, 0.15, 0.5]],
]

describe('how far a gradient reaches back', () => {
  it.each(REFERENCE)('%s: as far as the reference says', (name, expected, within) => {
    const found = gradientReach(name, GAPS, SEEDS)
    GAPS.forEach((gap, g) => {
      expect(Math.abs(found[gap]! - expected[g]!), `gap ${gap}: ${found[gap]}`).toBeLessThan(within[g]!)
    })
  })

  it('a sigmoid loses it fastest, and no gap is so long that the number ends', () => {
    const found = gradientReach('sigmoid', [10, 600], 1)
    expect(found[10]).toBeLessThan(-5)
    expect(found[600]).toBeLessThan(-330) // below the smallest double
    expect(found[600]).toBeGreaterThan(-600)
  })

  it('the order and number of the gaps asked for change nothing', () => {
    const found = gradientReach('tanh', [20, 3, 20], 2)
    expect(Object.keys(found)).toEqual(['3', '20'])
    expect(reachOfOne('tanh', [3, 20], 1)[1]).toBe(reachOfOne('tanh', [20], 1)[0])
  })

  it('over one step it is the norm of the Jacobian itself', () => {
    const source = random(5)
    const cell = namedCell('lstm-bf1', 8, 32, source)
    const draw = () => Float64Array.from({ length: 8 }, () => source.normal())
    let state: Float64Array = new Float64Array(64)
    for (let t = 0; t < 30; t++) state = cell.step(draw(), state).state
    const norm = spectralNorm(jacobian(cell, cell.step(draw(), state)), 64, random(1))
    expect(reachOfOne('lstm-bf1', [1], 5)[0]).toBeCloseTo(Math.log10(norm), 9)
  })
})

describe('the Jacobian of a step', () => {
  it('equals central differences of the step, for any cell', () => {
    fc.assert(
      fc.property(anyCell, fc.nat(1e6), (cell, seed) => {
        const size = cell.stateSize
        const [x, before] = [normals(cell.inputs, seed), normals(size, seed + 1, 0.5)]
        const found = jacobian(cell, cell.step(x, before))
        const step = 1e-5
        for (let column = 0; column < size; column++) {
          const at = (by: number) => {
            const moved = before.slice()
            moved[column]! += by
            return cell.step(x, moved).state
          }
          const [above, below] = [at(step), at(-step)]
          const slopes = above.map((value, row) => (value - below[row]!) / (2 * step))
          expect(
            largestDifference(
              slopes,
              slopes.map((_, row) => found[row * size + column]!),
            ),
          ).toBeLessThan(1e-7)
        }
      }),
      { numRuns: 40, seed: 3 },
    )
  })

  it('of tanh is diag(1 - h^2) U', () => {
    const kernel = normals(2 * 2 + 2, 1) // one input above U [2, 2]
    const cell = rnnCell(kernel, normals(2, 2), 'tanh')
    const step = cell.step(Float64Array.of(0.3), Float64Array.of(0.2, -0.1))
    const expected = [0, 1].flatMap((to) =>
      [0, 1].map((from) => (1 - step.state[to]! ** 2) * kernel[(1 + from) * 2 + to]!),
    )
    expect(largestDifference(jacobian(cell, step), expected)).toBeLessThan(1e-12)
  })
})

describe('the Jacobian of an LSTM step', () => {
  it('of [c; h] is the one written out by hand', () => {
    const [inputs, hidden] = [2, 3]
    const kernel = normals((inputs + hidden) * 4 * hidden, 1)
    const cell = lstmCell(kernel, normals(4 * hidden, 2))
    const step = cell.step(normals(inputs, 3), normals(2 * hidden, 4))
    const found = jacobian(cell, step)
    const gate = (name: (typeof GATES)[number], to: number) => step.gates[GATES.indexOf(name) * hidden + to]!
    // U of a gate: from h before to the gate's sum
    const u = (name: (typeof GATES)[number], from: number, to: number) =>
      kernel[(inputs + from) * 4 * hidden + GATES.indexOf(name) * hidden + to]!
    for (let to = 0; to < hidden; to++) {
      const [i, f, g, o] = [gate('input', to), gate('forget', to), gate('candidate', to), gate('output', to)]
      const bent = Math.tanh(step.state[to]!)
      for (let from = 0; from < hidden; from++) {
        const cByC = from === to ? f : 0
        const cByH =
          step.before[to]! * f * (1 - f) * u('forget', from, to) +
          g * i * (1 - i) * u('input', from, to) +
          i * (1 - g * g) * u('candidate', from, to)
        const hBy = (cBy: number) => o * (1 - bent * bent) * cBy
        const at = (row: number, column: number) => found[row * 2 * hidden + column]
        expect(at(to, from)).toBeCloseTo(cByC, 12)
        expect(at(to, hidden + from)).toBeCloseTo(cByH, 12)
        expect(at(hidden + to, from)).toBeCloseTo(hBy(cByC), 12)
        expect(at(hidden + to, hidden + from)).toBeCloseTo(hBy(cByH) + bent * o * (1 - o) * u('output', from, to), 12)
      }
    }
  })
})

describe('the spectral norm', () => {
  it('of a turned and stretched square is its longest stretch', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 6.28, noNaN: true }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        (angle, less) => {
          const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
          const matrix = Float64Array.of(3 * cos, -3 * less * sin, 3 * sin, 3 * less * cos)
          expect(spectralNorm(matrix, 2, random(1))).toBeCloseTo(3, 3)
        },
      ),
    )
  })

  it('of nothing is zero', () => {
    expect(spectralNorm(new Float64Array(9), 3, random(1))).toBe(0)
  })
})

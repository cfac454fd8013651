import { describe, expect, it } from 'vitest'
import { zerosBeside } from '../../../src/training/cells/cell.ts'
import { decayingCell } from '../../../src/training/cells/decaying.ts'
import { perceptron } from '../../../src/training/cells/perceptron.ts'
import { throughTime } from '../../../src/training/cells/through-time.ts'
import { centralDifferences } from './central-differences.ts'
import { madeCell, madeDecayingCell, normals } from './made-cells.ts'

const [SERIES, HIDDEN, STEPS] = [2, 3, 5]
const INPUTS = 3 * SERIES + 1

/** [values | masks | ages | one more] */
function madeRows(seed: number): Float64Array[] {
  return Array.from({ length: STEPS }, (_, t) => {
    const x = normals(INPUTS, seed + t)
    for (let v = 0; v < SERIES; v++) {
      x[SERIES + v] = (t + v) % 2
      x[2 * SERIES + v] = x[SERIES + v] === 1 ? 0 : Math.abs(x[2 * SERIES + v]!)
    }
    return x
  })
}

describe('a cell whose memory fades', () => {
  it.each([1, 2, 3])('differentiates: parameters, inputs and first state against central differences (%i)', (seed) => {
    const cell = madeDecayingCell(SERIES, HIDDEN, 10 * seed)
    const head = perceptron({ kernel: normals(HIDDEN, seed), bias: normals(1, seed) }, 'linear')
    const x = madeRows(100 * seed)
    const first = normals(cell.stateSize, seed)
    const goals = x.map((_, t) => [Math.sin(t)])
    const gradients = { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }
    const { dFirst } = throughTime(cell, head, x, goals, first, gradients)
    const loss = () => throughTime(cell, head, x, goals, first, { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }).loss // biome-ignore format: one line
    const close = (found: Float64Array, numbers: Float64Array) =>
      centralDifferences(numbers, loss).forEach((slope, i) => {
        expect(found[i]).toBeCloseTo(slope, 6)
      })
    cell.parameters.forEach((numbers, p) => void close(gradients.cell[p]!, numbers))
    close(dFirst, first)
    // by one step's inputs, masks and ages too
    const step = cell.step(x[1]!, first)
    const sum = () => cell.step(x[1]!, first).state.reduce((a, b) => a + b, 0)
    const { dx } = cell.back(step, new Float64Array(cell.stateSize).fill(1))
    centralDifferences(x[1]!, sum).forEach((slope, i) => {
      // an age of 0 at a kink of its decay has two slopes
      expect(dx[i]).toBeCloseTo(slope, 6)
    })
  })

  it('is the cell itself where nothing decays, and forgets all of what is infinitely old', () => {
    const inner = madeCell('lstm', INPUTS, HIDDEN, 7)
    const never = { kernel: new Float64Array(SERIES), bias: new Float64Array(SERIES).fill(-1) }
    const kept = { kernel: new Float64Array(SERIES * HIDDEN), bias: new Float64Array(HIDDEN).fill(-1) }
    const x = madeRows(5)[2]!
    const before = normals(inner.stateSize, 3)
    const same = decayingCell(inner, SERIES, { input: never, hidden: kept }).step(x, before)
    expect(Array.from(same.state)).toEqual(Array.from(inner.step(x, before).state))

    const at = x.subarray(SERIES, 2 * SERIES).indexOf(0)
    const lost = { kernel: new Float64Array(SERIES), bias: new Float64Array(SERIES).fill(1e3) }
    const gone = { kernel: new Float64Array(SERIES * HIDDEN), bias: new Float64Array(HIDDEN).fill(1e3) }
    const blank = x.slice()
    blank[at] = 0
    const forgot = decayingCell(inner, SERIES, { input: lost, hidden: gone }).step(x, before)
    expect(Array.from(forgot.state)).toEqual(Array.from(inner.step(blank, new Float64Array(inner.stateSize)).state))
  })
})

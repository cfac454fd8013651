import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zerosBeside } from '../../../src/training/cells/cell.ts'
import { type AnswerName, perceptron } from '../../../src/training/cells/perceptron.ts'
import { stackedCell } from '../../../src/training/cells/stacked.ts'
import { throughTime } from '../../../src/training/cells/through-time.ts'
import { largestDifference } from '../small-network.ts'
import { centralDifferences } from './central-differences.ts'
import { anyCell, madeCell, normals } from './made-cells.ts'

const anyAnswer = fc.constantFrom<AnswerName>('linear', 'logistic', 'softmax')
const rows = (count: number, width: number, seed: number) =>
  Array.from({ length: count }, (_, t) => normals(width, seed + t))

/** what a head of each kind may be asked for: numbers, probabilities, one class */
function goal(answer: AnswerName, classes: number, seed: number): Float64Array {
  const numbers = normals(classes, seed)
  if (answer === 'linear') return numbers
  if (answer === 'logistic') return numbers.map((value) => (value > 0 ? 1 : 0))
  return numbers.map((_, n) => (n === seed % classes ? 1 : 0))
}

describe('back-propagation through time', () => {
  it('of any stack of cells under any head equals central differences, for weights, inputs and the first state', () => {
    const shape = { steps: fc.integer({ min: 1, max: 6 }), classes: fc.integer({ min: 1, max: 3 }), seed: fc.nat(1e6) }
    fc.assert(
      fc.property(anyCell, anyAnswer, fc.record(shape), fc.boolean(), (cell, answer, { steps, classes, seed }, all) => {
        const head = perceptron(
          { kernel: normals(cell.outputs * classes, seed), bias: normals(classes, seed + 1) },
          answer,
        )
        const x = rows(steps, cell.inputs, seed + 2)
        const first = normals(cell.stateSize, seed + 100, 0.5)
        // a language model answers at every step, a classifier at the last
        const wanted = x.map((_, t) => (all || t === steps - 1 ? goal(answer, classes, seed + t) : undefined))
        const gradients = { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }
        const { loss, dFirst } = throughTime(cell, head, x, wanted, first, gradients)
        const again = () => {
          const unused = { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }
          return throughTime(cell, head, x, wanted, first, unused).loss
        }
        const asked = [...cell.parameters, ...head.parameters, first]
        const given = [...gradients.cell, ...gradients.head, dFirst]
        asked.forEach((numbers, p) => {
          expect(largestDifference(given[p]!, centralDifferences(numbers, again))).toBeLessThan(1e-6 * (1 + loss))
        })
      }),
      { numRuns: 60, seed: 7 },
    )
  })

  it('hands the loss back to the inputs of a step as well', () => {
    fc.assert(
      fc.property(anyCell, fc.nat(1e6), (cell, seed) => {
        const [x, before] = [normals(cell.inputs, seed), normals(cell.stateSize, seed + 1, 0.5)]
        const weight = normals(cell.stateSize, seed + 2)
        const { dx } = cell.back(cell.step(x, before), weight)
        const of = () => cell.step(x, before).state.reduce((sum, value, n) => sum + value * weight[n]!, 0)
        expect(largestDifference(dx, centralDifferences(x, of))).toBeLessThan(1e-7)
      }),
      { numRuns: 40, seed: 8 },
    )
  })

  it('with the state carried from chunk to chunk gives the loss and the last state of the whole', () => {
    fc.assert(
      fc.property(anyCell, fc.integer({ min: 1, max: 9 }), fc.nat(1e6), (cell, cut, seed) => {
        const head = perceptron({ kernel: normals(cell.outputs, seed), bias: new Float64Array(1) }, 'linear')
        const x = rows(10, cell.inputs, seed)
        const wanted = x.map((_, t) => normals(1, seed + t))
        const run = (from: number, to: number, state: Float64Array) =>
          throughTime(cell, head, x.slice(from, to), wanted.slice(from, to), state, {
            cell: zerosBeside(cell.parameters),
            head: zerosBeside(head.parameters),
          })
        const zeros = new Float64Array(cell.stateSize)
        const whole = run(0, 10, zeros)
        const early = run(0, cut, zeros)
        const late = run(cut, 10, early.state)
        expect(late.state).toEqual(whole.state)
        expect(early.loss + late.loss).toBeCloseTo(whole.loss, 9)
      }),
      { numRuns: 20, seed: 9 },
    )
  })

  it('of nothing costs nothing and keeps the state', () => {
    const cell = madeCell('lstm', 2, 3, 1)
    const head = perceptron({ kernel: normals(3, 1), bias: new Float64Array(1) }, 'linear')
    const gradients = { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }
    const first = normals(6, 2)
    expect(throughTime(cell, head, [], [], first, gradients)).toEqual({
      loss: 0,
      state: first,
      dFirst: new Float64Array(6),
    })
  })
})

describe('a stack', () => {
  it('computes what its layers do one upon the other', () => {
    const [below, above] = [madeCell('tanh', 2, 3, 1), madeCell('lstm', 3, 2, 5)]
    const stack = stackedCell([below, above])
    const [x, before] = [normals(2, 3), normals(3 + 4, 4)]
    const first = below.step(x, before.subarray(0, 3)).state
    const second = above.step(first, before.subarray(3)).state
    expect(Array.from(stack.step(x, before).state)).toEqual([...first, ...second])
  })

  it('refuses layers that do not fit, and none at all', () => {
    expect(() => stackedCell([madeCell('tanh', 2, 3, 1), madeCell('tanh', 2, 3, 1)])).toThrow('layer 1 reads 2 of 3')
    expect(() => stackedCell([])).toThrow(RangeError)
  })
})

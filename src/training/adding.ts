import { type Random, random } from '../random.ts'
import { optimiser, update } from './adamw.ts'
import { outputOf, zerosBeside } from './cells/cell.ts'
import { firstMatrix } from './cells/initialise.ts'
import { CELL_NAMES, chronoCell, namedCell } from './cells/named-cells.ts'
import { perceptron } from './cells/perceptron.ts'
import { throughTime, unroll } from './cells/through-time.ts'

/** One question: x [T] of [value in 0..1, marker 0 or 1], two steps marked, one in each half; the answer is their sum. */
export interface Sum {
  readonly x: readonly Float64Array[]
  readonly wanted: number
}

/** The adding problem (Hochreiter and Schmidhuber 1997, in the form of arXiv 1504.00941): T steps. */
export function addingProblem(steps: number, source: Random): Sum {
  const half = steps >> 1
  const marked = [Math.floor(source.uniform() * half), half + Math.floor(source.uniform() * (steps - half))]
  const x = Array.from({ length: steps }, (_, t) => Float64Array.of(source.uniform(), marked.includes(t) ? 1 : 0))
  return { x, wanted: marked.reduce((sum, t) => sum + x[t]![0]!, 0) }
}

/** Who can be asked: every named cell, and an LSTM begun for memories of T steps. */
export const ADDING_NAMES = [...CELL_NAMES, 'lstm-chrono'] as const
export type AddingName = (typeof ADDING_NAMES)[number]

export interface AddingOptions {
  /** T, at least 2 */
  readonly steps: number
  /** updates of the weights at most */
  readonly updates: number
  readonly seed: number
  readonly onProgress?: (update: number, meanSquaredError: number) => void
}

export interface AddingResult {
  /** on held-out sums */
  readonly meanSquaredError: number
  /** of the answer 1 to each of the same sums: the variance of two uniforms, about 1/6 */
  readonly alwaysOne: number
  readonly updates: number
}

const HIDDEN = 32
/** sums a batch */
const BATCH = 16
const HELD_OUT = 200
const LOOK_EVERY = 100
/** a mean error of .03: the two numbers are remembered */
const SOLVED = 1e-3

/**
 * Train one cell on the adding problem from its final state alone: whoever solves it has carried a number through half
 * the sequence or more, and has learnt to from a gradient that came all that way back. Adam, global norm clipped to 1.
 * Ends early when solved.
 */
export function trainAdding(name: AddingName, options: AddingOptions): AddingResult {
  const { steps } = options
  // what each kind bears: at 1e-2 a plain network's gradients throw it about
  const rate = name.startsWith('lstm') ? 1e-2 : 3e-3
  const source = random(options.seed)
  const cell = name === 'lstm-chrono' ? chronoCell(2, HIDDEN, steps, source) : namedCell(name, 2, HIDDEN, source)
  const head = perceptron({ kernel: firstMatrix('glorot', HIDDEN, 1, source), bias: new Float64Array(1) }, 'linear')
  const parameters = [...cell.parameters, ...head.parameters]
  const gradients = { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }
  const all = [...gradients.cell, ...gradients.head]
  const state = optimiser(parameters)
  const decays = parameters.map(() => false)
  const zeros = new Float64Array(cell.stateSize)

  const exam = random(options.seed + 1_000_003)
  const heldOut = Array.from({ length: HELD_OUT }, () => addingProblem(steps, exam))
  const squared = (answer: (sum: Sum) => number) =>
    heldOut.reduce((total, sum) => total + (answer(sum) - sum.wanted) ** 2, 0) / HELD_OUT
  const meanSquaredError = () =>
    squared(({ x }) => head.output(outputOf(cell, unroll(cell, x, zeros).at(-1)!.state))[0]!)
  const alwaysOne = squared(() => 1)

  let now = meanSquaredError()
  let done = 0
  while (done < options.updates && now > SOLVED) {
    for (const array of all) array.fill(0)
    for (let b = 0; b < BATCH; b++) {
      const { x, wanted } = addingProblem(steps, source)
      const goals = x.map((_, t) => (t === steps - 1 ? [wanted] : undefined))
      throughTime(cell, head, x, goals, zeros, gradients)
    }
    for (const array of all) for (let i = 0; i < array.length; i++) array[i]! /= BATCH
    update(state, all, decays, rate, { weightDecay: 0, clipNorm: 1, averaging: 0 })
    if (++done % LOOK_EVERY === 0 || done === options.updates) {
      now = meanSquaredError()
      options.onProgress?.(done, now)
    }
  }
  return { meanSquaredError: now, alwaysOne, updates: done }
}

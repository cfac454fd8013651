import type { GoldenSteps } from '../../vitals/manifest.ts'
import type { Cell } from '../cells/cell.ts'
import { decayingCell } from '../cells/decaying.ts'
import { gruCell } from '../cells/gru-cell.ts'
import { lstmCell } from '../cells/lstm-cell.ts'
import { rnnCell } from '../cells/rnn.ts'
import { weightedSums } from '../cells/weighted-sums.ts'
import type { LayerWeights } from '../network.ts'
import type { ClassifierShape, ClassifierWeights } from './shape.ts'

/** Absolute: float32 products of some hundred inputs, against doubles. */
const TOLERANCE = 2e-5

/**
 * The ensemble in plain doubles, straight from the equations, statefully from a zero state: what the trainer's fast passes
 * and the exported graph are both held against.
 * @param x [T, F]
 */
export function classifierGolden(
  shape: ClassifierShape,
  members: readonly ClassifierWeights[],
  x: Float32Array,
  steps: number,
): GoldenSteps {
  const { inputs, sequence, hidden, cell } = shape
  const carried = cell === 'lstm' ? 2 * hidden : hidden
  const states: Float64Array[] = members.map(() => new Float64Array(carried))
  const rows = Array.from({ length: steps }, (_, t) => x.subarray(t * inputs, (t + 1) * inputs))
  const cells = members.map((weights) => plainCell(shape, weights))
  const forecast = rows.map((row) => {
    const logits = members.map((weights, m) => {
      const { state } = cells[m]!.step(Float64Array.from(row.subarray(0, sequence)), states[m]!)
      states[m] = state
      const h = state.subarray(carried - hidden)
      const joined = Float64Array.of(...h, ...row.subarray(sequence))
      return weightedSums(doubles(weights.logit), weights.back === undefined ? h : relu(weights.back, joined))
    })
    return Array.from(logits[0]!, (_, n) => logits.reduce((sum, each) => sum + each[n]!, 0) / logits.length)
  })
  return {
    x: rows.map((row) => Array.from(row)),
    forecast,
    h: states.map((state) => Array.from(state.subarray(carried - hidden))),
    c: cell === 'lstm' ? states.map((state) => Array.from(state.subarray(0, hidden))) : [],
    tolerance: TOLERANCE,
  }
}

const doubles = ({ kernel, bias }: LayerWeights) => ({ kernel: Float64Array.from(kernel), bias: Float64Array.from(bias) }) // biome-ignore format: one line

function relu(layer: LayerWeights, x: Float64Array): Float64Array {
  return weightedSums(doubles(layer), x).map((sum) => Math.max(0, sum))
}

/** The cell with what stands between it and its inputs, in doubles; only ever stepped. */
export function plainCell(shape: ClassifierShape, weights: ClassifierWeights): Cell {
  const { kernel, bias } = doubles(weights.cell)
  const cell = innerCell(shape, kernel, bias)
  const { front, decay } = weights
  const fronted = front === undefined ? cell : { ...cell, step: (x: Float64Array, before: Float64Array) => cell.step(relu(front, x), before) } // biome-ignore format: one line
  if (decay === undefined) return fronted
  return decayingCell(fronted, decay.input.bias.length, { input: doubles(decay.input), hidden: doubles(decay.hidden) })
}

function innerCell({ cell, hidden }: ClassifierShape, kernel: Float64Array, bias: Float64Array): Cell {
  if (cell === 'lstm') return lstmCell(kernel, bias)
  if (cell === 'gru') return gruCell(kernel, bias)
  if (cell !== 'none') return rnnCell(kernel, bias, cell)
  const step = (x: Float64Array, before: Float64Array) => ({ x, before, state: x })
  const back = (_: unknown, dState: Float64Array) => ({ dx: dState, dBefore: new Float64Array(hidden) })
  return { inputs: hidden, stateSize: hidden, outputs: hidden, parameters: [], step, back }
}

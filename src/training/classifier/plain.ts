import type { GoldenSteps } from '../../vitals/manifest.ts'
import { gruCell } from '../cells/gru-cell.ts'
import { lstmStep } from '../cells/lstm-cell.ts'
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
  const forecast = rows.map((row) => {
    const logits = members.map((weights, m) => {
      const read = Float64Array.from(row.subarray(0, sequence))
      const below = weights.front === undefined ? read : relu(weights.front, read)
      const state = stepOf(shape, weights.cell, below, states[m]!)
      states[m] = state
      const h = state.subarray(carried - hidden)
      const joined = Float64Array.of(...h, ...row.subarray(sequence))
      return weightedSums(doubles(weights.logit), weights.back === undefined ? h : relu(weights.back, joined))[0]!
    })
    return [logits.reduce((a, b) => a + b, 0) / logits.length]
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

/** [c; h] of an LSTM, h of a GRU. */
function stepOf(shape: ClassifierShape, layer: LayerWeights, x: Float64Array, before: Float64Array): Float64Array {
  const { kernel, bias } = doubles(layer)
  return shape.cell === 'lstm' ? lstmStep({ kernel, bias }, x, before).state : gruCell(kernel, bias).step(x, before).state
} // biome-ignore format: the choice

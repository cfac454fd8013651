import type { Random } from '../../random.ts'
import { firstKernel, firstLstmBias, firstMatrix } from '../cells/initialise.ts'
import { GATES } from '../gates.ts'
import type { LayerWeights } from '../network.ts'
import type { DecayWeights } from './decay.ts'

/** `none`: no memory, a head reads the row itself; relu begins from the identity (arXiv 1504.00941) */
export const CLASSIFIER_CELLS = ['none', 'tanh', 'relu', 'lstm', 'gru'] as const
export type ClassifierCell = (typeof CLASSIFIER_CELLS)[number]

/**
 * Sizes of a recurrent classifier: x [F] -> front layer -> cell -> back layer -> one logit, or one a class.
 * The first Q inputs go through the cell; the other F - Q, running summaries that need no second memory, join its answer
 * at the back layer.
 */
export interface ClassifierShape {
  /** F */
  readonly inputs: number
  /** Q */
  readonly sequence: number
  /** ReLU units between the Q inputs and the cell; 0: the cell reads the inputs themselves */
  readonly front: number
  readonly cell: ClassifierCell
  /** H */
  readonly hidden: number
  /** ReLU units that read [h | other inputs]; 0: the logit is a product with h alone */
  readonly back: number
  /** logits; one where it is not said */
  readonly outputs?: number
  /** V: the inputs begin with V values, masks and ages, and old values and memories fade (`cells/decaying.ts`); none: 0 */
  readonly decay?: number
}

export const outputsOf = ({ outputs = 1 }: ClassifierShape): number => outputs

/** Every layer: kernel [inputs, outputs] row by row, bias [outputs]. */
export interface ClassifierWeights {
  readonly decay?: DecayWeights
  readonly front?: LayerWeights
  /** lstm: kernel [I + H, 4H], bias [4H], gate order: gates.ts; gru: kernel [I + H, 3H], bias [2, 3H], see gru-cell.ts;
   *  tanh and relu: kernel [I + H, H], bias [H]; none: nothing */
  readonly cell: LayerWeights
  readonly back?: LayerWeights
  readonly logit: LayerWeights
}

const GATES_OF = { none: 0, tanh: 1, relu: 1, lstm: GATES.length, gru: 3 } as const

/** Blocks of H columns in the cell's kernel. */
export const gatesOf = (cell: ClassifierCell): number => GATES_OF[cell]

/** Numbers a cell carries from row to row for each unit: h and c, or h. */
export const carriedOf = (cell: ClassifierCell): number => (cell === 'lstm' ? 2 : 1)

/** of every decay before training: memories fade by 1 % a row */
const FIRST_DECAY = 0.01

/** @throws RangeError for a network without memory: it has no state that a step could carry */
export function steppedCell(cell: ClassifierCell): Exclude<ClassifierCell, 'none'> {
  if (cell === 'none') throw new RangeError('a network without memory is no step graph')
  return cell
}

/** Rows of the cell's kernel that belong to its input. */
export const cellInputs = (shape: ClassifierShape): number => (shape.front === 0 ? shape.sequence : shape.front)

/** [kernel rows, columns], [bias length] of every layer, in the order of `layersOf`. */
function layerSizes(shape: ClassifierShape): { rows: number; columns: number; biases: number }[] {
  const { inputs, sequence, front, cell, hidden, back, decay = 0 } = shape
  const width = gatesOf(cell) * hidden
  const dense = (rows: number, columns: number) => ({ rows, columns, biases: columns })
  return [
    ...(decay === 0 ? [] : [dense(1, decay), dense(decay, hidden)]),
    ...(front === 0 ? [] : [dense(sequence, front)]),
    { rows: cellInputs(shape) + hidden, columns: width, biases: cell === 'gru' ? 2 * width : width },
    ...(back === 0 ? [] : [dense(hidden + inputs - sequence, back)]),
    dense(back === 0 ? hidden : back, outputsOf(shape)),
  ]
}

export function layersOf(weights: ClassifierWeights): LayerWeights[] {
  return [weights.decay?.input, weights.decay?.hidden, weights.front, weights.cell, weights.back, weights.logit].filter(
    (layer) => layer !== undefined,
  )
}

/** Kernels and biases, layer by layer. */
export function classifierArrays(weights: ClassifierWeights): Float32Array[] {
  return layersOf(weights).flatMap(({ kernel, bias }) => [kernel, bias])
}

/** `classifierArrays` put back in their places. */
export function classifierOf(shape: ClassifierShape, arrays: readonly Float32Array[]): ClassifierWeights {
  const layers = layerSizes(shape).map((_, i) => ({ kernel: arrays[2 * i]!, bias: arrays[2 * i + 1]! }))
  return {
    ...((shape.decay ?? 0) === 0 ? {} : { decay: { input: layers.shift()!, hidden: layers.shift()! } }),
    ...(shape.front === 0 ? {} : { front: layers.shift()! }),
    cell: layers.shift()!,
    ...(shape.back === 0 ? {} : { back: layers.shift()! }),
    logit: layers.shift()!,
  }
}

/** [P] which of `classifierArrays` are matrices: weight decay is for those. */
export function matrices(shape: ClassifierShape): boolean[] {
  return layerSizes(shape).flatMap(() => [true, false])
}

/** [P] numbers in each of `classifierArrays`. */
export function arrayLengths(shape: ClassifierShape): number[] {
  return layerSizes(shape).flatMap(({ rows, columns, biases }) => [rows * columns, biases])
}

export function classifierParameters(shape: ClassifierShape): number {
  return layerSizes(shape).reduce((sum, { rows, columns, biases }) => sum + rows * columns + biases, 0)
}

/**
 * First weights: dense layers Glorot, the cell's input rows Glorot and its recurrent rows orthogonal (ReLU: the identity),
 * gate by gate, forget bias 1; decays begin at none; the logit's bias at the logarithm of the odds, so that training does
 * not begin by learning the prevalence.
 */
export function firstClassifier(shape: ClassifierShape, odds: number, random: Random): ClassifierWeights {
  const { cell, hidden, decay = 0 } = shape
  const cellAt = (decay > 0 ? 2 : 0) + (shape.front > 0 ? 1 : 0)
  const arrays = layerSizes(shape).flatMap(({ rows, columns, biases }, layer) => {
    // just above the kink, where exp(-max(0, s)) is nearly 1 and has a slope
    if (decay > 0 && layer < 2) {
      return [new Float32Array(rows * columns).fill(FIRST_DECAY / rows), new Float32Array(biases).fill(FIRST_DECAY)]
    }
    if (layer !== cellAt) {
      return [Float32Array.from(firstMatrix('glorot', rows, columns, random)), new Float32Array(biases)]
    }
    const starts = { input: 'glorot', recurrent: cell === 'relu' ? 'identity' : 'orthogonal' } as const
    const kernel = firstKernel({ inputs: cellInputs(shape), hidden, gates: gatesOf(cell) }, starts, random)
    const bias = cell === 'lstm' ? firstLstmBias(hidden, 1, random) : new Float64Array(biases)
    return [Float32Array.from(kernel), Float32Array.from(bias)]
  })
  arrays.at(-1)!.fill(Math.log(odds))
  return classifierOf(shape, arrays)
}

import type { Random } from '../../random.ts'
import { firstKernel, firstLstmBias, firstMatrix } from '../cells/initialise.ts'
import { GATES } from '../gates.ts'
import type { LayerWeights } from '../network.ts'

export const CLASSIFIER_CELLS = ['lstm', 'gru'] as const
export type ClassifierCell = (typeof CLASSIFIER_CELLS)[number]

/**
 * Sizes of a recurrent classifier: x [F] -> front layer -> cell -> back layer -> one logit.
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
}

/** Every layer: kernel [inputs, outputs] row by row, bias [outputs]. */
export interface ClassifierWeights {
  readonly front?: LayerWeights
  /** lstm: kernel [I + H, 4H], bias [4H], gate order: gates.ts; gru: kernel [I + H, 3H], bias [2, 3H], see gru.ts */
  readonly cell: LayerWeights
  readonly back?: LayerWeights
  readonly logit: LayerWeights
}

/** Blocks of H columns in the cell's kernel. */
export const gatesOf = (cell: ClassifierCell): number => (cell === 'lstm' ? GATES.length : 3)

/** Numbers a cell carries from hour to hour for each unit: h and c, or h. */
export const carriedOf = (cell: ClassifierCell): number => (cell === 'lstm' ? 2 : 1)

/** Rows of the cell's kernel that belong to its input. */
export const cellInputs = (shape: ClassifierShape): number => (shape.front === 0 ? shape.sequence : shape.front)

/** [kernel rows, columns], [bias length] of every layer, in the order of `layersOf`. */
function layerSizes(shape: ClassifierShape): { rows: number; columns: number; biases: number }[] {
  const { inputs, sequence, front, cell, hidden, back } = shape
  const width = gatesOf(cell) * hidden
  const dense = (rows: number, columns: number) => ({ rows, columns, biases: columns })
  return [
    ...(front === 0 ? [] : [dense(sequence, front)]),
    { rows: cellInputs(shape) + hidden, columns: width, biases: cell === 'gru' ? 2 * width : width },
    ...(back === 0 ? [] : [dense(hidden + inputs - sequence, back)]),
    dense(back === 0 ? hidden : back, 1),
  ]
}

export function layersOf(weights: ClassifierWeights): LayerWeights[] {
  return [weights.front, weights.cell, weights.back, weights.logit].filter((layer) => layer !== undefined)
}

/** Kernels and biases, layer by layer. */
export function classifierArrays(weights: ClassifierWeights): Float32Array[] {
  return layersOf(weights).flatMap(({ kernel, bias }) => [kernel, bias])
}

/** `classifierArrays` put back in their places. */
export function classifierOf(shape: ClassifierShape, arrays: readonly Float32Array[]): ClassifierWeights {
  const layers = layerSizes(shape).map((_, i) => ({ kernel: arrays[2 * i]!, bias: arrays[2 * i + 1]! }))
  return {
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
 * First weights: dense layers Glorot, the cell's input rows Glorot and its recurrent rows orthogonal, gate by gate, forget
 * bias 1; the logit's bias at the logarithm of the odds, so that training does not begin by learning the prevalence.
 */
export function firstClassifier(shape: ClassifierShape, odds: number, random: Random): ClassifierWeights {
  const { cell, hidden } = shape
  const arrays = layerSizes(shape).flatMap(({ rows, columns, biases }) => {
    if (columns !== gatesOf(cell) * hidden || rows !== cellInputs(shape) + hidden) {
      return [Float32Array.from(firstMatrix('glorot', rows, columns, random)), new Float32Array(biases)]
    }
    const starts = { input: 'glorot', recurrent: 'orthogonal' } as const
    const kernel = firstKernel({ inputs: cellInputs(shape), hidden, gates: gatesOf(cell) }, starts, random)
    const bias = cell === 'lstm' ? firstLstmBias(hidden, 1, random) : new Float64Array(biases)
    return [Float32Array.from(kernel), Float32Array.from(bias)]
  })
  arrays.at(-1)![0] = Math.log(odds)
  return classifierOf(shape, arrays)
}

import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../random.ts'
import type { LayerWeights } from '../network.ts'
import { decayed } from './decay.ts'
import type { Packing } from './packed.ts'
import { packedGru } from './packed-gru.ts'
import { packedLstm } from './packed-lstm.ts'
import { packedRnn, passedThrough } from './packed-rnn.ts'
import type { Recurrence } from './recurrence.ts'
import { type ClassifierCell, type ClassifierShape, type ClassifierWeights, cellInputs, outputsOf } from './shape.ts' // biome-ignore format: one line

/** Stays side by side, packed (packed.ts): R rows, K of them asked for a logit. */
export interface ClassifierBatch {
  readonly packing: Packing
  /** [R, Q] what goes through the cell */
  readonly sequence: Float32Array
  /** [K] rows at which a logit is wanted; undefined: at every row, K = R */
  readonly asked: Int32Array | undefined
  /** [K, F - Q] what joins the cell's answer there */
  readonly beside: Float32Array
}

/** Shares of activations dropped, each element by itself. */
export interface ClassifierDropout {
  readonly front: number
  /** of h on its way to the back layer or the logit, never of what is carried */
  readonly hidden: number
}

/** Logits [K, N], N = 1 unless the shape says more -> gradient of the loss by them. */
export type LogitGradient = (logits: Float32Array) => Float32Array

/** Logits [K, N] of a batch, from a zero state. */
export function logitsOf(shape: ClassifierShape, weights: ClassifierWeights, batch: ClassifierBatch): Float32Array {
  return through(shape, weights, batch, undefined)
}

/**
 * Forward and back through whole stays, by the chain rule written out.
 * @returns gradients in the order of `classifierArrays`
 */
export function gradientsOf(
  shape: ClassifierShape,
  weights: ClassifierWeights,
  batch: ClassifierBatch,
  dropout: ClassifierDropout,
  random: Random,
  gradientOf: LogitGradient,
): Float32Array[] {
  const gradients: Float32Array[] = []
  through(shape, weights, batch, { dropout, random, gradientOf, gradients })
  return gradients
}

const CELLS: Readonly<Record<ClassifierCell, (weights: LayerWeights, inputs: number, hidden: number) => Recurrence>> = {
  none: (_, __, hidden) => passedThrough(hidden),
  tanh: (weights, inputs, hidden) => packedRnn(weights, inputs, hidden, 'tanh'),
  relu: (weights, inputs, hidden) => packedRnn(weights, inputs, hidden, 'relu'),
  lstm: packedLstm,
  gru: packedGru,
}

interface WayBack {
  readonly dropout: ClassifierDropout
  readonly random: Random
  readonly gradientOf: LogitGradient
  /** filled */
  readonly gradients: Float32Array[]
}

function through(
  shape: ClassifierShape,
  weights: ClassifierWeights,
  batch: ClassifierBatch,
  back: WayBack | undefined,
): Float32Array {
  const { hidden } = shape
  const rows = batch.packing.from.at(-1)!
  const asked = batch.asked?.length ?? rows
  tf.engine().startScope('batch')
  try {
    const cell = CELLS[shape.cell](weights.cell, cellInputs(shape), hidden)
    const faded = weights.decay === undefined ? undefined : decayed(weights.decay, batch.sequence, rows)
    const inputs = tf.tensor2d(faded?.inputs ?? batch.sequence, [rows, shape.sequence])
    const front = weights.front === undefined ? undefined : dense(weights.front, inputs, shape.front)
    const frontMask =
      back === undefined || front === undefined ? undefined : mask(back.dropout.front, rows * shape.front, back.random)
    const dropped = frontMask === undefined ? undefined : tf.tensor2d(frontMask, [rows, shape.front])
    const read = front === undefined ? inputs : masked(front.out, dropped)
    const tops = cell.forward(read, batch.packing, faded?.keep) // [R, H]

    const topMask = back === undefined ? undefined : mask(back.dropout.hidden, asked * hidden, back.random)
    const joinedWidth = hidden + shape.inputs - shape.sequence
    const joined = tf.tensor2d(join(tops, hidden, batch, topMask), [asked, joinedWidth])
    const behind = weights.back === undefined ? undefined : dense(weights.back, joined, shape.back)
    const logit = linear(weights.logit, behind?.out ?? joined, outputsOf(shape))
    const logits = logit.out.dataSync() as Float32Array
    if (back === undefined) return logits

    const byLogit = linearBack(logit, tf.tensor2d(back.gradientOf(logits), [asked, outputsOf(shape)]))
    const byBack = behind === undefined ? undefined : reluBack(behind, byLogit.dx)
    const dJoined = (byBack?.dx ?? byLogit.dx).dataSync() as Float32Array
    const dTops = spread(dJoined, joinedWidth, rows, hidden, batch, topMask)
    const byCell = cell.backward(dTops, front !== undefined || faded !== undefined)
    const byFront = front && reluBack(front, masked(byCell.dInputs!, dropped), faded !== undefined)
    if (faded !== undefined) {
      const dInputs = (byFront?.dx ?? byCell.dInputs!).dataSync() as Float32Array
      back.gradients.push(...faded.back(dInputs, byCell.dKeep!))
    }
    if (byFront !== undefined) back.gradients.push(...read2(byFront))
    back.gradients.push(byCell.kernel, byCell.bias)
    if (byBack !== undefined) back.gradients.push(...read2(byBack))
    back.gradients.push(...read2(byLogit))
    return logits
  } finally {
    tf.engine().endScope()
  }
}

/** [K, H + F - Q]: h of the asked rows, dropped where the mask says so, then what stands beside it. */
function join(
  tops: Float32Array,
  hidden: number,
  { asked, beside }: ClassifierBatch,
  topMask: Float32Array | undefined,
): Float32Array {
  const count = asked?.length ?? tops.length / hidden
  const besides = beside.length / count
  const joined = new Float32Array(count * (hidden + besides))
  for (let k = 0; k < count; k++) {
    const from = (asked === undefined ? k : asked[k]!) * hidden
    const to = k * (hidden + besides)
    for (let unit = 0; unit < hidden; unit++) {
      joined[to + unit] = topMask === undefined ? tops[from + unit]! : tops[from + unit]! * topMask[k * hidden + unit]!
    }
    joined.set(beside.subarray(k * besides, (k + 1) * besides), to + hidden)
  }
  return joined
}

/** The way back through `join`: [R, H]. */
function spread(
  dJoined: Float32Array,
  width: number,
  rows: number,
  hidden: number,
  { asked }: ClassifierBatch,
  topMask: Float32Array | undefined,
): Float32Array {
  const dTops = new Float32Array(rows * hidden)
  const count = dJoined.length / width
  for (let k = 0; k < count; k++) {
    const to = (asked === undefined ? k : asked[k]!) * hidden
    for (let unit = 0; unit < hidden; unit++) {
      const kept = topMask === undefined ? 1 : topMask[k * hidden + unit]!
      dTops[to + unit]! += dJoined[k * width + unit]! * kept
    }
  }
  return dTops
}

interface Dense {
  readonly x: tf.Tensor2D
  readonly kernel: tf.Tensor2D
  readonly out: tf.Tensor2D
}

function linear({ kernel, bias }: LayerWeights, x: tf.Tensor2D, units: number): Dense {
  const tensor = tf.tensor2d(kernel, [x.shape[1], units])
  return { x, kernel: tensor, out: tf.add(tf.matMul(x, tensor), tf.tensor1d(bias)) as tf.Tensor2D }
}

function dense(layer: LayerWeights, x: tf.Tensor2D, units: number): Dense {
  const sums = linear(layer, x, units)
  return { ...sums, out: tf.relu(sums.out) }
}

interface DenseGradients {
  readonly kernel: tf.Tensor2D
  readonly bias: tf.Tensor
  readonly dx: tf.Tensor2D
}

// products with explicit transposes: a transposed factor is ten times slower on wasm
function linearBack({ x, kernel }: Dense, dOut: tf.Tensor2D, inputsToo = true): DenseGradients {
  return {
    kernel: tf.matMul(tf.transpose(x), dOut),
    bias: tf.sum(dOut, 0),
    dx: inputsToo ? tf.matMul(dOut, tf.transpose(kernel)) : x,
  }
}

function reluBack(layer: Dense, dOut: tf.Tensor2D, inputsToo = true): DenseGradients {
  const slope = tf.cast(tf.greater(layer.out, tf.scalar(0)), 'float32')
  return linearBack(layer, tf.mul(dOut, slope) as tf.Tensor2D, inputsToo)
}

const read2 = ({ kernel, bias }: Omit<DenseGradients, 'dx'>): Float32Array[] =>
  [kernel, bias].map((tensor) => tensor.dataSync() as Float32Array)

/** Multipliers: 0 drops. */
function mask(share: number, count: number, { uniform }: Random): Float32Array | undefined {
  if (share === 0) return undefined
  const kept = 1 / (1 - share)
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = uniform() < share ? 0 : kept
  return values
}

function masked(tensor: tf.Tensor2D, by: tf.Tensor2D | undefined): tf.Tensor2D {
  return by === undefined ? tensor : (tf.mul(tensor, by) as tf.Tensor2D)
}

import * as tf from '@tensorflow/tfjs-core'
import { GATES } from './gates.ts'
import type { LayerWeights } from './network.ts'

// tanh(x) = 2 sigmoid(2x) - 1 throughout: on wasm a tanh costs twelve sigmoids. The candidate's columns of the kernel
// are doubled once per chunk, so that one sigmoid over [B, 4H] serves all four gates.

/** One layer on the engine, for the length of a chunk. I inputs, H hidden units. */
export interface LayerTensors {
  readonly hidden: number
  readonly inputs: number
  /** [I + H, 4H], candidate columns doubled */
  readonly kernel: tf.Tensor2D
  /** [4H, I + H]: an explicit transpose, because a product with a transposed factor is ten times slower on wasm */
  readonly transposed: tf.Tensor2D
  /** [4H], candidate part doubled */
  readonly bias: tf.Tensor1D
  /** [4H]: 2 in the candidate's columns, else 1 */
  readonly doubling: tf.Tensor1D
}

/** What a step leaves behind for its way back: B rows. */
export interface StepTrace {
  /** [B, I + H] */
  readonly xh: tf.Tensor2D
  /** [B, 4H] sigmoids of all gates */
  readonly gates: tf.Tensor2D
  /** [B, H] each */
  readonly input: tf.Tensor2D
  readonly forget: tf.Tensor2D
  readonly candidate: tf.Tensor2D
  readonly output: tf.Tensor2D
  readonly before: tf.Tensor2D
  readonly cell: tf.Tensor2D
  readonly tanhCell: tf.Tensor2D
}

/** Numbers that steps need, made once. */
export interface Scalars {
  readonly one: tf.Scalar
  readonly two: tf.Scalar
}

export const scalars = (): Scalars => ({ one: tf.scalar(1), two: tf.scalar(2) })

export function layerTensors(weights: LayerWeights, inputs: number, hidden: number): LayerTensors {
  return tf.tidy(() => {
    const width = GATES.length * hidden
    const from = GATES.indexOf('candidate') * hidden
    const doubling = tf.tensor1d(new Float32Array(width).fill(1).fill(2, from, from + hidden))
    const kernel = tf.mul(tf.tensor2d(weights.kernel, [inputs + hidden, width]), doubling) as tf.Tensor2D
    const bias = tf.mul(tf.tensor1d(weights.bias), doubling) as tf.Tensor1D
    return { hidden, inputs, kernel, transposed: tf.transpose(kernel), bias, doubling }
  })
}

/**
 * One step of B patients: x [B, I], h and c [B, H] -> h, c and what the way back needs.
 * The caller owns everything returned.
 */
export function stepForward(
  layer: LayerTensors,
  { one, two }: Scalars,
  x: tf.Tensor2D,
  h: tf.Tensor2D,
  c: tf.Tensor2D,
): { h: tf.Tensor2D; c: tf.Tensor2D; trace: StepTrace } {
  const xh = tf.concat([x, h], 1) // [B, I + H]
  const gates = tf.sigmoid(tf.add(tf.matMul(xh, layer.kernel), layer.bias)) as tf.Tensor2D // [B, 4H]
  const [input, forget, doubled, output] = tf.split(gates, GATES.length, 1) as tf.Tensor2D[] // in the order of GATES
  const candidate = tf.sub(tf.mul(doubled!, two), one) as tf.Tensor2D
  const cell = tf.add(tf.mul(forget!, c), tf.mul(input!, candidate)) as tf.Tensor2D
  const tanhCell = tf.sub(tf.mul(tf.sigmoid(tf.mul(cell, two)), two), one) as tf.Tensor2D
  return {
    h: tf.mul(output!, tanhCell) as tf.Tensor2D,
    c: cell,
    trace: { xh, gates, input: input!, forget: forget!, candidate, output: output!, before: c, cell, tanhCell },
  }
}

/**
 * The way back through one step: gradients of the loss by h and c after the step -> by x, h and c before it, and by the
 * (doubled) gate sums.
 * @param dc undefined where no later step exists
 * @param penalty of every step's cells: adds penalty / 2 * c^2 to the loss; undefined = none
 */
export function stepBackward(
  layer: LayerTensors,
  { one, two }: Scalars,
  trace: StepTrace,
  dh: tf.Tensor2D,
  dc: tf.Tensor2D | undefined,
  penalty: tf.Scalar | undefined,
): { dx: tf.Tensor2D; dh: tf.Tensor2D; dc: tf.Tensor2D; dz: tf.Tensor2D } {
  const { gates, input, forget, candidate, output, before, cell, tanhCell } = trace
  const throughCell = tf.mul(tf.mul(dh, output), tf.sub(one, tf.mul(tanhCell, tanhCell)))
  const dOwn = penalty === undefined ? throughCell : tf.add(throughCell, tf.mul(cell, penalty))
  const dCell = dc === undefined ? dOwn : tf.add(dc, dOwn)
  const dGates = tf.concat(
    // in the order of GATES; candidate = 2 sigmoid - 1
    [tf.mul(dCell, candidate), tf.mul(dCell, before), tf.mul(tf.mul(dCell, input), two), tf.mul(dh, tanhCell)],
    1,
  )
  const dz = tf.mul(dGates, tf.mul(gates, tf.sub(one, gates))) as tf.Tensor2D // [B, 4H]
  const dxh = tf.matMul(dz, layer.transposed) // [B, I + H]
  const rows = dxh.shape[0]
  return {
    dx: tf.slice(dxh, [0, 0], [rows, layer.inputs]) as tf.Tensor2D,
    dh: tf.slice(dxh, [0, layer.inputs], [rows, layer.hidden]) as tf.Tensor2D,
    dc: tf.mul(dCell, forget) as tf.Tensor2D,
    dz,
  }
}

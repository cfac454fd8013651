import * as tf from '@tensorflow/tfjs-core'
import type { Packing } from './packed.ts'

/** What the way back through all steps gives. */
export interface RecurrenceGradients {
  readonly kernel: Float32Array
  readonly bias: Float32Array
  /** [R, I] by the cell's inputs */
  readonly dInputs: tf.Tensor2D | undefined
  /** [R, H] by what the memories were multiplied by, where they were */
  readonly dKeep?: Float32Array
}

/**
 * A cell run from a zero state over packed stays. Only products are the engine's: between them the gates are plain loops
 * over arrays, because slicing, splitting and joining small tensors costs more on wasm than the arithmetic (docs/training.md).
 * Lives inside a tf scope that frees what it makes.
 */
export interface Recurrence {
  /**
   * inputs [R, I] -> h [R, H]
   * @param keep [R, H] what h and c are multiplied by before each step; only an LSTM's fade
   */
  forward(inputs: tf.Tensor2D, packing: Packing, keep?: Float32Array): Float32Array
  /**
   * @param dH [R, H] gradient of the loss by every h; changed
   * @param inputsToo whether the gradient by the inputs is wanted
   */
  backward(dH: Float32Array, inputsToo: boolean): RecurrenceGradients
}

/** Work whose result is an array, and whose tensors go when it is done. `tf.tidy` would look for tensors in every element. */
export function scoped(work: () => Float32Array): Float32Array {
  tf.engine().startScope('step')
  try {
    return work()
  } finally {
    tf.engine().endScope()
  }
}

/** rows [n, k] of an array times a matrix on the engine, brought back. */
export function times(rows: Float32Array, count: number, matrix: tf.Tensor2D): Float32Array {
  const from = matrix.shape[0]
  return scoped(
    () => tf.matMul(tf.tensor2d(rows.subarray(0, count * from), [count, from]), matrix).dataSync() as Float32Array,
  )
}

/**
 * Gradients of kernel [I + H, W] and bias from the gradients of all sums: inputs^T dSums over before^T dSums, column sums.
 * Explicit transposes: a product with a transposed factor is ten times slower on wasm.
 */
export function kernelGradient(
  inputs: tf.Tensor2D,
  before: tf.Tensor2D,
  dInput: tf.Tensor2D,
  dRecurrent: tf.Tensor2D,
): { kernel: Float32Array; inputBias: Float32Array; recurrentBias: Float32Array } {
  const upper = tf.matMul(tf.transpose(inputs), dInput).dataSync() as Float32Array
  const lower = tf.matMul(tf.transpose(before), dRecurrent).dataSync() as Float32Array
  const kernel = new Float32Array(upper.length + lower.length)
  kernel.set(upper)
  kernel.set(lower, upper.length)
  return {
    kernel,
    inputBias: tf.sum(dInput, 0).dataSync() as Float32Array,
    recurrentBias: tf.sum(dRecurrent, 0).dataSync() as Float32Array,
  }
}

import * as tf from '@tensorflow/tfjs-core'
import type { LayerWeights } from '../network.ts'
import type { Packing } from './packed.ts'
import { kernelGradient, type Recurrence, times } from './recurrence.ts'

/**
 * The plain recurrent network over packed rows, equations as `cells/rnn.ts`.
 * @param weights kernel [I + H, H], bias [H]
 */
export function packedRnn(
  weights: LayerWeights,
  inputs: number,
  hidden: number,
  activation: 'tanh' | 'relu',
): Recurrence {
  const inputKernel = tf.tensor2d(weights.kernel.subarray(0, inputs * hidden), [inputs, hidden])
  const recurrentKernel = tf.tensor2d(weights.kernel.subarray(inputs * hidden), [hidden, hidden])
  const recurrentTransposed = tf.transpose(recurrentKernel)
  const bias = tf.tensor1d(weights.bias)
  const [answer, slope] = activation === 'tanh' ? [tanh, tanhSlope] : [relu, reluSlope]

  let packing: Packing
  let x: tf.Tensor2D
  // [R, H] h after and before each step
  let tops: Float32Array
  let before: Float32Array

  return {
    forward(rows, packs) {
      packing = packs
      x = rows
      const sums = tf.add(tf.matMul(rows, inputKernel), bias).dataSync() as Float32Array // [R, H]
      tops = new Float32Array(sums.length)
      before = new Float32Array(sums.length)
      for (let t = 0; t < packs.active.length; t++) {
        const [count, from] = [packs.active[t]! * hidden, packs.from[t]! * hidden]
        if (t > 0) {
          const last = packs.from[t - 1]! * hidden
          const h = tops.subarray(last, last + count)
          before.set(h, from)
          const carried = times(h, count / hidden, recurrentKernel)
          for (let i = 0; i < count; i++) sums[from + i]! += carried[i]!
        }
        answer(sums, tops, from, from + count)
      }
      return tops.slice()
    },

    backward(dH, inputsToo) {
      const { active, from: begin } = packing
      const dz = new Float32Array(tops.length)
      for (let t = active.length - 1; t >= 0; t--) {
        const [count, from] = [active[t]! * hidden, begin[t]! * hidden]
        slope(tops, dH, dz, from, from + count)
        if (t === 0) break
        const back = times(dz.subarray(from), active[t]!, recurrentTransposed)
        const last = begin[t - 1]! * hidden
        for (let i = 0; i < back.length; i++) dH[last + i]! += back[i]!
      }
      const rows = tops.length / hidden
      const sums = tf.tensor2d(dz, [rows, hidden])
      const by = kernelGradient(x, tf.tensor2d(before, [rows, hidden]), sums, sums)
      return {
        kernel: by.kernel,
        bias: by.inputBias,
        dInputs: inputsToo ? tf.matMul(sums, tf.transpose(inputKernel)) : undefined,
      }
    },
  }
}

/** No memory at all: what a head reads is the row itself. With a head upon it, a perceptron. */
export function passedThrough(hidden: number): Recurrence {
  return {
    forward: (rows) => (rows.dataSync() as Float32Array).slice(),
    backward: (dH, inputsToo) => ({
      kernel: new Float32Array(0),
      bias: new Float32Array(0),
      dInputs: inputsToo ? tf.tensor2d(dH, [dH.length / hidden, hidden]) : undefined,
    }),
  }
}

// By themselves, as in packed-lstm.ts. tanh(z) = 2 sigmoid(2z) - 1.

function tanh(z: Float32Array, y: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) y[i] = 2 / (1 + Math.exp(-2 * z[i]!)) - 1
}

function tanhSlope(y: Float32Array, dy: Float32Array, dz: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) dz[i] = dy[i]! * (1 - y[i]! * y[i]!)
}

function relu(z: Float32Array, y: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) y[i] = z[i]! > 0 ? z[i]! : 0
}

function reluSlope(y: Float32Array, dy: Float32Array, dz: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) dz[i] = y[i]! > 0 ? dy[i]! : 0
}

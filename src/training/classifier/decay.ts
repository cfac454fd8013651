import * as tf from '@tensorflow/tfjs-core'
import type { LayerWeights } from '../network.ts'

/** Decay of a classifier's inputs and memory: equations and layout as `cells/decaying.ts`. */
export interface DecayWeights {
  /** kernel [V], bias [V] */
  readonly input: LayerWeights
  /** kernel [V, H], bias [H] */
  readonly hidden: LayerWeights
}

export interface Decayed {
  /** [R, Q] what the cell reads */
  readonly inputs: Float32Array
  /** [R, H] what h and c are multiplied by before each step */
  readonly keep: Float32Array
  /** the way back, from the gradients by both; in the order input kernel and bias, hidden kernel and bias */
  back(dInputs: Float32Array, dKeep: Float32Array): Float32Array[]
}

/**
 * Over all rows at once: ages are known before any state is.
 * @param sequence [R, Q]: V values, V masks, V ages, the rest
 */
export function decayed({ input, hidden }: DecayWeights, sequence: Float32Array, rows: number): Decayed {
  const series = input.bias.length
  const units = hidden.bias.length
  const wide = sequence.length / rows
  const trust = new Float32Array(rows * series)
  const inputs = sequence.slice()
  const ages = new Float32Array(rows * series)
  for (let row = 0; row < rows; row++) {
    for (let v = 0; v < series; v++) {
      const at = row * wide + v
      const age = sequence[at + 2 * series]!
      const kept = Math.exp(-Math.max(0, input.kernel[v]! * age + input.bias[v]!))
      const mask = sequence[at + series]!
      ages[row * series + v] = age
      trust[row * series + v] = kept
      inputs[at]! *= mask + (1 - mask) * kept
    }
  }
  const aged = tf.tensor2d(ages, [rows, series])
  const kernel = tf.tensor2d(hidden.kernel, [series, units])
  const sums = tf.add(tf.matMul(aged, kernel), tf.tensor1d(hidden.bias)).dataSync() as Float32Array
  const keep = sums.map((sum) => (sum > 0 ? Math.exp(-sum) : 1))
  return {
    inputs,
    keep,
    back(dInputs, dKeep) {
      const dKernel = new Float32Array(series)
      const dBias = new Float32Array(series)
      for (let row = 0; row < rows; row++) {
        for (let v = 0; v < series; v++) {
          const kept = trust[row * series + v]!
          if (kept === 1) continue
          const at = row * wide + v
          const dSum = -dInputs[at]! * sequence[at]! * (1 - sequence[at + series]!) * kept
          dKernel[v]! += dSum * ages[row * series + v]!
          dBias[v]! += dSum
        }
      }
      const dSums = tf.tensor2d(dKeep.map((slope, i) => (keep[i]! < 1 ? -slope * keep[i]! : 0)), [rows, units]) // biome-ignore format: one line
      const hiddenKernel = tf.matMul(tf.transpose(aged), dSums).dataSync() as Float32Array
      return [dKernel, dBias, hiddenKernel, tf.sum(dSums, 0).dataSync() as Float32Array]
    },
  }
}

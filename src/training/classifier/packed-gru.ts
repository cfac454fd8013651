import * as tf from '@tensorflow/tfjs-core'
import type { LayerWeights } from '../network.ts'
import type { Packing } from './packed.ts'
import { kernelGradient, type Recurrence, times } from './recurrence.ts'

const WIDE = 3
/** reset, update, candidate, and the candidate's recurrent sum */
const TRACED = 4

/**
 * The gated recurrent unit over packed rows, equations and layout as `cells/gru-cell.ts`.
 * @param weights kernel [I + H, 3H], bias [2, 3H]: reset, update, candidate
 */
export function packedGru(weights: LayerWeights, inputs: number, hidden: number): Recurrence {
  const width = WIDE * hidden
  const inputKernel = tf.tensor2d(weights.kernel.subarray(0, inputs * width), [inputs, width])
  const recurrentKernel = tf.tensor2d(weights.kernel.subarray(inputs * width), [hidden, width])
  const recurrentTransposed = tf.transpose(recurrentKernel)
  const inputBias = tf.tensor1d(weights.bias.subarray(0, width))
  const recurrentBias = weights.bias.subarray(width)

  let packing: Packing
  let x: tf.Tensor2D
  // [R, 4H] reset, update, candidate, and the candidate's recurrent sum; [R, H] h before each step
  let trace: Float32Array
  let hBefore: Float32Array

  return {
    forward(rows, packs) {
      packing = packs
      x = rows
      const total = packs.from.at(-1)!
      const sums = tf.add(tf.matMul(rows, inputKernel), inputBias).dataSync() as Float32Array // [R, 3H]
      trace = new Float32Array(total * TRACED * hidden)
      hBefore = new Float32Array(total * hidden)
      const tops = new Float32Array(total * hidden)
      const h = new Float32Array(packs.active[0]! * hidden)
      for (let t = 0; t < packs.active.length; t++) {
        const [count, from] = [packs.active[t]!, packs.from[t]!]
        const carried = times(h, count, recurrentKernel) // [n, 3H]
        hBefore.set(h.subarray(0, count * hidden), from * hidden)
        gatesForward(sums, carried, recurrentBias, hidden, count, from, h, trace)
        tops.set(h.subarray(0, count * hidden), from * hidden)
      }
      return tops
    },

    backward(dH, inputsToo) {
      const { active, from: begin } = packing
      const rows = hBefore.length / hidden
      const dInput = new Float32Array(rows * width)
      const dRecurrent = new Float32Array(rows * width)
      for (let t = active.length - 1; t >= 0; t--) {
        const [count, from] = [active[t]!, begin[t]!]
        gatesBackward(trace, hBefore, dH, hidden, count, from, dInput, dRecurrent)
        if (t === 0) break
        const back = times(dRecurrent.subarray(from * width), count, recurrentTransposed)
        const before = begin[t - 1]! * hidden
        for (let row = 0; row < count; row++) {
          for (let unit = 0; unit < hidden; unit++) {
            const kept = dH[(from + row) * hidden + unit]! * trace[(from + row) * TRACED * hidden + hidden + unit]!
            dH[before + row * hidden + unit]! += back[row * hidden + unit]! + kept
          }
        }
      }
      const sums = tf.tensor2d(dInput, [rows, width])
      const recurrent = tf.tensor2d(dRecurrent, [rows, width])
      const by = kernelGradient(x, tf.tensor2d(hBefore, [rows, hidden]), sums, recurrent)
      const bias = new Float32Array(2 * width)
      bias.set(by.inputBias)
      bias.set(by.recurrentBias, width)
      return { kernel: by.kernel, bias, dInputs: inputsToo ? tf.matMul(sums, tf.transpose(inputKernel)) : undefined }
    },
  }
}

// By themselves, as in packed-lstm.ts.

/** Rows [from, from + count): h [n, H] in place, and what the way back needs. */
function gatesForward(
  sums: Float32Array,
  carried: Float32Array,
  bias: Float32Array,
  hidden: number,
  count: number,
  from: number,
  h: Float32Array,
  trace: Float32Array,
): void {
  for (let row = 0; row < count; row++) {
    const at = row * hidden
    const own = row * WIDE * hidden
    const sum = (from + row) * WIDE * hidden
    const to = (from + row) * TRACED * hidden
    for (let r = 0; r < hidden; r++) {
      const u = hidden + r
      const n = 2 * hidden + r
      const reset = 1 / (1 + Math.exp(-(sums[sum + r]! + carried[own + r]! + bias[r]!)))
      const update = 1 / (1 + Math.exp(-(sums[sum + u]! + carried[own + u]! + bias[u]!)))
      const recurrent = carried[own + n]! + bias[n]!
      const candidate = 2 / (1 + Math.exp(-2 * (sums[sum + n]! + reset * recurrent))) - 1
      trace[to + r] = reset
      trace[to + u] = update
      trace[to + n] = candidate
      trace[to + 3 * hidden + r] = recurrent
      h[at + r] = candidate + update * (h[at + r]! - candidate)
    }
  }
}

/** Rows [from, from + count): gradients by the sums that read x and by those that read h. */
function gatesBackward(
  trace: Float32Array,
  hBefore: Float32Array,
  dH: Float32Array,
  hidden: number,
  count: number,
  from: number,
  dInput: Float32Array,
  dRecurrent: Float32Array,
): void {
  for (let row = 0; row < count; row++) {
    const here = (from + row) * hidden
    const to = (from + row) * WIDE * hidden
    const gate = (from + row) * TRACED * hidden
    for (let r = 0; r < hidden; r++) {
      const u = hidden + r
      const n = 2 * hidden + r
      const reset = trace[gate + r]!
      const update = trace[gate + u]!
      const candidate = trace[gate + n]!
      const dh = dH[here + r]!
      const dCandidate = dh * (1 - update) * (1 - candidate * candidate)
      const dReset = dCandidate * trace[gate + 3 * hidden + r]! * reset * (1 - reset)
      const dUpdate = dh * (hBefore[here + r]! - candidate) * update * (1 - update)
      dInput[to + r] = dReset
      dInput[to + u] = dUpdate
      dInput[to + n] = dCandidate
      dRecurrent[to + r] = dReset
      dRecurrent[to + u] = dUpdate
      dRecurrent[to + n] = dCandidate * reset
    }
  }
}

import * as tf from '@tensorflow/tfjs-core'
import { GATES } from '../gates.ts'
import type { LayerWeights } from '../network.ts'
import type { Packing } from './packed.ts'
import { kernelGradient, type Recurrence, scoped, times } from './recurrence.ts'

const WIDE = GATES.length
const [INPUT, FORGET, CANDIDATE, OUTPUT] = (['input', 'forget', 'candidate', 'output'] as const).map((gate) =>
  GATES.indexOf(gate),
) as [number, number, number, number]

/** The LSTM over packed rows. @param weights kernel [I + H, 4H], bias [4H], gate order: gates.ts */
export function packedLstm(weights: LayerWeights, inputs: number, hidden: number): Recurrence {
  const width = WIDE * hidden
  // tanh(x) = 2 sigmoid(2x) - 1, the doubling in the candidate's columns: one sigmoid serves all four gates
  const doubling = new Float32Array(width).fill(1).fill(2, CANDIDATE * hidden, (CANDIDATE + 1) * hidden)
  const doubled = weights.kernel.map((value, i) => value * doubling[i % width]!)
  const inputKernel = tf.tensor2d(doubled.subarray(0, inputs * width), [inputs, width])
  const recurrentKernel = tf.tensor2d(doubled.subarray(inputs * width), [hidden, width])
  const recurrentTransposed = tf.transpose(recurrentKernel)
  const bias = tf.tensor1d(weights.bias.map((value, i) => value * doubling[i]!))

  let packing: Packing
  let x: tf.Tensor2D
  // [R, 4H] sigmoids; [R, H] c and its tanh after each step, h and c before it
  let gates: Float32Array
  let bent: Float32Array
  let hBefore: Float32Array
  let cBefore: Float32Array
  let kept: Float32Array | undefined

  return {
    forward(rows, packs, keep) {
      packing = packs
      kept = keep
      x = rows
      const total = packs.from.at(-1)!
      const sums = tf.add(tf.matMul(rows, inputKernel), bias).dataSync() as Float32Array // [R, 4H]
      gates = new Float32Array(total * width)
      bent = new Float32Array(total * hidden)
      hBefore = new Float32Array(total * hidden)
      cBefore = new Float32Array(total * hidden)
      const tops = new Float32Array(total * hidden)
      const lanes = packs.active[0]!
      const h = new Float32Array(lanes * hidden)
      const c = new Float32Array(lanes * hidden)
      for (let t = 0; t < packs.active.length; t++) {
        const [count, from] = [packs.active[t]!, packs.from[t]!]
        if (keep !== undefined) fade(h, c, keep, from * hidden, count * hidden)
        const sigmoids = scoped(() => {
          const own = tf.tensor2d(sums.subarray(from * width, (from + count) * width), [count, width])
          const carried = tf.tensor2d(h.subarray(0, count * hidden), [count, hidden])
          return tf.sigmoid(tf.add(own, tf.matMul(carried, recurrentKernel))).dataSync() as Float32Array
        })
        gates.set(sigmoids, from * width)
        hBefore.set(h.subarray(0, count * hidden), from * hidden)
        cBefore.set(c.subarray(0, count * hidden), from * hidden)
        gatesForward(sigmoids, hidden, count, h, c, bent, from * hidden)
        tops.set(h.subarray(0, count * hidden), from * hidden)
      }
      return tops
    },

    backward(dH, inputsToo) {
      const { active, from: begin } = packing
      const dz = new Float32Array(gates.length)
      const dc = new Float32Array(active[0]! * hidden)
      const dKeep = kept === undefined ? undefined : new Float32Array(kept.length)
      for (let t = active.length - 1; t >= 0; t--) {
        const [count, from] = [active[t]!, begin[t]!]
        gatesBackward(gates, bent, cBefore, dH, hidden, count, from, dc, dz)
        if (t === 0) break
        const back = times(dz.subarray(from * width), count, recurrentTransposed)
        if (dKeep !== undefined) fadeBack(back, dc, kept!, hBefore, cBefore, from * hidden, dKeep)
        const before = begin[t - 1]! * hidden
        for (let i = 0; i < back.length; i++) dH[before + i]! += back[i]!
      }
      const rows = gates.length / width
      const sums = tf.tensor2d(dz, [rows, width])
      const by = kernelGradient(x, tf.tensor2d(hBefore, [rows, hidden]), sums, sums)
      return {
        kernel: by.kernel.map((value, i) => value * doubling[i % width]!),
        bias: by.inputBias.map((value, i) => value * doubling[i]!),
        dInputs: inputsToo ? tf.matMul(sums, tf.transpose(inputKernel)) : undefined,
        ...(dKeep === undefined ? {} : { dKeep }),
      }
    },
  }
}

// The loops stand by themselves, with nothing captured and nothing made: as closures over the trace they ran five times
// slower.

/** Gates of `count` rows -> h, c [n, H] in place, tanh c at `bentAt`. */
function gatesForward(
  sigmoids: Float32Array,
  hidden: number,
  count: number,
  h: Float32Array,
  c: Float32Array,
  bent: Float32Array,
  bentAt: number,
): void {
  for (let row = 0; row < count; row++) {
    const at = row * hidden
    const gate = row * WIDE * hidden
    for (let unit = 0; unit < hidden; unit++) {
      const candidate = 2 * sigmoids[gate + CANDIDATE * hidden + unit]! - 1
      const kept = sigmoids[gate + FORGET * hidden + unit]! * c[at + unit]!
      const cell = kept + sigmoids[gate + INPUT * hidden + unit]! * candidate
      const tanh = 2 / (1 + Math.exp(-2 * cell)) - 1
      c[at + unit] = cell
      bent[bentAt + at + unit] = tanh
      h[at + unit] = sigmoids[gate + OUTPUT * hidden + unit]! * tanh
    }
  }
}

/** Rows [from, from + count): dH and what later steps say of c -> sums dz, and of c before (dc in place). */
function gatesBackward(
  gates: Float32Array,
  bent: Float32Array,
  cBefore: Float32Array,
  dH: Float32Array,
  hidden: number,
  count: number,
  from: number,
  dc: Float32Array,
  dz: Float32Array,
): void {
  for (let row = 0; row < count; row++) {
    const at = row * hidden
    const here = (from + row) * hidden
    const gate = (from + row) * WIDE * hidden
    for (let unit = 0; unit < hidden; unit++) {
      const g = gate + unit
      const i = gates[g + INPUT * hidden]!
      const f = gates[g + FORGET * hidden]!
      const o = gates[g + OUTPUT * hidden]!
      const s = gates[g + CANDIDATE * hidden]!
      const tanh = bent[here + unit]!
      const dh = dH[here + unit]!
      const dCell = dc[at + unit]! + dh * o * (1 - tanh * tanh)
      dz[g + INPUT * hidden] = dCell * (2 * s - 1) * i * (1 - i)
      dz[g + FORGET * hidden] = dCell * cBefore[here + unit]! * f * (1 - f)
      dz[g + CANDIDATE * hidden] = dCell * i * 2 * s * (1 - s)
      dz[g + OUTPUT * hidden] = dh * tanh * o * (1 - o)
      dc[at + unit] = dCell * f
    }
  }
}

/** h and c of `count` numbers, in place, by the rows of `keep` at `at`. */
function fade(h: Float32Array, c: Float32Array, keep: Float32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) {
    h[i]! *= keep[at + i]!
    c[i]! *= keep[at + i]!
  }
}

/**
 * The way back through `fade`: dh and dc of the faded (in place: of what was there before), and `dKeep`. What is kept of
 * the way there are the faded h and c, so that before = faded / keep, and keep > 0.
 */
function fadeBack(
  dh: Float32Array,
  dc: Float32Array,
  keep: Float32Array,
  hFaded: Float32Array,
  cFaded: Float32Array,
  at: number,
  dKeep: Float32Array,
): void {
  for (let i = 0; i < dh.length; i++) {
    const factor = keep[at + i]!
    dKeep[at + i] = (dh[i]! * hFaded[at + i]! + dc[i]! * cFaded[at + i]!) / factor
    dh[i]! *= factor
    dc[i]! *= factor
  }
}

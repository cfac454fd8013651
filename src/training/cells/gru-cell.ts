import { sigmoid } from '../head.ts'
import type { Cell, Step } from './cell.ts'
import { type Layer, sumsBack, weightedSums } from './weighted-sums.ts'

export interface GruStep extends Step {
  /** [H] each */
  readonly reset: Float64Array
  readonly update: Float64Array
  readonly candidate: Float64Array
  /** the candidate's recurrent sum, before reset */
  readonly recurrent: Float64Array
}

const GATES = 3

/**
 * The gated recurrent unit (Cho et al., arXiv 1406.1078) in the form of cuDNN, PyTorch and ONNX's linear_before_reset:
 * r, u = sigmoid(x W + b + h R + d), n = tanh(x W + b + r (h R + d)), h = n + u (h_before - n). State [H] = h: what the
 * update gate lets through is carried unchanged, as an LSTM's cell is.
 * @param kernel [I + H, 3H]: rows of W above those of R; columns reset r, update u, candidate n
 * @param bias [2, 3H]: b, then d
 */
export function gruCell(kernel: Float64Array, bias: Float64Array): Cell<GruStep> {
  const width = bias.length / 2
  const hidden = width / GATES
  const inputs = kernel.length / width - hidden
  const cut = inputs * width
  const own: Layer = { kernel: kernel.subarray(0, cut), bias: bias.subarray(0, width) }
  const carried: Layer = { kernel: kernel.subarray(cut), bias: bias.subarray(width) }
  return {
    inputs,
    stateSize: hidden,
    outputs: hidden,
    parameters: [kernel, bias],
    step(x, before) {
      const a = weightedSums(own, x)
      const b = weightedSums(carried, before)
      const block = (n: number, of: Float64Array) => of.subarray(n * hidden, (n + 1) * hidden)
      const reset = block(0, a).map((sum, unit) => sigmoid(sum + b[unit]!))
      const update = block(1, a).map((sum, unit) => sigmoid(sum + b[hidden + unit]!))
      const recurrent = block(2, b).slice()
      const candidate = block(2, a).map((sum, unit) => Math.tanh(sum + reset[unit]! * recurrent[unit]!))
      const state = candidate.map((n, unit) => n + update[unit]! * (before[unit]! - n))
      return { x, before, state, reset, update, candidate, recurrent }
    },
    back({ x, before, reset, update, candidate, recurrent }, dState, gradients) {
      const dOwn = new Float64Array(width)
      const dCarried = new Float64Array(width)
      for (let unit = 0; unit < hidden; unit++) {
        const [r, u, n] = [reset[unit]!, update[unit]!, candidate[unit]!]
        const dh = dState[unit]!
        const dCandidate = dh * (1 - u) * (1 - n * n)
        const dReset = dCandidate * recurrent[unit]! * r * (1 - r)
        const dUpdate = dh * (before[unit]! - n) * u * (1 - u)
        dOwn.set([dReset], unit)
        dOwn.set([dUpdate], hidden + unit)
        dOwn.set([dCandidate], 2 * hidden + unit)
        dCarried.set([dReset], unit)
        dCarried.set([dUpdate], hidden + unit)
        dCarried.set([dCandidate * r], 2 * hidden + unit)
      }
      const parts = (from: number, to: number, biasFrom: number) =>
        gradients === undefined
          ? undefined
          : [gradients[0]!.subarray(from, to), gradients[1]!.subarray(biasFrom, biasFrom + width)]
      const dx = sumsBack(own, x, dOwn, parts(0, cut, 0))
      const dBefore = sumsBack(carried, before, dCarried, parts(cut, kernel.length, width))
      for (let unit = 0; unit < hidden; unit++) dBefore[unit]! += dState[unit]! * update[unit]!
      return { dx, dBefore }
    },
  }
}

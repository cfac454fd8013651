import type { Cell, Step } from './cell.ts'
import { type ActivationName, hiddenLayer, hiddenLayerBack } from './hidden-layer.ts'

export interface RnnStep extends Step {
  /** [I + H] input, then the state before */
  readonly read: Float64Array
}

/**
 * The plain recurrent network (Elman 1990): a hidden layer that reads, beside its input, its own previous answer.
 * h_t = f(b + x_t W + h_{t-1} U). State [H] = h.
 * @param kernel [I + H, H]: W above U
 * @param bias [H]
 */
export function rnnCell(kernel: Float64Array, bias: Float64Array, activation: ActivationName): Cell<RnnStep> {
  const hidden = bias.length
  const inputs = kernel.length / hidden - hidden
  const layer = { kernel, bias }
  return {
    inputs,
    stateSize: hidden,
    outputs: hidden,
    parameters: [kernel, bias],
    step(x, before) {
      const read = new Float64Array(inputs + hidden)
      read.set(x)
      read.set(before, inputs)
      return { x, before, read, state: hiddenLayer(layer, activation, read) }
    },
    back({ read, state }, dState, gradients) {
      const dRead = hiddenLayerBack(layer, activation, read, state, dState, gradients)
      return { dx: dRead.subarray(0, inputs), dBefore: dRead.subarray(inputs) }
    },
  }
}

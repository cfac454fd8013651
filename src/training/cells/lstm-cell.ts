import { GATES } from '../gates.ts'
import { sigmoid } from '../head.ts'
import type { Cell, Step } from './cell.ts'
import { type Layer, sumsBack, weightedSums } from './weighted-sums.ts'

export interface LstmStep extends Step {
  /** [I + H] input, then h before */
  readonly read: Float64Array
  /** [4H] in the order of GATES: input i, forget f, candidate g, output o */
  readonly gates: Float64Array
}

const [INPUT, FORGET, CANDIDATE, OUTPUT] = (['input', 'forget', 'candidate', 'output'] as const).map((gate) =>
  GATES.indexOf(gate),
) as [number, number, number, number]

/**
 * One LSTM step in doubles (Hochreiter and Schmidhuber 1997; forget gates: Gers 2000). Beside its answer h it keeps a
 * cell c, which nothing but the forget gate multiplies: c = f c_before + i g, h = o tanh(c).
 * @param layer kernel [I + H, 4H], bias [4H], gate order: gates.ts
 * @param before [2H] c, then h
 */
export function lstmStep(layer: Layer, x: Float64Array, before: Float64Array): LstmStep {
  const hidden = layer.bias.length / GATES.length
  const read = new Float64Array(x.length + hidden)
  read.set(x)
  read.set(before.subarray(hidden), x.length)
  const gates = weightedSums(layer, read)
  const candidates = CANDIDATE * hidden
  for (let n = 0; n < gates.length; n++) {
    gates[n] = n >= candidates && n < candidates + hidden ? Math.tanh(gates[n]!) : sigmoid(gates[n]!)
  }
  const state = new Float64Array(2 * hidden)
  for (let unit = 0; unit < hidden; unit++) {
    const [i, f] = [gates[INPUT * hidden + unit]!, gates[FORGET * hidden + unit]!]
    const [g, o] = [gates[candidates + unit]!, gates[OUTPUT * hidden + unit]!]
    state[unit] = f * before[unit]! + i * g
    state[hidden + unit] = o * Math.tanh(state[unit]!)
  }
  return { x, before, read, gates, state }
}

/**
 * The LSTM as a cell that learns. State [2H] = [c; h].
 * @param kernel [I + H, 4H]: rows of the input above those of h, gate order: gates.ts
 * @param bias [4H]
 */
export function lstmCell(kernel: Float64Array, bias: Float64Array): Cell<LstmStep> {
  const hidden = bias.length / GATES.length
  const inputs = kernel.length / bias.length - hidden
  const layer = { kernel, bias }
  return {
    inputs,
    stateSize: 2 * hidden,
    outputs: hidden,
    parameters: [kernel, bias],
    step: (x, before) => lstmStep(layer, x, before),
    back({ read, gates, before, state }, dState, gradients) {
      const dz = new Float64Array(bias.length)
      const dBefore = new Float64Array(2 * hidden)
      for (let unit = 0; unit < hidden; unit++) {
        const [i, f] = [gates[INPUT * hidden + unit]!, gates[FORGET * hidden + unit]!]
        const [g, o] = [gates[CANDIDATE * hidden + unit]!, gates[OUTPUT * hidden + unit]!]
        const bent = Math.tanh(state[unit]!)
        const dh = dState[hidden + unit]!
        // c is read by the next step and, through h = o tanh(c), by this one's answer
        const dc = dState[unit]! + dh * o * (1 - bent * bent)
        dBefore[unit] = dc * f // the whole road back through time: no weight, no squashing, only f
        dz[INPUT * hidden + unit] = dc * g * i * (1 - i)
        dz[FORGET * hidden + unit] = dc * before[unit]! * f * (1 - f)
        dz[CANDIDATE * hidden + unit] = dc * i * (1 - g * g)
        dz[OUTPUT * hidden + unit] = dh * bent * o * (1 - o)
      }
      const dRead = sumsBack(layer, read, dz, gradients)
      dBefore.set(dRead.subarray(inputs), hidden)
      return { dx: dRead.subarray(0, inputs), dBefore }
    },
  }
}

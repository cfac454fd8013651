import { GATES, ONNX_GATES } from '../gates.ts'
import type { LayerWeights } from '../network.ts'
import type { Draft } from './draft.ts'

/**
 * A layer as ONNX's LSTM operator takes it: W{name} [1, 4H, I], R{name} [1, 4H, H] and B{name} [1, 8H], the input biases and
 * then the recurrent ones, which are zero; gate order i, o, f, c.
 */
export function lstmOperands(draft: Draft, name: string, inputs: number, hidden: number, weights: LayerWeights): void {
  const gates = ONNX_GATES.length * hidden
  const blocks = ONNX_GATES.map((gate) => GATES.indexOf(gate) * hidden)
  const w = new Float32Array(gates * inputs)
  const r = new Float32Array(gates * hidden)
  const b = new Float32Array(2 * gates)
  blocks.forEach((from, gate) => {
    for (let unit = 0; unit < hidden; unit++) {
      const row = gate * hidden + unit
      for (let i = 0; i < inputs; i++) w[row * inputs + i] = weights.kernel[i * gates + from + unit]!
      for (let i = 0; i < hidden; i++) r[row * hidden + i] = weights.kernel[(inputs + i) * gates + from + unit]!
      b[row] = weights.bias[from + unit]!
    }
  })
  draft.initialisers.push(
    { name: `W${name}`, dims: [1, gates, inputs], data: w },
    { name: `R${name}`, dims: [1, gates, hidden], data: r },
    { name: `B${name}`, dims: [1, 2 * gates], data: b },
  )
}

import type { OnnxModel, Port } from '../../onnx/proto.ts'
import { GATES, type Gate } from '../gates.ts'
import { inputSize, type LayerWeights, type NetworkShape, type Weights } from '../network.ts'
import { constants, type Draft, node, scalar } from './draft.ts'
import { lstmOperands } from './lstm-operands.ts'

/** How the LSTM is written down: ONNX's own operator, or products, sums and gates one by one. */
export const GRAPH_FORMS = ['lstm-operator', 'plain-products'] as const
export type GraphForm = (typeof GRAPH_FORMS)[number]

export const OPSET = 17

/** In plain products the three sigmoid gates stand together, so that one Sigmoid serves them. */
export const PLAIN_GATES: readonly Gate[] = ['input', 'forget', 'output', 'candidate']

/**
 * One step of the network as an ONNX model: x [B, F], state_in [B, L 2 H] -> forecast [B, K 2 C], state_out [B, L 2 H];
 * a state row is layer by layer h then c.
 * @param scaleFloor [C] smallest scale of a forecast, normalised: half a resolution cell
 */
export function stepGraph(
  shape: NetworkShape,
  weights: Weights,
  scaleFloor: Float32Array,
  form: GraphForm,
  about: { name: string; producer: string; metadata: Readonly<Record<string, string>> },
): OnnxModel {
  const draft: Draft = { nodes: [], initialisers: [] }
  const { layers, hidden } = shape
  const pieces = (h: string, c: string) => Array.from({ length: layers }, (_, l) => [`${h}${l}`, `${c}${l}`]).flat()
  node(draft, 'Split', ['state_in'], pieces('h_old', 'c_old'), { axis: 1 }) // [B, H] each
  const layer = form === 'lstm-operator' ? operatorLayer : plainLayer
  let below = 'x' // [B, F], then [B, H]
  for (let l = 0; l < layers; l++) below = layer(draft, l, inputSize(shape, l), hidden, weights.layers[l]!, below)
  node(draft, 'Concat', pieces('h', 'c'), ['state_out'], { axis: 1 })
  head(draft, shape, weights.head, scaleFloor, below)
  const state = (name: string): Port => ({ name, dims: ['batch', layers * 2 * hidden] })
  return {
    ...about,
    opset: OPSET,
    ...draft,
    inputs: [{ name: 'x', dims: ['batch', shape.features] }, state('state_in')],
    outputs: [{ name: 'forecast', dims: ['batch', shape.horizons * 2 * shape.channels] }, state('state_out')],
  }
}

/** The LSTM operator over a sequence of one step: X [1, B, I]. @returns name of h [B, H] */
function operatorLayer(
  draft: Draft,
  l: number,
  inputs: number,
  hidden: number,
  weights: LayerWeights,
  below: string,
): string {
  lstmOperands(draft, String(l), inputs, hidden, weights)
  if (l === 0) constants(draft, 'axis0', [0])
  node(draft, 'Unsqueeze', [below, 'axis0'], [`X${l}`])
  node(draft, 'Unsqueeze', [`h_old${l}`, 'axis0'], [`H${l}`]) // [1, B, H]
  node(draft, 'Unsqueeze', [`c_old${l}`, 'axis0'], [`C${l}`])
  // no sequence_lens (zero lengths clear the state); Y itself is not needed
  const operands = [`X${l}`, `W${l}`, `R${l}`, `B${l}`, '', `H${l}`, `C${l}`]
  node(draft, 'LSTM', operands, ['', `H_new${l}`, `C_new${l}`], { hidden_size: hidden })
  node(draft, 'Squeeze', [`H_new${l}`, 'axis0'], [`h${l}`])
  node(draft, 'Squeeze', [`C_new${l}`, 'axis0'], [`c${l}`])
  return `h${l}`
}

/** The same layer in single operations. @returns name of h [B, H] */
function plainLayer(
  draft: Draft,
  l: number,
  inputs: number,
  hidden: number,
  weights: LayerWeights,
  below: string,
): string {
  const gates = GATES.length * hidden
  const kernel = new Float32Array(weights.kernel.length)
  const bias = new Float32Array(gates)
  PLAIN_GATES.forEach((gate, block) => {
    const from = GATES.indexOf(gate) * hidden
    for (let row = 0; row < inputs + hidden; row++) {
      const at = row * gates
      kernel.set(weights.kernel.subarray(at + from, at + from + hidden), at + block * hidden)
    }
    bias.set(weights.bias.subarray(from, from + hidden), block * hidden)
  })
  draft.initialisers.push(
    { name: `kernel${l}`, dims: [inputs + hidden, gates], data: kernel },
    { name: `bias${l}`, dims: [gates], data: bias },
  )
  constants(draft, `sizes${l}`, [3 * hidden, hidden])
  node(draft, 'Concat', [below, `h_old${l}`], [`xh${l}`], { axis: 1 })
  node(draft, 'Gemm', [`xh${l}`, `kernel${l}`, `bias${l}`], [`z${l}`])
  node(draft, 'Split', [`z${l}`, `sizes${l}`], [`z_ifo${l}`, `z_g${l}`], { axis: 1 })
  node(draft, 'Sigmoid', [`z_ifo${l}`], [`ifo${l}`])
  node(draft, 'Tanh', [`z_g${l}`], [`g${l}`])
  node(draft, 'Split', [`ifo${l}`], [`i${l}`, `f${l}`, `o${l}`], { axis: 1 })
  node(draft, 'Mul', [`f${l}`, `c_old${l}`], [`kept${l}`])
  node(draft, 'Mul', [`i${l}`, `g${l}`], [`new${l}`])
  node(draft, 'Add', [`kept${l}`, `new${l}`], [`c${l}`])
  node(draft, 'Tanh', [`c${l}`], [`tanh_c${l}`])
  node(draft, 'Mul', [`o${l}`, `tanh_c${l}`], [`h${l}`])
  return `h${l}`
}

/** mean = last value + product, scale = floor + aboveFloor(product): forecast [B, K 2 C], for each horizon C means then C scales. */
function head(draft: Draft, shape: NetworkShape, weights: LayerWeights, scaleFloor: Float32Array, h: string): void {
  const { channels, horizons, hidden } = shape
  const each = horizons * channels
  const floors = Float32Array.from({ length: each }, (_, i) => scaleFloor[i % channels]!)
  draft.initialisers.push(
    { name: 'head_kernel', dims: [hidden, 2 * each], data: weights.kernel },
    { name: 'head_bias', dims: [2 * each], data: weights.bias },
    { name: 'scale_floor', dims: [each], data: floors },
  )
  const perHorizon = (name: string) => Array.from({ length: horizons }, (_, k) => `${name}${k}`)
  constants(draft, 'from_value', [0])
  constants(draft, 'to_value', [channels])
  constants(draft, 'axis1', [1])
  node(draft, 'Gemm', [h, 'head_kernel', 'head_bias'], ['head'])
  node(draft, 'Split', ['head'], ['above_last', 'raw_scale'], { axis: 1 })
  // the first C features are the newest values
  node(draft, 'Slice', ['x', 'from_value', 'to_value', 'axis1'], ['last'])
  node(draft, 'Concat', new Array(horizons).fill('last'), ['lasts'], { axis: 1 })
  node(draft, 'Add', ['lasts', 'above_last'], ['mean'])
  // ((a + sqrt(a^2 + 4)) / 2)^4: exactly rounded operations only, so that a row's bits do not depend on its company
  scalar(draft, 'four', 4)
  scalar(draft, 'half', 0.5)
  node(draft, 'Mul', ['raw_scale', 'raw_scale'], ['squared'])
  node(draft, 'Add', ['squared', 'four'], ['under_root'])
  node(draft, 'Sqrt', ['under_root'], ['root'])
  node(draft, 'Add', ['raw_scale', 'root'], ['doubled'])
  node(draft, 'Mul', ['doubled', 'half'], ['first'])
  node(draft, 'Mul', ['first', 'first'], ['second'])
  node(draft, 'Mul', ['second', 'second'], ['above_floor'])
  node(draft, 'Add', ['above_floor', 'scale_floor'], ['scale'])
  const [means, scales] = [perHorizon('mean'), perHorizon('scale')]
  node(draft, 'Split', ['mean'], means, { axis: 1 })
  node(draft, 'Split', ['scale'], scales, { axis: 1 })
  const ordered = means.flatMap((mean, k) => [mean, scales[k]!])
  node(draft, 'Concat', ordered, ['forecast'], { axis: 1 })
}

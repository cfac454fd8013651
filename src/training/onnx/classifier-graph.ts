import type { OnnxModel } from '../../onnx/proto.ts'
import type { DecayWeights } from '../classifier/decay.ts'
import { type ClassifierShape, type ClassifierWeights, carriedOf, cellInputs, gatesOf, outputsOf } from '../classifier/shape.ts' // biome-ignore format: one line
import { GATES, type Gate } from '../gates.ts'
import type { LayerWeights } from '../network.ts'
import { constants, type Draft, node, product, scalar } from './draft.ts'
import { OPSET } from './graph.ts'

/** The three sigmoid gates stand together, so that one Sigmoid serves them. */
const LSTM_ORDER: readonly Gate[] = ['input', 'forget', 'output', 'candidate']

/**
 * One step of an ensemble as an ONNX model in plain products: x [B, F], state_in [B, M S] -> forecast [B, N], the mean of
 * the members' logits, and state_out [B, M S]; a member's state is h then c (LSTM) or h (the others).
 */
export function classifierGraph(
  shape: ClassifierShape,
  members: readonly ClassifierWeights[],
  about: { name: string; producer: string; metadata: Readonly<Record<string, string>> },
): OnnxModel {
  const draft: Draft = { nodes: [], initialisers: [] }
  const { inputs, sequence, hidden, cell } = shape
  const carried = carriedOf(cell)
  const old = members.flatMap((_, m) => (carried === 2 ? [`h_old${m}`, `c_old${m}`] : [`h_old${m}`]))
  if (old.length === 1) node(draft, 'Identity', ['state_in'], old)
  else node(draft, 'Split', ['state_in'], old, { axis: 1 }) // [B, H] each
  if (sequence < inputs) {
    constants(draft, 'x_sizes', [sequence, inputs - sequence])
    node(draft, 'Split', ['x', 'x_sizes'], ['x_cell', 'x_beside'], { axis: 1 })
  }
  if (cell === 'lstm' || cell === 'gru') constants(draft, 'cell_sizes', [(gatesOf(cell) - 1) * hidden, hidden])
  const step = cell === 'lstm' ? lstmStep : cell === 'gru' ? gruStep : rnnStep
  if (shape.decay !== undefined) {
    scalar(draft, 'one', 1)
    constants(draft, 'decay_sizes', [shape.decay, shape.decay, shape.decay, sequence - 3 * shape.decay])
  }
  const logits = members.map((weights, m) => {
    const whole = sequence < inputs ? 'x_cell' : 'x'
    const seen = weights.decay === undefined ? whole : decayStep(draft, shape, weights.decay, whole, m)
    const below = weights.front === undefined ? seen : relu(draft, seen, `front${m}`, sequence, weights.front)
    step(draft, shape, weights.cell, below, m)
    if (weights.back === undefined) return product(draft, `h${m}`, `logit${m}`, [hidden, outputsOf(shape)], weights.logit.kernel, weights.logit.bias) // biome-ignore format: one line
    let joined = `h${m}`
    if (sequence < inputs) {
      joined = `joined${m}`
      node(draft, 'Concat', [`h${m}`, 'x_beside'], [joined], { axis: 1 })
    }
    const back = relu(draft, joined, `back${m}`, hidden + inputs - sequence, weights.back)
    return product(draft, back, `logit${m}`, [shape.back, outputsOf(shape)], weights.logit.kernel, weights.logit.bias)
  })
  const states = members.flatMap((_, m) => (carried === 2 ? [`h${m}`, `c${m}`] : [`h${m}`]))
  if (states.length === 1) node(draft, 'Identity', states, ['state_out'])
  else node(draft, 'Concat', states, ['state_out'], { axis: 1 })
  node(draft, 'Mean', logits, ['forecast'])
  const width = members.length * carried * hidden
  return {
    ...about,
    opset: OPSET,
    ...draft,
    inputs: [
      { name: 'x', dims: ['batch', inputs] },
      { name: 'state_in', dims: ['batch', width] },
    ],
    outputs: [
      { name: 'forecast', dims: ['batch', outputsOf(shape)] },
      { name: 'state_out', dims: ['batch', width] },
    ],
  }
}

function relu(draft: Draft, input: string, name: string, rows: number, { kernel, bias }: LayerWeights): string {
  product(draft, input, `${name}_sums`, [rows, bias.length], kernel, bias)
  node(draft, 'Relu', [`${name}_sums`], [name])
  return name
}

/** Writes h{m} and c{m} [B, H]. */
function lstmStep(draft: Draft, shape: ClassifierShape, weights: LayerWeights, below: string, m: number): void {
  const { hidden, cell } = shape
  const rows = cellInputs(shape) + hidden
  const width = gatesOf(cell) * hidden
  const kernel = new Float32Array(weights.kernel.length)
  const bias = new Float32Array(width)
  LSTM_ORDER.forEach((gate, block) => {
    const from = GATES.indexOf(gate) * hidden
    for (let row = 0; row < rows; row++) {
      const at = row * width
      kernel.set(weights.kernel.subarray(at + from, at + from + hidden), at + block * hidden)
    }
    bias.set(weights.bias.subarray(from, from + hidden), block * hidden)
  })
  const faded = shape.decay === undefined ? '' : '_faded'
  node(draft, 'Concat', [below, `h_old${m}${faded}`], [`xh${m}`], { axis: 1 })
  product(draft, `xh${m}`, `z${m}`, [rows, width], kernel, bias)
  node(draft, 'Split', [`z${m}`, 'cell_sizes'], [`z_ifo${m}`, `z_g${m}`], { axis: 1 })
  node(draft, 'Sigmoid', [`z_ifo${m}`], [`ifo${m}`])
  node(draft, 'Tanh', [`z_g${m}`], [`g${m}`])
  node(draft, 'Split', [`ifo${m}`], [`i${m}`, `f${m}`, `o${m}`], { axis: 1 })
  node(draft, 'Mul', [`f${m}`, `c_old${m}${faded}`], [`kept${m}`])
  node(draft, 'Mul', [`i${m}`, `g${m}`], [`new${m}`])
  node(draft, 'Add', [`kept${m}`, `new${m}`], [`c${m}`])
  node(draft, 'Tanh', [`c${m}`], [`tanh_c${m}`])
  node(draft, 'Mul', [`o${m}`, `tanh_c${m}`], [`h${m}`])
}

/**
 * Values that are old are believed less, memories fade (`cells/decaying.ts`): writes h_old{m}_faded and c_old{m}_faded.
 * @returns name of what the cell reads [B, Q]
 */
function decayStep(draft: Draft, shape: ClassifierShape, decay: DecayWeights, whole: string, m: number): string {
  const series = shape.decay!
  node(draft, 'Split', [whole, 'decay_sizes'], [`values${m}`, `masks${m}`, `ages${m}`, `rest${m}`], { axis: 1 })
  draft.initialisers.push(
    { name: `trust_kernel${m}`, dims: [series], data: decay.input.kernel },
    { name: `trust_bias${m}`, dims: [series], data: decay.input.bias },
  )
  node(draft, 'Mul', [`ages${m}`, `trust_kernel${m}`], [`aged${m}`])
  node(draft, 'Add', [`aged${m}`, `trust_bias${m}`], [`trust_sums${m}`])
  const trust = fading(draft, `trust_sums${m}`, `trust${m}`)
  node(draft, 'Sub', ['one', `masks${m}`], [`missing${m}`])
  node(draft, 'Mul', [`missing${m}`, trust], [`old${m}`])
  node(draft, 'Add', [`masks${m}`, `old${m}`], [`believed${m}`])
  node(draft, 'Mul', [`values${m}`, `believed${m}`], [`faded_values${m}`])
  node(draft, 'Concat', [`faded_values${m}`, `masks${m}`, `ages${m}`, `rest${m}`], [`read${m}`], { axis: 1 })
  product(draft, `ages${m}`, `keep_sums${m}`, [series, shape.hidden], decay.hidden.kernel, decay.hidden.bias)
  const keep = fading(draft, `keep_sums${m}`, `keep${m}`)
  for (const part of ['h', 'c']) node(draft, 'Mul', [`${part}_old${m}`, keep], [`${part}_old${m}_faded`])
  return `read${m}`
}

/** exp(-max(0, sums)) */
function fading(draft: Draft, sums: string, name: string): string {
  node(draft, 'Relu', [sums], [`${name}_rate`])
  node(draft, 'Neg', [`${name}_rate`], [`${name}_less`])
  node(draft, 'Exp', [`${name}_less`], [name])
  return name
}

/** Writes h{m} [B, H]. */
function rnnStep(draft: Draft, shape: ClassifierShape, { kernel, bias }: LayerWeights, below: string, m: number): void {
  const { hidden, cell } = shape
  node(draft, 'Concat', [below, `h_old${m}`], [`xh${m}`], { axis: 1 })
  product(draft, `xh${m}`, `z${m}`, [cellInputs(shape) + hidden, hidden], kernel, bias)
  node(draft, cell === 'tanh' ? 'Tanh' : 'Relu', [`z${m}`], [`h${m}`])
}

/** Writes h{m} [B, H]. */
function gruStep(draft: Draft, shape: ClassifierShape, { kernel, bias }: LayerWeights, below: string, m: number): void {
  const { hidden, cell } = shape
  const inputs = cellInputs(shape)
  const width = gatesOf(cell) * hidden
  const cut = inputs * width
  product(draft, below, `zx${m}`, [inputs, width], kernel.subarray(0, cut), bias.subarray(0, width))
  product(draft, `h_old${m}`, `zh${m}`, [hidden, width], kernel.subarray(cut), bias.subarray(width))
  node(draft, 'Split', [`zx${m}`, 'cell_sizes'], [`zx_ru${m}`, `zx_n${m}`], { axis: 1 })
  node(draft, 'Split', [`zh${m}`, 'cell_sizes'], [`zh_ru${m}`, `zh_n${m}`], { axis: 1 })
  node(draft, 'Add', [`zx_ru${m}`, `zh_ru${m}`], [`z_ru${m}`])
  node(draft, 'Sigmoid', [`z_ru${m}`], [`ru${m}`])
  node(draft, 'Split', [`ru${m}`], [`r${m}`, `u${m}`], { axis: 1 })
  node(draft, 'Mul', [`r${m}`, `zh_n${m}`], [`reset_n${m}`])
  node(draft, 'Add', [`zx_n${m}`, `reset_n${m}`], [`z_n${m}`])
  node(draft, 'Tanh', [`z_n${m}`], [`n${m}`])
  node(draft, 'Sub', [`h_old${m}`, `n${m}`], [`from_n${m}`])
  node(draft, 'Mul', [`u${m}`, `from_n${m}`], [`kept${m}`])
  node(draft, 'Add', [`n${m}`, `kept${m}`], [`h${m}`])
}

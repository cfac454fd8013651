import { VigilError } from '../../errors.ts'
import type { ReadOnnx } from '../../onnx/read.ts'
import { GATES, ONNX_GATES } from '../gates.ts'
import { inputSize, type LayerWeights, type NetworkShape, type Weights } from '../network.ts'
import { type GraphForm, PLAIN_GATES } from './graph.ts'

/**
 * The weights that a step graph was written from, bit for bit, so that a model can be trained further from its file.
 * @throws VigilError model-corrupt when a constant is missing or of another size
 */
export function graphWeights(shape: NetworkShape, form: GraphForm, { tensors }: ReadOnnx): Weights {
  const constant = (name: string, length: number): Float32Array => {
    const found = tensors.get(name)
    if (found?.length === length) return found
    throw new VigilError('model-corrupt', `the graph has no constant ${name} of ${length} numbers`)
  }
  const layer = form === 'lstm-operator' ? operatorWeights : plainWeights
  const outputs = 2 * shape.horizons * shape.channels
  return {
    layers: Array.from({ length: shape.layers }, (_, l) => layer(l, inputSize(shape, l), shape.hidden, constant)),
    head: { kernel: constant('head_kernel', shape.hidden * outputs), bias: constant('head_bias', outputs) },
  }
}

type Constant = (name: string, length: number) => Float32Array

function operatorWeights(l: number, inputs: number, hidden: number, constant: Constant): LayerWeights {
  const gates = GATES.length * hidden
  const w = constant(`W${l}`, gates * inputs)
  const r = constant(`R${l}`, gates * hidden)
  const b = constant(`B${l}`, 2 * gates)
  const kernel = new Float32Array((inputs + hidden) * gates)
  const bias = new Float32Array(gates)
  ONNX_GATES.forEach((gate, block) => {
    const to = GATES.indexOf(gate) * hidden
    for (let unit = 0; unit < hidden; unit++) {
      const row = block * hidden + unit
      for (let i = 0; i < inputs; i++) kernel[i * gates + to + unit] = w[row * inputs + i]!
      for (let i = 0; i < hidden; i++) kernel[(inputs + i) * gates + to + unit] = r[row * hidden + i]!
      bias[to + unit] = b[row]!
    }
  })
  return { kernel, bias }
}

function plainWeights(l: number, inputs: number, hidden: number, constant: Constant): LayerWeights {
  const gates = GATES.length * hidden
  const from = constant(`kernel${l}`, (inputs + hidden) * gates)
  const fromBias = constant(`bias${l}`, gates)
  const kernel = new Float32Array(from.length)
  const bias = new Float32Array(gates)
  PLAIN_GATES.forEach((gate, block) => {
    const to = GATES.indexOf(gate) * hidden
    for (let row = 0; row < inputs + hidden; row++) {
      const at = row * gates
      kernel.set(from.subarray(at + block * hidden, at + (block + 1) * hidden), at + to)
    }
    bias.set(fromBias.subarray(block * hidden, (block + 1) * hidden), to)
  })
  return { kernel, bias }
}

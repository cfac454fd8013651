import { encodeModel } from '../../src/onnx/proto.ts'
import { type GraphForm, OPSET, stepGraph } from '../../src/training/onnx/graph.ts'
import type { TestModel } from './test-model.ts'

/**
 * The model with Softplus on its scales, which onnxruntime rounds differently beyond the last group of four elements:
 * where K C is no multiple of four, a row alone is not the row in a batch.
 */
export function softplusScales({ network, weights }: TestModel, form: GraphForm = 'lstm-operator'): Uint8Array {
  const about = { name: 'softplus', producer: 'vigil tests', metadata: {} }
  const graph = stepGraph(network, weights, new Float32Array(network.channels).fill(0.05), form, about)
  const nodes = graph.nodes.map((node) =>
    node.outputs[0] === 'above_floor' ? { op: 'Softplus', inputs: ['raw_scale'], outputs: ['above_floor'] } : node,
  )
  return encodeModel({ ...graph, opset: OPSET, nodes })
}

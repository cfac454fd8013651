import { encodeModel } from '../../src/onnx/proto.ts'
import { OPSET, stepGraph } from '../../src/training/onnx/graph.ts'
import type { TestModel } from './test-model.ts'

/** The model with its features averaged over the batch: right for a row alone, wrong in company. */
export function mixedRows({ network, weights }: TestModel): Uint8Array {
  const about = { name: 'mixed', producer: 'vigil tests', metadata: {} }
  const graph = stepGraph(network, weights, new Float32Array(network.channels).fill(0.05), 'lstm-operator', about)
  const mean = { op: 'ReduceMean', inputs: ['x'], outputs: ['x_mean'], attributes: { axes: [0], keepdims: 1 } }
  const spread = { op: 'Sub', inputs: ['x', 'x_mean'], outputs: ['x_spread'] }
  const mixed = { op: 'Sub', inputs: ['x', 'x_spread'], outputs: ['x_mixed'] }
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === 'x' ? 'x_mixed' : name)),
  }))
  return encodeModel({ ...graph, opset: OPSET, nodes: [mean, spread, mixed, ...nodes] })
}

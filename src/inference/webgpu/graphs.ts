import { encodeModel, type GraphNode, type OnnxModel, type Port, surround } from '../../onnx/proto.ts'
import { type GraphShape, stateSize } from '../graph-shape.ts'

// The graphs that run on the device. All of them speak of one state tensor [R, S] that stays there, a row a slot, and of
// rows in it by their slots [B, 1].

const ROWS = { name: 'slots', dims: ['B', 1], type: 'int64' } as const satisfies Port
const OPSET = 17

/**
 * The model's graph with its state on the device: rows are gathered before it and put back after it, and its own nodes
 * stay as they are. x [B, F], state [R, S], slots [B, 1] -> forecast [B, O], state_next [R, S]
 */
export function residentGraph(onnx: Uint8Array, shape: GraphShape): Uint8Array {
  return surround(onnx, {
    before: [gather('state_in')],
    after: [scatter('state_out')],
    inputs: [{ name: 'x', dims: ['B', shape.features] }, stateOf(shape, 'state'), ROWS],
    outputs: [{ name: 'forecast', dims: ['B', shape.outputs] }, stateOf(shape, 'state_next')],
  })
}

/** rows [B, S] of slots, out of the state. */
export function readGraph(shape: GraphShape): Uint8Array {
  return graph('read', [gather('rows')], [stateOf(shape, 'state'), ROWS], [rowsOf(shape)])
}

/** rows [B, S] of slots, into the state. */
export function writeGraph(shape: GraphShape): Uint8Array {
  return graph(
    'write',
    [scatter('rows')],
    [stateOf(shape, 'state'), ROWS, rowsOf(shape)],
    [stateOf(shape, 'state_next')],
  )
}

/** More rows [B, S] behind the state's, which may be none. */
export function growGraph(shape: GraphShape): Uint8Array {
  const node = { op: 'Concat', inputs: ['state', 'rows'], outputs: ['state_next'], attributes: { axis: 0 } }
  const next = { name: 'state_next', dims: ['N', stateSize(shape)] }
  return graph('grow', [node], [stateOf(shape, 'state'), rowsOf(shape)], [next])
}

const gather = (rows: string): GraphNode => ({ op: 'GatherND', inputs: ['state', 'slots'], outputs: [rows] })

const scatter = (rows: string): GraphNode => ({
  op: 'ScatterND',
  inputs: ['state', 'slots', rows],
  outputs: ['state_next'],
})

const stateOf = (shape: GraphShape, name: string): Port => ({ name, dims: ['R', stateSize(shape)] })
const rowsOf = (shape: GraphShape): Port => ({ name: 'rows', dims: ['B', stateSize(shape)] })

function graph(name: string, nodes: GraphNode[], inputs: Port[], outputs: Port[]): Uint8Array {
  const about: OnnxModel = {
    name,
    producer: 'vigil',
    opset: OPSET,
    nodes,
    initialisers: [],
    inputs,
    outputs,
    metadata: {},
  }
  return encodeModel(about)
}

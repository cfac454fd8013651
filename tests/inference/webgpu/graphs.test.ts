import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { stateSize } from '../../../src/inference/graph-shape.ts'
import { growGraph, readGraph, residentGraph, writeGraph } from '../../../src/inference/webgpu/graphs.ts'
import type { GraphForm } from '../../../src/training/onnx/graph.ts'
import { features, ODD, testModel } from '../test-model.ts'

const ROWS = 9
const B = 4
const SLOTS = [7, 2, 8, 0]

describe('nodes put around a graph', () => {
  it.each<GraphForm>(['lstm-operator', 'plain-products'])('leave its own as they are, byte for byte: %s', (form) => {
    const { onnx, shape } = testModel(ODD, form)
    const around = Buffer.from(residentGraph(onnx, shape))
    // the graph's inputs come after its nodes and constants: all before them stands there in one piece
    const ports = Buffer.from(onnx).indexOf(Buffer.from('\x0a\x01x\x12', 'latin1'))
    const graph = Buffer.from(onnx).indexOf(Buffer.from('state_in', 'latin1')) - 4
    expect(ports).toBeGreaterThan(graph)
    expect(around.includes(Buffer.from(onnx).subarray(graph, ports - 2))).toBe(true)
  })

  it.each<GraphForm>(['lstm-operator', 'plain-products'])(
    'step the rows of the slots, and no other: %s',
    async (form) => {
      const { onnx, shape } = testModel(ODD, form)
      const S = stateSize(shape)
      const x = new Tensor('float32', features(B, shape.features, 1), [B, shape.features])
      const state = features(ROWS, S, 2)
      const inner = new Float32Array(B * S)
      SLOTS.forEach((slot, row) => {
        inner.set(state.subarray(slot * S, (slot + 1) * S), row * S)
      })
      const wanted = await run(onnx, { x, state_in: new Tensor('float32', inner, [B, S]) })
      const found = await run(residentGraph(onnx, shape), { x, state: rowsOf(state, S), slots: slotsOf(SLOTS) })
      expect(found['forecast']!.data).toEqual(wanted['forecast']!.data)
      const after = state.slice()
      SLOTS.forEach((slot, row) => {
        after.set((wanted['state_out']!.data as Float32Array).subarray(row * S, (row + 1) * S), slot * S)
      })
      expect(found['state_next']!.data).toEqual(after)
    },
  )
})

describe('the graphs beside it', () => {
  const { shape } = testModel(ODD)
  const S = stateSize(shape)
  const state = features(ROWS, S, 3)

  it('write rows, read them, and add some', async () => {
    const rows = features(B, S, 4)
    const write = { state: rowsOf(state, S), slots: slotsOf(SLOTS), rows: rowsOf(rows, S) }
    const { state_next } = await run(writeGraph(shape), write)
    const read = await run(readGraph(shape), { state: state_next!, slots: slotsOf(SLOTS) })
    expect(read['rows']!.data).toEqual(rows)
    const other = await run(readGraph(shape), { state: state_next!, slots: slotsOf([1]) })
    expect(other['rows']!.data).toEqual(state.slice(S, 2 * S))
    const grown = await run(growGraph(shape), { state: rowsOf(state, S), rows: rowsOf(rows, S) })
    expect(grown['state_next']!.dims).toEqual([ROWS + B, S])
    expect(grown['state_next']!.data).toEqual(Float32Array.of(...state, ...rows))
  })

  it('begin with no row at all', async () => {
    const none = new Tensor('float32', new Float32Array(0), [0, S])
    const grown = await run(growGraph(shape), { state: none, rows: rowsOf(state, S) })
    expect(grown['state_next']!.data).toEqual(state)
  })
})

const rowsOf = (rows: Float32Array, size: number) => new Tensor('float32', rows, [rows.length / size, size])
const slotsOf = (slots: readonly number[]) => new Tensor('int64', BigInt64Array.from(slots, BigInt), [slots.length, 1])

async function run(onnx: Uint8Array, feeds: Record<string, Tensor>): Promise<InferenceSession.ReturnType> {
  const session = await InferenceSession.create(onnx, { executionProviders: ['cpu'], logSeverityLevel: 4 })
  try {
    return await session.run(feeds)
  } finally {
    await session.release()
  }
}

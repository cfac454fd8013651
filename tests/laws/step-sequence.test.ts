import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { encodeModel } from '../../src/onnx/proto.ts'
import { OPSET, stepGraph } from '../../src/training/onnx/graph.ts'
import { BEDSIDE, features, ODD, type TestModel, testModel } from '../inference/test-model.ts'

const T = 50

/** The same LSTM layers over a whole sequence in one call: x [T, B, F] -> top [T, B, H], and h, c [1, B, H] of each layer. */
function sequenceGraph({ network, weights }: TestModel): Uint8Array {
  const about = { name: 'sequence', producer: 'vigil tests', metadata: {} }
  const graph = stepGraph(network, weights, new Float32Array(network.channels).fill(0.05), 'lstm-operator', about)
  const { layers, hidden } = network
  const nodes = Array.from({ length: layers }, (_, l) => [
    {
      op: 'LSTM',
      inputs: [l === 0 ? 'x' : `below${l}`, `W${l}`, `R${l}`, `B${l}`],
      outputs: [`Y${l}`, `h${l}`, `c${l}`],
      attributes: { hidden_size: hidden },
    },
    { op: 'Squeeze', inputs: [`Y${l}`, 'axis1'], outputs: [l === layers - 1 ? 'top' : `below${l + 1}`] }, // [T, 1, B, H]
  ]).flat()
  const state = (name: string) => ({ name, dims: [1, 'batch', hidden] })
  return encodeModel({
    ...about,
    opset: OPSET,
    nodes,
    initialisers: [
      ...graph.initialisers.filter(({ name }) => /^[WRB]\d$/.test(name)),
      { name: 'axis1', dims: [1], data: BigInt64Array.of(1n) },
    ],
    inputs: [{ name: 'x', dims: ['time', 'batch', network.features] }],
    outputs: [
      { name: 'top', dims: ['time', 'batch', hidden] },
      ...Array.from({ length: layers }, (_, l) => [state(`h${l}`), state(`c${l}`)]).flat(),
    ],
  })
}

test.each([
  ['bedside sizes', BEDSIDE, 3],
  ['odd sizes', ODD, 5],
])('fifty single steps are one call over the whole sequence, bit for bit (%s)', async (_, network, rows) => {
  const model = testModel(network)
  const { features: F, hidden, layers } = network
  const x = features(T * rows, F, 3)
  const session = await InferenceSession.create(sequenceGraph(model), { intraOpNumThreads: 1 })
  const whole = await session.run({ x: new Tensor('float32', x, [T, rows, F]) })
  const top = whole.top!.data as Float32Array
  const options = { provider: 'cpu', threads: 1, maxBatch: 16 }
  const engines = [
    inProcessEngine(await openStepGraph(model.onnx, model.shape, options)),
    await openWorkerEngine({ onnx: model.onnx, shape: model.shape, options }),
  ]
  for (const engine of engines) {
    const slots = Int32Array.from({ length: rows }, (_, row) => 10 * row)
    const state = new Float32Array(engine.stateSize)
    for (let step = 0; step < T; step++) {
      await engine.step(slots, x.subarray(step * rows * F, (step + 1) * rows * F), rows)
      for (let row = 0; row < rows; row++) {
        engine.readState(slots[row]!, state)
        const at = 2 * (layers - 1) * hidden
        const from = (step * rows + row) * hidden
        expect(state.slice(at, at + hidden)).toEqual(top.slice(from, from + hidden))
      }
    }
    for (let row = 0; row < rows; row++) {
      engine.readState(slots[row]!, state)
      for (let l = 0; l < layers; l++) {
        for (const [part, name] of [`h${l}`, `c${l}`].entries()) {
          const at = (2 * l + part) * hidden
          const last = whole[name]!.data as Float32Array
          expect(state.slice(at, at + hidden)).toEqual(last.slice(row * hidden, (row + 1) * hidden))
        }
      }
    }
    await engine.close()
  }
  await session.release()
})

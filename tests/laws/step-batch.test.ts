import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStepGraph, type StepGraph } from '../../src/inference/engine.ts'
import { graphShape, stateSize } from '../../src/inference/graph-shape.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { random } from '../../src/random.ts'
import type { StepEngine } from '../../src/stream/ports.ts'
import type { NetworkShape } from '../../src/training/network.ts'
import { BEDSIDE, features, ODD, testModel } from '../inference/test-model.ts'

const F = BEDSIDE.features
const options = { provider: 'cpu', threads: 1, maxBatch: 512 }
const model = testModel()

/** Forecast and state row of a slot after the step, as bytes. */
function outcome(engine: StepEngine, forecast: Float32Array, row: number, slot: number): Buffer {
  const both = new Float32Array(engine.forecastSize + engine.stateSize)
  both.set(forecast.subarray(row * engine.forecastSize, (row + 1) * engine.forecastSize))
  const state = new Float32Array(engine.stateSize)
  engine.readState(slot, state)
  both.set(state, engine.forecastSize)
  return Buffer.from(both.buffer)
}

/** `steps` frames of one patient, stepped alone. @returns the outcome of each step */
async function alone(engine: StepEngine, slot: number, frames: Float32Array, steps: number): Promise<Buffer[]> {
  const outcomes: Buffer[] = []
  engine.reset(slot)
  for (let step = 0; step < steps; step++) {
    const forecast = await engine.step(Int32Array.of(slot), frames.subarray(step * F, (step + 1) * F), 1)
    outcomes.push(outcome(engine, forecast, 0, slot))
  }
  return outcomes
}

describe.each(['lstm-operator', 'plain-products'] as const)('one patient among others (%s)', (form) => {
  let engine: StepEngine
  beforeAll(async () => {
    engine = inProcessEngine(await openStepGraph(testModel(BEDSIDE, form).onnx, model.shape, options))
  })
  afterAll(() => engine.close())

  test('a row alone is the row in any batch, at any place, in any slot: bit for bit', async () => {
    const steps = 6
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 400 }), fc.nat(), fc.nat({ max: 5000 }), async (rows, at, seed) => {
        const place = at % rows
        const frames = features(steps, F, seed)
        const wanted = await alone(engine, 6000, frames, steps)
        const slots = random(seed).permutation(rows)
        for (const slot of slots) engine.reset(slot)
        for (let step = 0; step < steps; step++) {
          const x = features(rows, F, seed + step + 1)
          x.set(frames.subarray(step * F, (step + 1) * F), place * F)
          const forecast = await engine.step(slots, x, rows)
          expect(outcome(engine, forecast, place, slots[place]!).equals(wanted[step]!)).toBe(true)
        }
      }),
      { numRuns: 25, examples: [[513, 512, 1]] },
    )
  })
})

/** Batch sizes around what kernels take at once, what a run takes, and what threads share. */
const SIZES = [...Array.from({ length: 66 }, (_, i) => i + 1), 67, 256, 257, 1023, 1024, 1025, 2047]
const MOST = 2047

/** Forecasts [MOST, O] and states [MOST, S] of single steps of a graph from given states, each row alone. */
async function eachAlone(graph: StepGraph, x: Float32Array, states: Float32Array) {
  const [F, O, S] = [graph.shape.features, graph.shape.outputs, stateSize(graph.shape)]
  const forecasts = new Float32Array(MOST * O)
  const stepped = new Float32Array(MOST * S)
  for (let row = 0; row < MOST; row++) {
    graph.x.set(x.subarray(row * F, (row + 1) * F))
    graph.stateIn.set(states.subarray(row * S, (row + 1) * S))
    await graph.run(1)
    forecasts.set(graph.forecast.subarray(0, O), row * O)
    stepped.set(graph.stateOut.subarray(0, S), row * S)
  }
  return { forecasts, stepped }
}

const equal = (a: Float32Array, b: Float32Array) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))

const shapes: NetworkShape[] = [
  BEDSIDE,
  { features: 4, hidden: 5, layers: 1, channels: 1, horizons: 1 },
  { features: 12, hidden: 7, layers: 3, channels: 3, horizons: 1 },
  { features: 20, hidden: 33, layers: 2, channels: 5, horizons: 3 },
  { features: 12, hidden: 30, layers: 2, channels: 3, horizons: 3 },
  { features: 28, hidden: 100, layers: 1, channels: 7, horizons: 1 },
]
const cases = (['lstm-operator', 'plain-products'] as const).flatMap((form) =>
  shapes.flatMap((network) => [1, 2].map((threads) => ({ form, ...network, threads }))),
)

test.each(cases)(
  'one run of any size is its rows, bit for bit: $form of $hidden x $layers, $channels x $horizons, $threads threads',
  async ({ form, threads, ...network }) => {
    const { onnx, shape } = testModel(network, form)
    const graph = await openStepGraph(onnx, shape, { provider: 'cpu', threads, maxBatch: MOST })
    const x = features(MOST, shape.features, 5)
    const states = features(MOST, stateSize(shape), 6)
    const wanted = await eachAlone(graph, x, states)
    graph.x.set(x)
    graph.stateIn.set(states)
    for (const rows of SIZES) {
      await graph.run(rows)
      const [forecasts, stepped] = [rows * shape.outputs, rows * stateSize(shape)]
      expect(
        equal(graph.forecast.subarray(0, forecasts), wanted.forecasts.subarray(0, forecasts)),
        `${rows} rows`,
      ).toBe(true)
      expect(equal(graph.stateOut.subarray(0, stepped), wanted.stepped.subarray(0, stepped)), `${rows} rows`).toBe(true)
    }
    await graph.close()
  },
)

test.each([1, 2])('every row of the shipped model is itself in batches of every size (%i threads)', async (threads) => {
  const bundle = await openModel('models', 'bedside')
  const shape = graphShape(bundle.manifest)
  const graph = await openStepGraph(bundle.onnx, shape, { provider: 'cpu', threads, maxBatch: 65_536 })
  const x = features(MOST, shape.features, 5)
  const states = features(MOST, stateSize(shape), 6)
  const wanted = await eachAlone(graph, x, states)
  const engine = inProcessEngine(graph)
  const [S, O] = [engine.stateSize, engine.forecastSize]
  const state = new Float32Array(S)
  // side by side in their pages, as copied in one piece, and scattered over them
  for (const slots of [Int32Array.from({ length: MOST }, (_, row) => row + 100), random(1).permutation(MOST)]) {
    for (const rows of SIZES) {
      for (let row = 0; row < rows; row++) engine.writeState(slots[row]!, states.subarray(row * S, (row + 1) * S))
      const forecast = await engine.step(slots, x, rows)
      expect(equal(forecast.subarray(0, rows * O), wanted.forecasts.subarray(0, rows * O)), `${rows} rows`).toBe(true)
      for (let row = 0; row < rows; row++) {
        engine.readState(slots[row]!, state)
        if (!equal(state, wanted.stepped.subarray(row * S, (row + 1) * S)))
          expect.fail(`state of row ${row} of ${rows}`)
      }
    }
  }
  await engine.close()
})

test('slices, the worker and the calling thread give the same bits', async () => {
  for (const each of [model, testModel(ODD)]) {
    const width = each.network.features
    const rows = 100
    const engines = [
      inProcessEngine(await openStepGraph(each.onnx, each.shape, options)),
      inProcessEngine(await openStepGraph(each.onnx, each.shape, { ...options, maxBatch: 7 })),
      await openWorkerEngine({ onnx: each.onnx, shape: each.shape, options }),
      await openWorkerEngine({ onnx: each.onnx, shape: each.shape, options: { ...options, maxBatch: 33 } }),
    ]
    const slots = Int32Array.from({ length: rows }, (_, row) => (row * 37) % 1000)
    for (let step = 0; step < 5; step++) {
      // a few rows first: the worker's shared buffers must grow in the middle
      const count = step === 0 ? 3 : rows
      const x = features(rows, width, step)
      const outcomes: Buffer[][] = []
      for (const engine of engines) {
        const forecast = await engine.step(slots, x, count)
        outcomes.push(Array.from({ length: count }, (_, row) => outcome(engine, forecast, row, slots[row]!)))
      }
      for (const other of outcomes) expect(Buffer.concat(other).equals(Buffer.concat(outcomes[0]!))).toBe(true)
    }
    await Promise.all(engines.map((engine) => engine.close()))
  }
})

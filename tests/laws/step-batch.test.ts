import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { graphShape } from '../../src/inference/graph-shape.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import type { StepEngine } from '../../src/stream/ports.ts'
import { random } from '../../src/training/random.ts'
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
      { numRuns: 25, examples: [[257, 100, 1]] },
    )
  })
})

test.each([1, 2])('every row of the shipped model is itself in batches of every size (%i threads)', async (threads) => {
  const bundle = await openModel('models', 'bedside')
  const shape = graphShape(bundle.manifest)
  const engine = inProcessEngine(
    await openStepGraph(bundle.onnx, shape, { provider: 'cpu', threads, maxBatch: 65_536 }),
  )
  const most = 3001
  const width = engine.forecastSize
  const x = features(most, shape.features, 5)
  const states = features(most, engine.stateSize, 6)
  const put = (slot: number) =>
    engine.writeState(slot, states.subarray(slot * engine.stateSize, (slot + 1) * engine.stateSize))
  const wanted = new Float32Array(most * width)
  for (let row = 0; row < most; row++) {
    put(row)
    const frame = x.subarray(row * shape.features, (row + 1) * shape.features)
    wanted.set((await engine.step(Int32Array.of(row), frame, 1)).subarray(0, width), row * width)
  }
  const slots = Int32Array.from({ length: most }, (_, row) => row)
  for (const rows of [...Array.from({ length: 66 }, (_, i) => i + 1), 257, 1023, 1024, 1025, 2047, most]) {
    for (let row = 0; row < rows; row++) put(row)
    const forecast = (await engine.step(slots, x, rows)).slice(0, rows * width)
    expect(Buffer.from(forecast.buffer).equals(Buffer.from(wanted.buffer, 0, forecast.byteLength))).toBe(true)
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

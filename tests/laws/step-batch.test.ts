import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
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
      for (const other of outcomes.slice(1)) expect(other).toEqual(outcomes[0])
    }
    await Promise.all(engines.map((engine) => engine.close()))
  }
})

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import type { StepEngine } from '../../src/stream/ports.ts'
import { BEDSIDE, features, testModel } from '../inference/test-model.ts'

const F = BEDSIDE.features
const { onnx, shape } = testModel()
const options = { provider: 'cpu', threads: 1, maxBatch: 64 }
let here: StepEngine
let there: StepEngine

beforeAll(async () => {
  here = inProcessEngine(await openStepGraph(onnx, shape, options))
  there = await openWorkerEngine({ onnx, shape, options })
})
afterAll(() => Promise.all([here.close(), there.close()]))

function state(engine: StepEngine, slot: number): Float32Array {
  const row = new Float32Array(engine.stateSize)
  engine.readState(slot, row)
  return row
}

const step = async (engine: StepEngine, slots: readonly number[], seed: number) =>
  (await engine.step(Int32Array.from(slots), features(slots.length, F, seed), slots.length)).slice(
    0,
    slots.length * engine.forecastSize,
  )

test('a step changes the rows it names and no other', async () => {
  const slotSets = fc.uniqueArray(fc.nat({ max: 600 }), { minLength: 1, maxLength: 40 })
  for (let slot = 0; slot <= 600; slot++) here.writeState(slot, features(1, here.stateSize, slot))
  await fc.assert(
    fc.asyncProperty(slotSets, fc.nat({ max: 1000 }), async (slots, seed) => {
      const before = Array.from({ length: 601 }, (_, slot) => state(here, slot))
      await step(here, slots, seed)
      const stepped = new Set(slots)
      for (const [slot, row] of before.entries()) {
        const same = Buffer.from(state(here, slot).buffer).equals(Buffer.from(row.buffer))
        expect(same).toBe(!stepped.has(slot))
      }
    }),
    { numRuns: 20 },
  )
})

test('a reset slot is a fresh slot', async () => {
  for (const engine of [here, there]) {
    engine.reset(50)
    const fresh = await step(engine, [50], 1)
    const rows = state(engine, 50)
    for (let seed = 2; seed < 20; seed++) await step(engine, [50, 51], seed)
    expect(state(engine, 50)).not.toEqual(rows)
    engine.reset(50)
    expect(await step(engine, [50], 1)).toEqual(fresh)
    expect(state(engine, 50)).toEqual(rows)
  }
})

test('a patient moved to another engine, and to another slot, goes on bit for bit', async () => {
  here.reset(5)
  for (let seed = 0; seed < 10; seed++) await step(here, [5], seed)
  there.writeState(4000, state(here, 5))
  for (let seed = 10; seed < 30; seed++) {
    const wanted = await step(here, [5], seed)
    expect(await step(there, [4000], seed)).toEqual(wanted)
  }
  expect(state(there, 4000)).toEqual(state(here, 5))
})

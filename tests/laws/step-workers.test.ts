import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { graphShape } from '../../src/inference/graph-shape.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { random } from '../../src/random.ts'
import type { StepEngine } from '../../src/stream/ports.ts'
import { BEDSIDE, features, testModel } from '../inference/test-model.ts'

const options = { provider: 'cpu', threads: 1, maxBatch: 512 }
const WARD = 1500

const bytes = (of: Float32Array) => Buffer.from(of.buffer, of.byteOffset, of.byteLength)

/** Every row of the ward, as a checkpoint reads them. */
function states(engine: StepEngine): Float32Array {
  const all = new Float32Array(WARD * engine.stateSize)
  for (let slot = 0; slot < WARD; slot++)
    engine.readState(slot, all.subarray(slot * engine.stateSize, (slot + 1) * engine.stateSize))
  return all
}

/**
 * What happens to a ward: a batch of so many random patients is stepped, or the same ones once more, or one is admitted, or
 * one moves to another slot.
 */
const events = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ step: fc.integer({ min: 1, max: WARD }), seed: fc.nat() }) },
    { weight: 6, arbitrary: fc.record({ again: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ admit: fc.nat({ max: WARD - 1 }) }) },
    { weight: 1, arbitrary: fc.record({ from: fc.nat({ max: WARD - 1 }), to: fc.nat({ max: WARD - 1 }) }) },
  ),
  { minLength: 6, maxLength: 20 },
)

test.each([
  ['a test model', testModel()],
  [
    'the shipped model',
    await openModel('models', 'bedside').then(({ onnx, manifest }) => ({ onnx, shape: graphShape(manifest) })),
  ],
])('whatever happens, many workers step as one does, and as the calling thread: bit for bit (%s)', async (_, model) => {
  const { onnx, shape } = model
  const engines = [
    // so small a batch that no rows stay in the graph's tensors from one step to the next
    inProcessEngine(await openStepGraph(onnx, shape, { ...options, maxBatch: 7 })),
    inProcessEngine(await openStepGraph(onnx, shape, { ...options, maxBatch: WARD })),
    await openWorkerEngine({ onnx, shape, options }),
    await openWorkerEngine({ onnx, shape, options }, { workers: 2, hereRows: 300 }),
    await openWorkerEngine({ onnx, shape, options: { ...options, maxBatch: 100 } }, { workers: 3 }),
  ]
  await fc.assert(
    fc.asyncProperty(events, async (happened) => {
      let slots = Int32Array.of(0, 1, 2)
      for (const event of happened) {
        if ('step' in event) slots = random(event.seed).permutation(WARD).slice(0, event.step)
        const made: Buffer[] = []
        for (const engine of engines) {
          if ('step' in event || 'again' in event) {
            const x = features(slots.length, shape.features, 'step' in event ? event.seed : event.again)
            const forecast = await engine.step(slots, x, slots.length)
            made.push(bytes(forecast.slice(0, slots.length * shape.outputs)))
          } else if ('admit' in event) engine.reset(event.admit)
          else {
            const row = new Float32Array(engine.stateSize)
            engine.readState(event.from, row)
            engine.writeState(event.to, row)
          }
        }
        for (const other of made) expect(other.equals(made[0]!)).toBe(true)
      }
      const wanted = bytes(states(engines[0]!))
      for (const engine of engines) expect(bytes(states(engine)).equals(wanted)).toBe(true)
    }),
    { numRuns: 12 },
  )
  await Promise.all(engines.map((engine) => engine.close()))
})

test('rows of other workers are locked until the whole step is made, and others are not', async () => {
  const { onnx, shape } = testModel()
  const engine = await openWorkerEngine({ onnx, shape, options }, { workers: 2 })
  const slots = Int32Array.from({ length: 600 }, (_, i) => i)
  const stepping = engine.step(slots, features(600, BEDSIDE.features, 1), 600)
  const row = new Float32Array(engine.stateSize)
  for (const slot of [0, 599]) expect(() => engine.readState(slot, row)).toThrow(/in flight/)
  engine.writeState(600, row)
  await stepping
  engine.readState(599, row)
  expect(row.some((value) => value !== 0)).toBe(true)
  await engine.close()
})

test('rows that are stepped again and again are read, written and reset like any others', async () => {
  const { onnx, shape } = testModel()
  const slots = random(1).permutation(600)
  const x = features(600, BEDSIDE.features, 1)
  const engines = [
    inProcessEngine(await openStepGraph(onnx, shape, { ...options, maxBatch: 7 })),
    await openWorkerEngine({ onnx, shape, options }, { workers: 2 }),
  ] as const
  const row = new Float32Array(engines[0].stateSize)
  const stepped = async () => {
    const [wanted, found] = await Promise.all(engines.map((engine) => engine.step(slots, x, 600)))
    expect(bytes(found!.slice(0, 600 * shape.outputs)).equals(bytes(wanted!.slice(0, 600 * shape.outputs)))).toBe(true)
  }
  for (let i = 0; i < 3; i++) await stepped()
  for (const engine of engines) engine.reset(slots[17]!)
  await stepped()
  await stepped()
  for (const engine of engines) engine.writeState(slots[400]!, row.fill(0.25))
  await stepped()
  await stepped()
  await Promise.all(engines.map((engine) => engine.close()))
})

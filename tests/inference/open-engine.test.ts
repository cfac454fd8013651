import type { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { softwareAdapterOnly } from '../../src/inference/doctor.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { type EngineEvent, openEngine } from '../../src/inference/open-engine.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { GATES } from '../../src/training/gates.ts'
import type { Weights } from '../../src/training/network.ts'
import { BEDSIDE, features, graphBytes, ODD, testBundle, testModel } from './test-model.ts'

const CPU = { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false }
const model = testModel()
const bundle = testBundle(model)

/** The network with two gate blocks exchanged in every layer: what a confused exporter writes. */
function permuted(weights: Weights, a: number, b: number): Weights {
  const layers = weights.layers.map(({ kernel, bias }) => {
    const width = bias.length
    const unit = width / GATES.length
    const swap = (values: Float32Array) => {
      const out = values.slice()
      for (let row = 0; row < values.length; row += width) {
        out.set(values.subarray(row + a * unit, row + (a + 1) * unit), row + b * unit)
        out.set(values.subarray(row + b * unit, row + (b + 1) * unit), row + a * unit)
      }
      return out
    }
    return { kernel: swap(kernel), bias: swap(bias) }
  })
  return { layers, head: weights.head }
}

describe('opening an engine', () => {
  test.each([false, true])(
    'the golden steps of both graph forms match a network in double precision (worker %s)',
    async (inWorker) => {
      for (const form of ['lstm-operator', 'plain-products'] as const) {
        for (const network of [BEDSIDE, ODD]) {
          const engine = await openEngine(testBundle(testModel(network, form), 60), { ...CPU, inWorker })
          expect(engine.stateSize).toBe(network.layers * 2 * network.hidden)
          expect(engine.forecastSize).toBe(network.horizons * 2 * network.channels)
          await engine.close()
        }
      }
    },
  )

  test('the shipped model is served', async () => {
    const engine = await openEngine(await openModel('models', 'bedside'), CPU)
    expect(engine.provider).toBe('cpu')
    await engine.close()
  })

  test.runIf(softwareAdapterOnly())('a software driver plays the GPU only where webgpu is named first', async () => {
    const events: EngineEvent[] = []
    const log = (event: EngineEvent) => void events.push(event)
    const engine = await openEngine(bundle, { ...CPU, providers: ['cuda', 'webgpu', 'cpu'], log })
    expect(engine.provider).toBe('cpu')
    await engine.close()
    const refused = events.find(({ provider }) => provider === 'webgpu')
    expect(refused).toMatchObject({
      serves: false,
      reason: 'webgpu: there is no GPU, and a software driver serves only where webgpu is named first',
    })
  })

  test.each([
    ['input', 'forget'],
    ['forget', 'output'],
    ['candidate', 'output'],
    ['input', 'output'],
  ] as const)('exchanged gates %s and %s are refused by the golden steps', async (a, b) => {
    const weights = permuted(model.weights, GATES.indexOf(a), GATES.indexOf(b))
    const wrong = { ...bundle, onnx: graphBytes(BEDSIDE, weights) }
    await expect(openEngine(wrong, CPU)).rejects.toMatchObject({
      code: 'golden-mismatch',
      message: expect.stringMatching(/^step \d+, forecast\[\d+\], alone: .* differs from .* by .*, tolerance 0.0001$/),
    })
  })

  test('a last state that differs is refused, even when every forecast matches', async () => {
    const golden = structuredClone(bundle.golden)
    golden.c[1]![7]! += 0.01
    await expect(openEngine({ ...bundle, golden }, CPU)).rejects.toMatchObject({
      code: 'golden-mismatch',
      message: expect.stringContaining('c after step 199, layer 1, unit 7'),
    })
  })

  test('a graph that mixes its rows passes alone and is refused in a batch', async () => {
    const { mixedRows } = await import('./mixed-rows.ts')
    await expect(openEngine({ ...bundle, onnx: mixedRows(model) }, CPU)).rejects.toMatchObject({
      code: 'golden-mismatch',
      message: expect.stringContaining('in a batch of 7'),
    })
  })

  test('providers are tried one at a time; each refusal has its reason', async () => {
    const events: EngineEvent[] = []
    const engine = await openEngine(bundle, { ...CPU, providers: ['cuda', 'cpu'], log: (event) => events.push(event) })
    const refusal = {
      model: 'test@1.0.0',
      provider: 'cuda',
      serves: false,
      reason: expect.stringMatching(/^cuda: .{10}/),
    }
    const serving = { model: 'test@1.0.0', provider: engine.provider, serves: true }
    // on a machine with CUDA's libraries the first serves
    expect(events).toEqual(engine.provider === 'cuda' ? [serving] : [refusal, serving])
    await engine.close()
  })

  test.each([false, true])('a graph no provider can read: provider-unavailable (worker %s)', async (inWorker) => {
    const cut = { ...bundle, onnx: bundle.onnx.subarray(0, bundle.onnx.length >> 1) }
    await expect(openEngine(cut, { ...CPU, inWorker })).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('cpu: '),
      place: 'test@1.0.0',
    })
  })

  test.each([
    ['an unknown provider', { providers: ['cpu', 'tpu'] }, 'inference.providers'],
    ['no threads', { threads: 0 }, 'inference.threads'],
    ['half a thread', { threads: 0.5 }, 'inference.threads'],
    ['a batch of nothing', { maxBatch: 0 }, 'inference.maxBatch'],
  ])('%s is a wrong setting', async (_, change, place) => {
    await expect(openEngine(bundle, { ...CPU, ...change })).rejects.toMatchObject({ code: 'config-invalid', place })
  })

  test('no provider at all is unavailable', async () => {
    await expect(openEngine(bundle, { ...CPU, providers: [] })).rejects.toMatchObject({ code: 'provider-unavailable' })
  })

  test('a forecast of another size than horizons and channels ask for', async () => {
    const manifest = { ...bundle.manifest, horizons: [1, 10] }
    await expect(openEngine({ ...bundle, manifest }, CPU)).rejects.toMatchObject({
      code: 'manifest-invalid',
      message: 'output "forecast" is float32 [batch, 24], the manifest asks for float32 [B, 16]',
    })
  })

  test('a state of another size than the manifest says', async () => {
    const manifest = { ...bundle.manifest, graph: { ...bundle.manifest.graph, layers: 3 } }
    await expect(openEngine({ ...bundle, manifest }, CPU)).rejects.toMatchObject({
      code: 'manifest-invalid',
      message: expect.stringContaining('"state_in"'),
    })
  })
})

describe('an open engine', () => {
  test.each([false, true])('too few features, or a step after close, are refused (worker %s)', async (inWorker) => {
    const engine = await openEngine(bundle, { ...CPU, inWorker })
    const slots = Int32Array.of(0, 1)
    await expect(engine.step(slots, new Float32Array(16), 2)).rejects.toMatchObject({ code: 'internal' })
    await expect(engine.step(slots, new Float32Array(32), 0)).rejects.toMatchObject({ code: 'internal' })
    await engine.step(slots, new Float32Array(32), 2)
    await Promise.all([engine.close(), engine.close()])
    await expect(engine.step(slots, new Float32Array(32), 2)).rejects.toMatchObject({ code: 'engine-failed' })
  })

  test.each([false, true])('closing waits for the step in flight (worker %s)', async (inWorker) => {
    const engine = await openEngine(bundle, { ...CPU, inWorker })
    const step = engine.step(Int32Array.of(0), features(1, 16, 1), 1)
    await engine.close()
    expect((await step)[0]).not.toBe(0)
  })

  test('a second step while one is in flight is a defect, and spoils neither', async () => {
    const engine = await openEngine(bundle, { ...CPU, inWorker: true })
    const x = features(1, 16, 1)
    const first = engine.step(Int32Array.of(0), x, 1)
    await expect(engine.step(Int32Array.of(1), x, 1)).rejects.toMatchObject({ code: 'internal' })
    const made = (given: Float32Array) => given.slice(0, engine.forecastSize)
    const forecast = made(await first)
    expect(made(await engine.step(Int32Array.of(1), x, 1))).toEqual(forecast)
    await engine.close()
  })

  test('one thread takes a second step while one is in flight, and makes it after it; a third is a defect', async () => {
    const engine = await openEngine(bundle, { ...CPU, inWorker: true })
    const rows = 100
    const slots = Int32Array.from({ length: rows }, (_, slot) => slot)
    const x = [1, 2, 3].map((seed) => features(rows, 16, seed))
    const size = rows * engine.forecastSize
    const apart: Float32Array[] = []
    for (const each of x) apart.push((await engine.step(slots, each, rows)).slice(0, size))
    for (const slot of slots) engine.reset(slot)
    expect(engine.ahead).toBe(false)
    const first = engine.step(slots, x[0]!, rows)
    expect(engine.ahead).toBe(true)
    const second = engine.step(slots, x[1]!, rows)
    expect(engine.ahead).toBe(false)
    await expect(engine.step(slots, x[2]!, rows)).rejects.toMatchObject({ code: 'internal' })
    expect(() => engine.reset(5)).toThrow(/in flight/)
    expect((await first).slice(0, size)).toEqual(apart[0])
    const third = engine.step(slots, x[2]!, rows)
    expect((await second).slice(0, size)).toEqual(apart[1])
    await engine.close()
    expect((await third).slice(0, size)).toEqual(apart[2])
  })

  test('a lost worker fails the step in flight and every later one that wants it', async () => {
    let worker: Worker | undefined
    process.once('worker', (started) => {
      worker = started
    })
    const engine = await openEngine(bundle, { ...CPU, inWorker: true })
    const slots = Int32Array.from({ length: 100 }, (_, slot) => slot)
    const x = features(100, 16, 1)
    const gone = worker!.terminate()
    const lost = expect(engine.step(slots, x, 100)).rejects.toMatchObject({
      code: 'engine-failed',
      message: expect.stringMatching(/worker ended/),
    })
    await gone
    await lost
    await expect(engine.step(slots, x, 100)).rejects.toMatchObject({ code: 'engine-failed' })
    // so few rows never needed it
    expect((await engine.step(slots, x, 1))[0]).not.toBe(0)
    await engine.close()
  })

  test('of two workers one is lost: the step in flight fails, the other goes on alone until there are two again', async () => {
    const started: Worker[] = []
    const note = (worker: Worker) => void started.push(worker)
    process.on('worker', note)
    const engine = await openEngine(bundle, { ...CPU, inWorker: true, workers: 2 })
    const whole = await openEngine(bundle, CPU)
    expect(started.length).toBe(2)
    const rows = 512
    const slots = Int32Array.from({ length: rows }, (_, i) => (i * 7) % 1000)
    const x = features(rows, 16, 1)
    const step = async (it: typeof engine) => (await it.step(slots, x, rows)).slice(0, rows * it.forecastSize)
    const gone = started[1]!.terminate()
    await expect(step(engine)).rejects.toMatchObject({ code: 'engine-failed', retriable: true })
    await gone
    // what was stepped of it nobody knows: the ward begins them cold
    for (const slot of slots) engine.reset(slot)
    expect(await step(engine)).toEqual(await step(whole))
    while (started.length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    await new Promise((resolve) => started[2]!.once('message', resolve))
    expect(await step(engine)).toEqual(await step(whole))
    process.off('worker', note)
    await Promise.all([engine.close(), whole.close()])
  })

  test('a graph that no worker can read leaves no worker behind', async () => {
    const started: Worker[] = []
    const note = (worker: Worker) => void started.push(worker)
    process.on('worker', note)
    const onnx = bundle.onnx.subarray(0, bundle.onnx.length >> 1)
    const options = { provider: 'cpu', threads: 1, maxBatch: 8 }
    const opening = openWorkerEngine({ onnx, shape: model.shape, options }, { workers: 2 })
    await expect(opening).rejects.toMatchObject({ code: 'provider-unavailable' })
    process.off('worker', note)
    // a thread that has ended has no number
    expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1])
  })

  test('every session can be asked alone, and makes the same', async () => {
    const { onnx, shape } = model
    const options = { provider: 'cpu', threads: 1, maxBatch: 8 }
    const engine = await openWorkerEngine({ onnx, shape, options }, { workers: 2, hereRows: 4 })
    expect(engine.sessions.length).toBe(3)
    const made: Float32Array[] = []
    for (const session of engine.sessions) {
      engine.reset(1)
      made.push((await session.step(Int32Array.of(1), features(1, 16, 1), 1)).slice(0, engine.forecastSize))
    }
    expect(made[1]).toEqual(made[0])
    expect(made[2]).toEqual(made[0])
    await engine.close()
  })
})

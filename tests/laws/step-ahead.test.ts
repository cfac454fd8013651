import type { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { random } from '../../src/random.ts'
import type { StepEngine } from '../../src/stream/ports.ts'
import { BEDSIDE, features, testModel } from '../inference/test-model.ts'

const { onnx, shape } = testModel()
const options = { provider: 'cpu', threads: 1, maxBatch: 64 }
const start = { onnx, shape, options }
const WARD = 400

const slotsOf = (rows: number, from = 0) => Int32Array.from({ length: rows }, (_, i) => from + i)
const x = (rows: number, seed: number) => features(rows, BEDSIDE.features, seed)
const forecastsOf = (engine: StepEngine, given: Float32Array, rows: number) =>
  Buffer.from(given.slice(0, rows * engine.forecastSize).buffer)

function stateOf(engine: StepEngine, slot: number): Float32Array {
  const row = new Float32Array(engine.stateSize)
  engine.readState(slot, row)
  return row
}

/** Threads that are started meanwhile. */
async function noting<T>(run: (started: readonly Worker[]) => Promise<T>): Promise<T> {
  const started: Worker[] = []
  const note = (worker: Worker) => void started.push(worker)
  process.on('worker', note)
  try {
    return await run(started)
  } finally {
    process.off('worker', note)
  }
}

/** The engine's step, once it can be made: a thread that was lost is opened again when somebody asks. */
async function untilStepped(engine: StepEngine, slots: Int32Array, seed: number): Promise<Float32Array> {
  for (;;) {
    try {
      return await engine.step(slots, x(slots.length, seed), slots.length)
    } catch (error) {
      expect(error).toMatchObject({ code: 'engine-failed' })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** One step after the other: of others than before or of the same, one that grows, and rows that are written between them. */
const steps = fc.array(
  fc.record({
    rows: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: WARD })),
    same: fc.boolean(),
    seed: fc.nat(),
    /** a row that is reset while the step is in flight, where it stands in none */
    reset: fc.option(fc.nat({ max: WARD - 1 })),
    /** whether the next one is asked for at once */
    ahead: fc.boolean(),
  }),
  { minLength: 6, maxLength: 24 },
)

test('a step that is asked for while another is made gives what it would give after it, and so do those behind', async () => {
  const whole = inProcessEngine(await openStepGraph(onnx, shape, { ...options, maxBatch: 7 }))
  let most = 0
  await fc.assert(
    fc.asyncProperty(steps, async (asked) => {
      for (let slot = 0; slot < WARD; slot++) whole.reset(slot)
      let slots = slotsOf(3)
      let before = new Set<number>()
      const planned: { slots: Int32Array; seed: number; ahead: boolean; reset: number | null; wanted: Buffer }[] = []
      for (const { rows, same, seed, reset, ahead } of asked) {
        if (!same) slots = random(seed).permutation(WARD).slice(0, rows)
        const wanted = forecastsOf(whole, await whole.step(slots, x(slots.length, seed), slots.length), slots.length)
        const own = new Set(slots)
        const free = reset === null || own.has(reset) || before.has(reset) ? null : reset
        if (free !== null) whole.reset(free)
        planned.push({ slots, seed, ahead, reset: free, wanted })
        before = own
      }
      // a fresh one each time: its mailboxes begin empty, and grow while a step is in flight
      const engine = await openWorkerEngine(start)
      let settle = async () => {}
      let flying = false
      for (const { slots, seed, ahead, reset, wanted } of planned) {
        // the one before may have been made meanwhile
        if (!flying) expect(engine.ahead).toBe(false)
        if (engine.ahead) most++
        const given = engine.step(slots, x(slots.length, seed), slots.length)
        if (reset !== null) engine.reset(reset)
        // what the one before gave is good while this one is made
        await settle()
        settle = async () => expect(forecastsOf(engine, await given, slots.length).equals(wanted)).toBe(true)
        flying = ahead
        if (ahead) continue
        await settle()
        settle = async () => {}
      }
      await settle()
      for (let slot = 0; slot < WARD; slot++) expect(stateOf(engine, slot)).toEqual(stateOf(whole, slot))
      await engine.close()
    }),
    { numRuns: 8, endOnFailure: true },
  )
  expect(most).toBeGreaterThan(10)
  await whole.close()
})

describe('two steps in flight', () => {
  test('lock the rows of both; a third is a defect that spoils neither', async () => {
    const engine = await openWorkerEngine(start)
    const whole = inProcessEngine(await openStepGraph(onnx, shape, options))
    expect(engine.ahead).toBe(false)
    const one = engine.step(slotsOf(4), x(4, 1), 4)
    expect(engine.ahead).toBe(true)
    const other = engine.step(slotsOf(4, 2), x(4, 2), 4)
    expect(engine.ahead).toBe(false)
    await expect(engine.step(Int32Array.of(9), x(1, 3), 1)).rejects.toMatchObject({ code: 'internal' })
    for (const slot of [0, 3, 5]) expect(() => engine.reset(slot)).toThrow(/in flight/)
    engine.reset(6)
    const first = forecastsOf(engine, await one, 4)
    // the other may be over by now, too
    expect(stateOf(engine, 0).some((it) => it !== 0)).toBe(true)
    const second = forecastsOf(engine, await other, 4)
    expect(forecastsOf(whole, await whole.step(slotsOf(4), x(4, 1), 4), 4).equals(first)).toBe(true)
    expect(forecastsOf(whole, await whole.step(slotsOf(4, 2), x(4, 2), 4), 4).equals(second)).toBe(true)
    expect(stateOf(engine, 3)).toEqual(stateOf(whole, 3))
    await Promise.all([engine.close(), whole.close()])
  })

  test('are for one thread: where a step is made here or shared out, none is asked for behind it', async () => {
    for (const places of [{ workers: 2 }, { workers: 1, hereRows: 8 }]) {
      const engine = await openWorkerEngine(start, places)
      const step = engine.step(slotsOf(8), x(8, 1), 8)
      expect(engine.ahead).toBe(false)
      await expect(engine.step(Int32Array.of(9), x(1, 2), 1)).rejects.toMatchObject({ code: 'internal' })
      await step
      await engine.close()
    }
  })

  test('few rows behind many are made in the thread, too, and few alone are not', async () => {
    const engine = await openWorkerEngine(start, { hereRows: 8 })
    const whole = inProcessEngine(await openStepGraph(onnx, shape, options))
    const many = engine.step(slotsOf(300), x(300, 1), 300)
    expect(engine.ahead).toBe(true)
    const few = engine.step(slotsOf(4), x(4, 2), 4)
    await many
    const made = forecastsOf(engine, await few, 4)
    await whole.step(slotsOf(300), x(300, 1), 300)
    expect(forecastsOf(whole, await whole.step(slotsOf(4), x(4, 2), 4), 4).equals(made)).toBe(true)
    await engine.step(slotsOf(4), x(4, 3), 4)
    await Promise.all([engine.close(), whole.close()])
  })

  test('are both made before the engine closes', async () => {
    const engine = await openWorkerEngine(start)
    const made: string[] = []
    const note = (what: string) => () => void made.push(what)
    const asked = [
      engine.step(slotsOf(200), x(200, 1), 200).then(note('one')),
      engine.step(slotsOf(200), x(200, 2), 200).then(note('other')),
    ]
    await engine.close().then(note('closed'))
    await Promise.all(asked)
    expect(made).toEqual(['one', 'other', 'closed'])
  })

  test('both fail when the thread is lost; nothing stays locked, and the thread that is opened again steps as ever', () =>
    noting(async (started) => {
      const said: string[] = []
      const engine = await openWorkerEngine(start, { told: (why) => said.push(why?.message ?? 'steps again') })
      const whole = inProcessEngine(await openStepGraph(onnx, shape, options))
      const lost = started[0]!.terminate()
      const asked = [engine.step(slotsOf(100), x(100, 1), 100), engine.step(slotsOf(100), x(100, 2), 100)]
      for (const each of await Promise.allSettled(asked))
        expect(each).toMatchObject({ status: 'rejected', reason: { code: 'engine-failed', retriable: true } })
      await lost
      expect(engine.ahead).toBe(false)
      for (let slot = 0; slot < 100; slot++) engine.reset(slot)
      const made = forecastsOf(engine, await untilStepped(engine, slotsOf(100), 3), 100)
      expect(forecastsOf(whole, await whole.step(slotsOf(100), x(100, 3), 100), 100).equals(made)).toBe(true)
      // and again two at once
      const one = engine.step(slotsOf(100), x(100, 4), 100)
      expect(engine.ahead).toBe(true)
      await Promise.all([one, engine.step(slotsOf(100), x(100, 5), 100)])
      await Promise.all([engine.close(), whole.close()])
      expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1])
      expect(said).toEqual(['the step worker ended with code 1', 'steps again'])
    }))

  test('a thread that is asked for before the one that was lost has ended leaves none behind', () =>
    noting(async (started) => {
      const engine = await openWorkerEngine(start)
      const seen: string[] = []
      started[0]!.on('error', () => {
        seen.push('error')
        // as whoever waits for its steps does, at once
        expect(engine.ahead).toBe(false)
      })
      started[0]!.on('exit', () => seen.push('exit'))
      // no message of ours: the thread breaks on it
      started[0]!.postMessage(null)
      const asked = [engine.step(slotsOf(9), x(9, 1), 9), engine.step(slotsOf(9), x(9, 2), 9)]
      for (const each of await Promise.allSettled(asked))
        expect(each).toMatchObject({ status: 'rejected', reason: { code: 'engine-failed' } })
      await untilStepped(engine, slotsOf(9), 3)
      expect(seen).toEqual(['error', 'exit'])
      expect(started.length).toBe(2)
      await engine.close()
      expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1])
    }))
})

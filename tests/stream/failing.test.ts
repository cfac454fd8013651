import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FEATURES_PER_CHANNEL } from '../../src/inference/features.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { failing } from './failing-engine.ts'
import { reading } from './reading.ts'
import { freshWard, MODELS, realWards } from './real-ward.ts'
import { spoiling } from './spoiling-engine.ts'

const T0 = Date.UTC(2026, 0, 5, 12, 0, 0)
const calm = { hr: 72, pulse: 72, spo2: 97, resp: 16 }
const low = { ...calm, spo2: 84 }
const seconds = (from: number, to: number, values: Record<string, number> = calm) =>
  Array.from({ length: to - from }, (_, i) => reading({ time: T0 + (from + i) * 1000, values, complete: true }))

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

describe('a model whose engine fails', () => {
  it('leaves its patients to the limits, loudly, and begins cold when it is back; a replay says the same bytes', async () => {
    const { engine, fail } = failing(wards.engine)
    const bed = freshWard(wards.manifest, wards.table, engine, { fallsBack: true })
    await bed.give(seconds(0, 70))
    expect(bed.frames.at(-1)!.watching).toBe('watching')
    fail(true)
    await bed.give(seconds(70, 90, low))
    expect(bed.bodies('model-failed')).toMatchObject([
      {
        phase: 'start',
        kind: 'technical',
        priority: 'medium',
        label: 'Model bedside fails since 12:01:10: fixed limits only',
        signal: { call: 'now' },
      },
    ])
    expect(bed.bodies('spo2-low')).toMatchObject([{ phase: 'start', priority: 'high' }])
    expect(bed.frames.at(-1)!.watching).toBe('degraded')
    expect(bed.frames.at(-1)!.detectors[0]!.expected.every((it) => it === null)).toBe(true)
    // one entry, not one a frame; and no verdict as long as it fails
    expect(bed.counts.entries).toEqual(['model-failed'])
    expect(bed.ward.verdicts(0, 30)).toEqual([])
    expect(bed.counts.modelFailures).toEqual({ engine: 20, output: 0 })

    fail(false)
    await bed.give(seconds(90, 91))
    const back = bed.ward.verdicts(0, 30)
    expect(back).toMatchObject([{ entry: 'model-back', model: `bedside@${bedside.version}`, afterOffset: 90 }])
    await bed.give(back)
    await bed.give(seconds(91, 200))
    expect(bed.ward.verdicts(0, 30)).toEqual([])
    expect(bed.bodies('model-failed').map(({ phase }) => phase)).toEqual(['start', 'end'])
    expect(bed.frames.at(-1)!.watching).toBe('watching')
    // cold: as many frames as after an admission
    expect(bed.frames.filter(({ watching }) => watching === 'warming').length).toBe(2 * wards.manifest.warmupSteps)

    const again = wards.fresh()
    const entries = bed.outputs.flatMap((it) => (it.kind === 'journal' ? [it.entry] : []))
    const readings = [...seconds(0, 70), ...seconds(70, 90, low), ...seconds(90, 200)]
    let offset = 0
    for (const one of readings) {
      await again.give([one])
      for (const entry of entries) if (entry.afterOffset === offset) await again.give([entry])
      offset++
    }
    expect(JSON.stringify(again.bodies())).toBe(JSON.stringify(bed.bodies()))
    expect(JSON.stringify(again.frames)).toBe(JSON.stringify(bed.frames))
  })

  it('resets what it had raised: nobody knows whether that ended', async () => {
    const { engine, fail } = failing(wards.engine)
    const bed = freshWard(wards.manifest, wards.table, engine, { fallsBack: true })
    const jump = { hr: 130, pulse: 130, spo2: 92, resp: 28 }
    await bed.give(seconds(0, 80))
    for (let s = 80; s < 110; s++) await bed.give(seconds(s, s + 1, s % 14 < 7 ? jump : calm))
    expect(bed.bodies('unexpected').at(-1)!.state).toBe('active')
    fail(true)
    await bed.give(seconds(110, 112))
    expect(bed.bodies('unexpected').at(-1)!.phase).toBe('reset')
  })

  it('leaves nothing of whoever it fails, however its later steps end', async () => {
    const { engine, spoil } = spoiling(wards.engine, wards.manifest.channels.length)
    const bed = freshWard(wards.manifest, wards.table, engine, { fallsBack: true })
    const state = new Float32Array(engine.stateSize)
    for (const [s, fail] of [0, 1, 1, 0, 1].entries()) {
      // the step is made, and fails then: what it left is nobody's
      spoil({ salt: 0, nan: 0, fail })
      await bed.give(seconds(s, s + 1))
      engine.readState(0, state)
      expect(state.every((it) => it === 0)).toBe(s > 0)
    }
  })

  it('says by which reading it failed, though the patient sent more since', async () => {
    const { engine, fail } = failing(wards.engine)
    const bed = freshWard(wards.manifest, wards.table, engine, { fallsBack: true })
    fail(true)
    await bed.give(seconds(0, 5))
    const [first] = bed.outputs.flatMap((it) => (it.kind === 'alert' ? [it.envelope] : []))
    expect(first).toMatchObject({
      body: { code: 'model-failed', phase: 'start' },
      trace: { fromOffset: 0, toOffset: 0 },
    })
  })

  it('ends a replay: what it would say is not what was recorded', async () => {
    const { engine, fail } = failing(wards.engine)
    const bed = freshWard(wards.manifest, wards.table, engine, {})
    await bed.give(seconds(0, 3))
    fail(true)
    await expect(bed.give(seconds(3, 5))).rejects.toMatchObject({ code: 'engine-failed' })
  })
})

describe('a model whose forecast is no number', () => {
  it('is a technical alert, begins cold, and goes on by itself', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 70))
    // the harness's first patient lies in the first slot
    wards.engine.writeState(0, new Float32Array(wards.engine.stateSize).fill(Number.NaN))
    await bed.give(seconds(70, 72))
    expect(bed.bodies('model-failed')).toMatchObject([{ phase: 'start', kind: 'technical' }])
    expect(bed.counts.modelFailures).toEqual({ engine: 0, output: 1 })
    await bed.give(seconds(72, 180))
    expect(bed.bodies('model-failed').map(({ phase }) => phase)).toEqual(['start', 'end'])
    expect(bed.frames.at(-1)!.watching).toBe('watching')
    expect(bed.counts.modelFailures.output).toBe(1)
  })
})

describe('a step thread that is lost', () => {
  it('is opened again on the same states, and the steps go on as if nothing had been', async () => {
    const started: Worker[] = []
    const note = (worker: Worker) => started.push(worker)
    process.on('worker', note)
    const bundle = await openModel(MODELS, 'bedside')
    const open = (inWorker: boolean) => openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 8, inWorker })
    const [engine, whole] = [await open(true), await open(false)]
    // more rows than are stepped without the thread
    const rows = 100
    const slots = Int32Array.from({ length: rows }, (_, slot) => slot)
    const x = Float32Array.from({ length: rows * bundle.manifest.channels.length * FEATURES_PER_CHANNEL }, (_, i) =>
      Math.sin(i),
    )
    for (const it of [engine, whole]) for (let i = 0; i < 3; i++) await it.step(slots, x, rows)
    await started[0]!.terminate()
    await expect(engine.step(slots, x, rows)).rejects.toMatchObject({ code: 'engine-failed', retriable: true })
    const stepped = async (): Promise<Float32Array> => {
      try {
        return await engine.step(slots, x, rows)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return stepped()
      }
    }
    const count = rows * engine.forecastSize
    expect((await stepped()).slice(0, count)).toEqual((await whole.step(slots, x, rows)).slice(0, count))
    expect(started.length).toBe(2)
    process.off('worker', note)
    await engine.close()
    await whole.close()
  })
})

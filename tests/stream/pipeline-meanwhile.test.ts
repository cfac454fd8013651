import { from, lastValueFrom, Subject, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { VigilError } from '../../src/errors.ts'
import { type PipelineOptions, pipeline } from '../../src/stream/pipeline.ts'
import type { Input, InputBatch, Turn } from '../../src/stream/ports.ts'
import { bedKey } from '../../src/vitals/reading.ts'
import { reject } from '../../src/vitals/rejection.ts'
import { reading } from './reading.ts'
import { countingTelemetry, freshWard, realWards } from './real-ward.ts'

const T0 = Date.UTC(2026, 0, 1)
const BAD = reject('not-a-number', 'the value is "98"', 'values.spo2')

/** A batch that notes when the ward has all of it, and when all that came of it is delivered. */
const noted = (name: string, inputs: readonly Input[], events: string[]): InputBatch => ({
  source: 'test', partition: 0, inputs, offsets: inputs.map((_, i) => i),
  taken: () => void events.push(`${name} taken`),
  done: () => void events.push(`${name} done`),
}) // biome-ignore format: one batch

/** A ward whose steps wait until they are let go: what happens meanwhile happens in the middle of one. */
async function gated() {
  const wards = await realWards()
  const events: string[] = []
  let go = () => {}
  let asked = () => {}
  const engine: typeof wards.engine = Object.assign(Object.create(wards.engine), {
    async step(...of: Parameters<typeof wards.engine.step>) {
      events.push('step')
      const gone = new Promise<void>((resolve) => {
        go = resolve
      })
      asked()
      await gone
      return wards.engine.step(...of)
    },
  })
  const bed = freshWard(wards.manifest, wards.table, engine, {})
  const stepping = () =>
    new Promise<void>((resolve) => {
      asked = resolve
    })
  const options = (more: Partial<PipelineOptions> = {}): PipelineOptions => ({
    sinks: [{ name: 'noting', deliver: async () => void events.push('delivered'), close: async () => {} }],
    telemetry: countingTelemetry().telemetry,
    maxBatch: 4,
    maxWaitMs: 0,
    signalLostSeconds: undefined,
    now: () => 0,
    ...more,
  })
  /** let the step in flight go, and every one after it */
  const free = () => {
    asked = () => go()
    go()
  }
  return { ...bed, events, options, stepping, free, letGo: () => go(), close: wards.close }
}
/** A second of four beds: a round. */
const second = (s: number) =>
  ['1', '2', '3', '4'].map((bed) => ({
    ...reading({ time: T0 + s * 1000, values: { hr: 72, spo2: 80 }, complete: true, patientKey: bedKey('ICU', bed) }),
    bed,
  }))

describe('while frames are stepped, the pipeline', () => {
  it('takes in what waits, and delivers and acknowledges it with what it had', async () => {
    const { ward, events, options, stepping, letGo, free, close } = await gated()
    const source = new Subject<InputBatch>()
    const flushes = lastValueFrom(pipeline(source, ward, options()).pipe(toArray()))
    const begun = stepping()
    source.next(noted('a', [BAD, ...second(0).slice(1)], events))
    source.next(noted('b', second(1), events))
    await begun
    // the step is in flight, and its second batch is in the ward
    expect(events).toEqual(['a taken', 'step', 'b taken'])
    const again = stepping()
    source.next(noted('c', second(2), events))
    letGo()
    await again
    expect(events).toEqual(['a taken', 'step', 'b taken', 'step', 'c taken'])
    free()
    source.complete()
    expect(await flushes).toMatchObject([{ inputs: 12, frames: 11, outputs: 1 }])
    expect(events.filter((it) => it !== 'step')).toEqual(['a taken', 'b taken', 'c taken', 'delivered', 'a done', 'b done', 'c done']) // biome-ignore format: one order
    await close()
  })

  it('takes no more than a flush may have, however much waits', async () => {
    const { ward, events, options, free, close } = await gated()
    free()
    const batches = Array.from({ length: 50 }, (_, i) => noted(String(i), second(i), events))
    const flushes = await lastValueFrom(pipeline(from(batches), ward, options()).pipe(toArray()))
    expect(flushes.map(({ inputs }) => inputs)).toEqual([32, 32, 32, 32, 32, 32, 8])
    expect(flushes.reduce((sum, { frames }) => sum + frames, 0)).toBe(200)
    expect(events.filter((it) => it.endsWith('done'))).toEqual(batches.map((_, i) => `${i} done`))
    await close()
  })

  it('takes nothing once its committer is due, and lets it have the ward at rest', async () => {
    const { ward, events, options, free, close } = await gated()
    free()
    const says: number[] = []
    const committer = {
      due(count: number) {
        says.push(count)
        return says.length % 3 === 0
      },
      flushed() {
        events.push('committed')
        // nobody's state is in flight
        expect(ward.state.save(bedKey('ICU', '1'))).toBeDefined()
      },
    }
    const batches = Array.from({ length: 12 }, (_, i) => noted(String(i), second(i), events))
    const flushes = await lastValueFrom(pipeline(from(batches), ward, options({ committer })).pipe(toArray()))
    expect(events.filter((it) => it === 'committed')).toHaveLength(flushes.length)
    expect(flushes.slice(0, -1).every(({ inputs }) => inputs === 12)).toBe(true)
    // what the flush has to say so far: the limit's alert is of its first frames
    expect(Math.max(...says)).toBeGreaterThan(0)
    await close()
  })

  it('lets a turn wait for the flush, alone and in its place; what comes behind it waits for both', async () => {
    const { ward, events, options, stepping, free, close } = await gated()
    const source = new Subject<InputBatch>()
    const flushes = lastValueFrom(pipeline(source, ward, options()).pipe(toArray()))
    const turn: Turn = {
      ...noted('turn', [], events),
      async take() {
        events.push('turn begins')
        await new Promise((resolve) => setImmediate(resolve))
        events.push('turn ends')
        return second(2)
      },
    }
    const begun = stepping()
    source.next(noted('a', second(0), events))
    source.next(noted('b', second(1), events))
    source.next(turn)
    source.next(noted('c', second(3), events))
    source.complete()
    await begun
    expect(events).toEqual(['a taken', 'step', 'b taken'])
    free()
    expect(await flushes).toMatchObject([
      { inputs: 8, frames: 8 },
      { inputs: 0, frames: 4 },
      { inputs: 4, frames: 4 },
    ])
    const order = events.filter((it) => it !== 'step' && it !== 'delivered')
    expect(order).toEqual([
      ...['a taken', 'b taken', 'a done', 'b done'],
      ...['turn begins', 'turn ends', 'turn taken', 'turn done'],
      ...['c taken', 'c done'],
    ])
    await close()
  })

  it('works what its source gave before it broke, then breaks with it', async () => {
    const { ward, frames, events, options, stepping, free, close } = await gated()
    const source = new Subject<InputBatch>()
    const flushes = lastValueFrom(pipeline(source, ward, options()).pipe(toArray()))
    const begun = stepping()
    for (const [i, name] of ['a', 'b', 'c'].entries()) source.next(noted(name, [BAD, ...second(i)], events))
    await begun
    source.error(new VigilError('recording-unreadable', 'the file ends in the middle'))
    free()
    await expect(flushes).rejects.toMatchObject({ code: 'recording-unreadable' })
    expect(frames).toHaveLength(12)
    expect(events.slice(-4)).toEqual(['delivered', 'a done', 'b done', 'c done'])
    await close()
  })

  it('takes nothing for whoever does not listen any more', async () => {
    const { ward, events, options, stepping, letGo, free, close } = await gated()
    const source = new Subject<InputBatch>()
    const listening = pipeline(source, ward, options()).subscribe()
    const begun = stepping()
    for (const [i, name] of ['a', 'b', 'c'].entries()) source.next(noted(name, second(i), events))
    await begun
    listening.unsubscribe()
    const again = stepping()
    letGo()
    await again
    free()
    while (!events.includes('b done')) await new Promise((resolve) => setImmediate(resolve))
    expect(events).not.toContain('c taken')
    await close()
  })

  it('breaks with what breaks, though the step in flight fails as well', async () => {
    const wards = await realWards()
    const engine: typeof wards.engine = Object.assign(Object.create(wards.engine), {
      step: async () => {
        await new Promise((resolve) => setImmediate(resolve))
        throw new Error('the engine is broken as well')
      },
    })
    const { ward } = freshWard(wards.manifest, wards.table, engine, {})
    const batch = noted('a', second(0), [])
    for (const input of batch.inputs) ward.accept(input, batch, 0, 0)
    const broken = () => {
      throw new Error('the source is broken')
    }
    await expect(ward.drain(broken)).rejects.toThrow('the source is broken')
    // whatever nobody heard of would be told by now
    await new Promise((resolve) => setTimeout(resolve, 5))
    await wards.close()
  })
})

import { from, lastValueFrom, Observable, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { VigilError } from '../../src/errors.ts'
import { type PipelineOptions, pipeline } from '../../src/stream/pipeline.ts'
import type { Input, InputBatch, Output, Sink, Source, Turn } from '../../src/stream/ports.ts'
import { reject } from '../../src/vitals/rejection.ts'
import { reading } from './reading.ts'
import { countingTelemetry, realWard } from './real-ward.ts'

const T0 = Date.UTC(2026, 0, 1)
const low = (s: number) => reading({ time: T0 + s * 1000, values: { hr: 72, spo2: 80 }, complete: true })

/** A source that obeys its credits and remembers the most that were ever undone. */
function credited(batches: readonly Input[][], credits = 2): { source: Source; seen: { most: number; done: number } } {
  const seen = { most: 0, done: 0 }
  const source = new Observable<InputBatch>((subscriber) => {
    let next = 0
    let undone = 0
    let offset = 0
    const feed = () => {
      while (undone < credits && next < batches.length) {
        const inputs = batches[next++]!
        seen.most = Math.max(seen.most, ++undone)
        const offsets = inputs.map(() => offset++)
        const done = () => {
          undone--
          seen.done++
          if (next === batches.length && undone === 0) subscriber.complete()
          else setImmediate(feed)
        }
        subscriber.next({ source: 'test', partition: 0, inputs, offsets, done })
      }
    }
    feed()
  })
  return { source, seen }
}

function collecting(deliver: (outputs: readonly Output[]) => Promise<void> = async () => {}): Sink & { got: Output[] } {
  const got: Output[] = []
  return {
    name: 'collecting',
    got,
    async deliver(outputs) {
      await deliver(outputs)
      got.push(...outputs)
    },
    async close() {},
  }
}

async function run(batches: readonly Input[][], sink: Sink, more: Partial<PipelineOptions> = {}) {
  const bed = await realWard()
  const { counts, telemetry } = countingTelemetry()
  const { source, seen } = credited(batches)
  const options: PipelineOptions = {
    sinks: [sink],
    telemetry,
    maxBatch: 64,
    maxWaitMs: 0,
    signalLostSeconds: undefined,
    now: () => 0,
    ...more,
  }
  try {
    const flushes = await lastValueFrom(pipeline(source, bed.ward, options).pipe(toArray()))
    return { flushes, seen, counts, frames: bed.frames }
  } finally {
    await bed.close()
  }
}

const minute = Array.from({ length: 60 }, (_, s) => [low(s)])

describe('the pipeline', () => {
  it('delivers what a batch caused before it acknowledges the batch', async () => {
    const order: string[] = []
    const sink = collecting(async () => void order.push('delivered'))
    const { source } = credited([Array.from({ length: 20 }, (_, s) => low(s))])
    const watched = new Observable<InputBatch>((subscriber) =>
      source.subscribe({
        next: (batch) =>
          subscriber.next({
            ...batch,
            done: () => {
              order.push('done')
              batch.done()
            },
          }),
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )
    const bed = await realWard()
    const { telemetry } = countingTelemetry()
    const options = { sinks: [sink], telemetry, maxBatch: 64, maxWaitMs: 0, signalLostSeconds: undefined, now: () => 0 }
    await lastValueFrom(pipeline(watched, bed.ward, options))
    expect(order).toEqual(['delivered', 'done'])
    await bed.close()
  })

  it('holds the source back under a slow sink: never more undone than its credits', async () => {
    const slow = collecting(() => new Promise((resolve) => setTimeout(resolve, 5)))
    const { seen, frames } = await run(minute, slow)
    expect(seen).toEqual({ most: 2, done: 60 })
    expect(frames).toHaveLength(60)
    expect(slow.got.length).toBeGreaterThan(0)
  })

  it('tells how much waits and for how long, and that nothing does at the end', async () => {
    let now = 0
    const slow = collecting(async () => {
      now += 3000
    })
    const { counts } = await run(minute, slow, { now: () => now })
    expect(Math.max(...counts.queued.map(([, seconds]) => seconds))).toBeGreaterThanOrEqual(3)
    expect(counts.queued.at(-1)).toEqual([0, 0])
  })

  it('counts what its source still holds, and since when a batch waits', async () => {
    const { counts, telemetry } = countingTelemetry()
    const bed = await realWard()
    const batch = (inputs: readonly Input[], behind: number, since: number): InputBatch => ({
      source: 'test', partition: 0, inputs, offsets: inputs.map((_, i) => i), since, behind, done() {},
    }) // biome-ignore format: one batch
    const source = from([batch([low(0), low(1)], 700, 4000), batch([low(2)], 0, 5000)])
    const options = { sinks: [], telemetry, maxBatch: 64, maxWaitMs: 0, signalLostSeconds: undefined, now: () => 6000 }
    await lastValueFrom(pipeline(source, bed.ward, options))
    expect(counts.queued.slice(0, 2)).toEqual([
      [702, 2],
      [3, 2],
    ])
    expect(counts.queued.at(-1)).toEqual([0, 0])
    await bed.close()
  })

  it('forgets what its source held when a turn says that it holds it no more', async () => {
    const { counts, telemetry } = countingTelemetry()
    const bed = await realWard()
    const batch = { source: 'test', partition: 0, inputs: [low(0)], offsets: [0], behind: 700, done() {} }
    const turn: Turn = { ...batch, inputs: [], offsets: [], behind: 0, take: () => [] }
    const options = { sinks: [], telemetry, maxBatch: 64, maxWaitMs: 0, signalLostSeconds: undefined, now: () => 0 }
    await lastValueFrom(pipeline(from([batch, turn]), bed.ward, options))
    expect(counts.queued[0]).toEqual([701, 0])
    expect(counts.queued.at(-1)).toEqual([0, 0])
    await bed.close()
  })

  it('tries a sink again while that may help, and delivers each output once', async () => {
    let refusals = 2
    const sink = collecting(async () => {
      if (refusals-- > 0) throw new VigilError('sink-failed', 'busy', { retriable: true })
    })
    const { counts } = await run(minute, sink)
    expect(counts.sinkFailures).toEqual([true, true])
    const starts = sink.got.filter((it) => it.kind === 'alert' && it.envelope.body.phase === 'start')
    expect(starts).toHaveLength(1)
  })

  it('ends with the error of a sink that cannot recover', async () => {
    const sink = collecting(async () => {
      throw new VigilError('sink-failed', 'the disk is gone')
    })
    await expect(run(minute, sink)).rejects.toMatchObject({ code: 'sink-failed' })
  })

  it('delivers every rejection as a dead letter with its place, and scores what stands around it', async () => {
    const sink = collecting()
    const bad = reject('not-a-number', 'the value is "98"', 'values.spo2')
    const { frames } = await run([[low(0), bad, low(1)], [bad], [low(2)]], sink)
    expect(frames).toHaveLength(3)
    expect(sink.got.map((it) => it.kind === 'dead-letter' && it.offset)).toEqual([1, 3])
  })

  it('raises the silence of a bed from the wall clock while the source says nothing', async () => {
    const sink = collecting()
    let now = 0
    const open = new Observable<InputBatch>((subscriber) => {
      subscriber.next({ source: 'test', partition: 0, inputs: [low(0)], offsets: [0], done() {} })
      const timer = setInterval(() => {
        now += 40_000
        if (now > 80_000) subscriber.complete()
      }, 700)
      return () => clearInterval(timer)
    })
    const bed = await realWard()
    const { telemetry } = countingTelemetry()
    const options = { sinks: [sink], telemetry, maxBatch: 64, maxWaitMs: 0, signalLostSeconds: 30, now: () => now }
    await lastValueFrom(pipeline(open, bed.ward, options))
    const lost = sink.got.filter((it) => it.kind === 'alert' && it.envelope.body.code === 'signal-lost')
    expect(lost).toHaveLength(1)
    expect(sink.got.some((it) => it.kind === 'journal' && it.entry.entry === 'signal-lost')).toBe(true)
    await bed.close()
  })

  it('hands over to a source in the call in which it takes: what comes by then is worked like anything else', async () => {
    const bed = await realWard()
    let next = 0
    const source = new Observable<InputBatch>((subscriber) => {
      const hand = () => {
        if (next === 30) return subscriber.complete()
        subscriber.next({
          source: 'test',
          partition: 0,
          inputs: [low(next)],
          offsets: [next++],
          taken: hand,
          done() {},
        })
      }
      hand()
    })
    const { telemetry } = countingTelemetry()
    const options = { sinks: [], telemetry, maxBatch: 1, maxWaitMs: 0, signalLostSeconds: undefined, now: () => 0 }
    await lastValueFrom(pipeline(source, bed.ward, options))
    expect(bed.frames).toHaveLength(30)
    await bed.close()
  })
})

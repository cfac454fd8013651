import fc from 'fast-check'
import { concat, lastValueFrom, Observable, of, throwError, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { VigilError } from '../../src/errors.ts'
import { pipeline } from '../../src/stream/pipeline.ts'
import type { InputBatch, Output, Sink, Source } from '../../src/stream/ports.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { realWards } from '../stream/real-ward.ts'
import { BEDS, journals, keyOf, T0, type Told } from './ward-journals.ts'

const LOST_AFTER = 30
const eager = Settings.parse({ limits: { adult: { hr: { low: 50, high: 150, holdSeconds: 0 } } } })
const admitted: JournalEntry = {
  kind: 'journal',
  entry: 'admit',
  patientKey: keyOf('1'),
  encounter: 'x',
  at: T0 + 0.25,
  afterOffset: -1,
}
const low = (s: number, more: object = {}) =>
  reading({ time: T0 + s * 1000, values: { hr: 40, spo2: 80 }, complete: true, ...more })

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

/** Tell a ward a journal by a wall clock that looks for silent beds before every input. */
async function live(journal: readonly Told[], waits: readonly number[]) {
  const bed = wards.fresh({ settings: eager })
  const told: Told[] = []
  let now = 1_800_000_000_000
  for (const [i, it] of journal.entries()) {
    now += waits[i % waits.length]! * 1000
    const verdicts = bed.ward.silent(now, LOST_AFTER)
    await bed.give([...verdicts, it], now)
    told.push(...verdicts, it)
  }
  return { bed, told }
}

describe('the silence of a bed', () => {
  it('enters by its record alone: a replay of readings and verdicts gives the bytes of the live run', () =>
    fc.assert(
      fc.asyncProperty(
        journals,
        fc.array(fc.constantFrom(0, 1, 5, 31, 400), { minLength: 1 }),
        async (journal, waits) => {
          const { bed, told } = await live(journal, waits)
          const replayed = wards.fresh({ settings: eager, maxBatch: 3 })
          await replayed.give(JSON.parse(JSON.stringify(told)).map(revived))
          expect(replayed.bodies().map(bodyLine).toSorted()).toEqual(bed.bodies().map(bodyLine).toSorted())
          for (const key of BEDS.map(keyOf)) {
            const own = (it: { readonly patientKey: string }) => it.patientKey === key
            expect(JSON.stringify(replayed.frames.filter(own))).toBe(JSON.stringify(bed.frames.filter(own)))
          }
          for (const body of bed.bodies()) expect(AlertBody.safeParse(body).error?.issues).toBeUndefined()
        },
      ),
      { numRuns: 80 },
    ))

  it('is never missed: a bed without a frame for long enough is blind, whatever its stamps say', () =>
    fc.assert(
      fc.asyncProperty(journals, async (journal) => {
        const readings = journal.filter((it) => it.kind === 'reading' && it.patientKey === keyOf('1'))
        const bed = wards.fresh({ settings: eager })
        let now = 0
        let seen = 0
        let framed = 0
        for (const it of readings) {
          now += 10_000
          await bed.give(bed.ward.silent(now, LOST_AFTER), now)
          // a clock that moves may hold its ticks open, no longer than the lateness and the look at it
          if (now - framed > 4 * LOST_AFTER * 1000) expect(bed.ward.watching.blind).toBe(1)
          await bed.give([it], now)
          if (bed.frames.length > seen) framed = now
          seen = bed.frames.length
        }
      }),
      { numRuns: 80 },
    ))

  it('is found in a bed whose clock stands still while its parts arrive', async () => {
    const bed = wards.fresh({ settings: eager })
    await bed.give([low(0), low(1)], 0)
    for (let s = 1; s <= LOST_AFTER; s++) await bed.give([low(2, { complete: false })], s * 1000)
    await bed.give(bed.ward.silent(32_000, LOST_AFTER))
    expect(bed.ward.watching.blind).toBe(1)
    expect(bed.bodies('signal-lost')).toHaveLength(1)
  })

  it('is found in a bed whose clock went back an hour: its readings are late, and somebody is told', async () => {
    const bed = wards.fresh({ settings: eager })
    await bed.give(
      Array.from({ length: 10 }, (_, s) => low(3600 + s)),
      0,
    )
    await bed.give(
      Array.from({ length: 40 }, (_, s) => low(10 + s)),
      31_000,
    )
    await bed.give(bed.ward.silent(31_000, LOST_AFTER))
    expect(bed.counts.rejected.get('late')).toBe(40)
    expect(bed.bodies('signal-lost')).toHaveLength(1)
  })

  it('is told of a bed that was admitted and never spoke, from the time of its admission', async () => {
    const bed = wards.fresh()
    await bed.give([admitted], 1000)
    await bed.give(bed.ward.silent(41_000, LOST_AFTER))
    const [body] = bed.bodies('signal-lost')
    expect(AlertBody.parse(body).times).toEqual({ event: T0 + 40_000, onset: T0, detected: T0 + 40_000 })
  })

  it('ends no other alert: that nobody sees the cause is no sign that it is gone', async () => {
    const bed = wards.fresh({ settings: eager })
    await bed.give(
      Array.from({ length: 20 }, (_, s) => low(s)),
      0,
    )
    await bed.give(bed.ward.silent(60_000, LOST_AFTER))
    expect(bed.bodies('hr-low').map((body) => body.phase)).toEqual(['start'])
    await bed.give([low(79)], 61_000)
    expect(bed.bodies('hr-low').map((body) => body.phase)).toEqual(['start'])
    expect(bed.bodies('signal-lost').map((body) => body.phase)).toEqual(['start', 'end'])
  })
})

/** JSON has no undefined: a reading's absent fields come back. */
function revived(it: Told): Told {
  return it.kind === 'journal'
    ? it
    : { ...it, encounter: it.encounter, unit: it.unit, bed: it.bed, times: it.times ?? undefined }
}

describe('a pipeline', () => {
  const batch = (inputs: readonly Reading[], at: number): InputBatch => ({
    source: 'test',
    partition: 0,
    inputs,
    offsets: inputs.map((_, i) => at + i),
    done: () => void acknowledged.push(at),
  })
  const acknowledged: number[] = []

  async function run(source: Source, deliver: () => Promise<void>, now = () => 0) {
    acknowledged.length = 0
    const bed = wards.fresh({ settings: eager })
    const got: Output[] = []
    const sink: Sink = {
      name: 'collecting',
      async deliver(outputs) {
        await deliver()
        got.push(...outputs)
      },
      async close() {},
    }
    const { telemetry } = silentTelemetry
    const options = { sinks: [sink], telemetry, maxBatch: 1, maxWaitMs: 0, signalLostSeconds: LOST_AFTER, now }
    const ended = await lastValueFrom(pipeline(source, bed.ward, options).pipe(toArray())).catch(
      (error: unknown) => error,
    )
    return { ended, got, frames: bed.frames }
  }
  const silentTelemetry = {
    telemetry: {
      readings() {},
      rejected() {},
      frames() {},
      stepped() {},
      providerLost() {},
      modelFailed() {},
      risks() {},
      alert() {},
      entered() {},
      watching() {},
      queued() {},
      sinkFailed() {},
    },
  }

  it('completes when its source had nothing to say and was done at once', async () => {
    expect(await run(of(), async () => {})).toMatchObject({ ended: [], got: [] })
  })

  it('scores and delivers what a source gave before its error, once, and passes the error on', async () => {
    const broken = new VigilError('recording-unreadable', 'the file is cut')
    const source = concat(
      of(batch([low(0), low(1)], 0), batch([low(2)], 2)),
      throwError(() => broken),
    )
    const { ended, got, frames } = await run(source, async () => {})
    expect(ended).toBe(broken)
    expect(frames).toHaveLength(3)
    expect(got.filter((it) => it.kind === 'alert').length).toBeGreaterThan(0)
    expect(acknowledged).toEqual([0, 2])
  })

  it('takes no slow sink for silence: what has arrived and waits was heard', async () => {
    let now = 0
    const source = new Observable<InputBatch>((subscriber) => {
      subscriber.next(batch([low(0)], 0))
      subscriber.next(batch([low(1)], 1))
      setTimeout(() => subscriber.next(batch([low(2)], 2)), 1500)
      setTimeout(() => subscriber.complete(), 4000)
    })
    let stalls = 1
    const stalled = async () => {
      if (stalls-- <= 0) return
      await new Promise((resolve) => setTimeout(resolve, 3500))
    }
    const clock = setInterval(() => {
      now += 20_000
    }, 1000)
    const { got, frames } = await run(source, stalled, () => now)
    clearInterval(clock)
    expect(frames).toHaveLength(3)
    expect(got.filter((it) => it.kind === 'journal')).toEqual([])
  })
})

import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Recording, readingAt } from '../../src/evaluation/faults/recording.ts'
import { opinionOn } from '../../src/evaluation/faults/second-opinion.ts'
import { openModel, openReconstructor } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { Detector } from '../../src/stream/detector.ts'
import { OpinionDetector } from '../../src/stream/opinion-detector.ts'
import type { FrameTap, InputBatch, Output, StepEngine } from '../../src/stream/ports.ts'
import { Ward } from '../../src/stream/ward.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { ModelManifest } from '../../src/vitals/manifest.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import type { ReconstructorManifest } from '../../src/vitals/reconstructor-manifest.ts'
import type { OpinionReport } from '../../src/vitals/report.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { calm } from '../evaluation/faults/made-recording.ts'
import { countingTelemetry } from '../stream/real-ward.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const table = channelTable()
const FROM = { source: 'test', partition: 0, layouts: new Map(), now: 0 }

let bedside: { manifest: ModelManifest; engine: StepEngine }
let encdec: { manifest: ReconstructorManifest; engine: StepEngine }
beforeAll(async () => {
  const options = { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false }
  const [one, other] = [await openModel(MODELS, 'bedside'), await openReconstructor(MODELS, 'encdec')]
  bedside = { manifest: one.manifest, engine: await openEngine(one, options) }
  encdec = { manifest: other.manifest, engine: await openEngine(other, options) }
})
afterAll(() => Promise.all([bedside, encdec].map(({ engine }) => engine.close())))

function fresh({ second = true, maxBatch = 64 } = {}) {
  const said = new Map<string, OpinionReport[]>()
  const tap: FrameTap = {
    wants: () => true,
    frames(reports) {
      for (const { patientKey, opinions = [] } of reports) {
        for (const opinion of opinions) said.set(patientKey, [...(said.get(patientKey) ?? []), opinion])
      }
    },
    watchingChanged() {},
    left() {},
  }
  const { counts, telemetry } = countingTelemetry()
  const ward = new Ward({
    table,
    detectors: [new Detector(bedside.manifest, table, bedside.engine, maxBatch)],
    opinions: second ? [new OpinionDetector(encdec.manifest, table, encdec.engine, maxBatch)] : [],
    settings: Settings.parse({}),
    maxBatch,
    telemetry,
    tap,
    instance: 'test',
    now: () => 0,
  })
  const outputs: Output[] = []
  let offset = 0
  async function give(inputs: readonly Reading[]): Promise<void> {
    const batch: InputBatch = { source: 'test', partition: 0, inputs, offsets: [], done() {} }
    for (const input of inputs) {
      while (!ward.accept(input, batch, offset, 0)) await ward.drain()
      offset++
    }
    await ward.drain()
    outputs.push(...ward.takeOutputs())
  }
  const bodies = () => outputs.map((it) => (it.kind === 'alert' ? it.envelope.body : it))
  return { ward, give, bodies, counts, said: (patient: string) => said.get(patient) ?? [] }
}

/** All seconds of some recordings as readings of beds named by their recording, second by second. */
function readings(recordings: readonly Recording[], from = 0, to = Number.POSITIVE_INFINITY): Reading[] {
  const all: Reading[] = []
  for (let second = from; second < Math.min(to, Math.max(...recordings.map(({ seconds }) => seconds))); second++) {
    for (const recording of recordings) {
      const reading = second < recording.seconds ? readingAt(recording, second, recording.name, table) : undefined
      if (reading !== undefined) all.push(reading)
    }
  }
  return all
}

/** Scores as they changed. */
const scores = (reports: readonly OpinionReport[]) =>
  reports.flatMap(({ score, time }, i) => (score === undefined || time === reports[i - 1]?.time ? [] : [score]))

describe('a second opinion in a ward', () => {
  const recordings = [calm(1, 150), calm(2, 95), calm(3, 120)]

  it('gives what `evaluate faults --second` gives, beside the forecaster, in rounds of any size, to the last bit', async () => {
    const scorer = await opinionOn({ ...encdec, table }, recordings)
    for (const maxBatch of [64, 2]) {
      const bed = fresh({ maxBatch })
      await bed.give(readings(recordings))
      for (const recording of recordings) {
        const wanted = Array.from(scorer(recording).filter((score) => Number.isFinite(score)))
        expect(wanted.length).toBeGreaterThan(5)
        const found = scores(bed.said(recording.name))
        expect(wanted.slice(0, found.length)).toEqual(found)
        expect(wanted.length - found.length).toBeLessThanOrEqual(1)
      }
    }
  })

  it('raises nothing: alerts are those of a ward without it', async () => {
    const wild = recordings.map((it) => ({
      ...it,
      values: it.values.map((value, i) => (i > 300 ? value + 25 : value)),
    }))
    const [alone, beside] = [fresh({ second: false }), fresh()]
    for (const bed of [alone, beside]) await bed.give(readings(wild))
    expect(alone.bodies().length).toBeGreaterThan(0)
    expect(beside.bodies()).toEqual(alone.bodies())
    const last = beside.said('calm-1').at(-1)!
    expect(last).toMatchObject({ standing: 'current', threshold: encdec.manifest.score.threshold })
    expect(last.contributions.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
  })

  it('gathers until there is a whole window, and again after a silence longer than one', async () => {
    const bed = fresh()
    await bed.give(readings([recordings[0]!], 0, 45))
    expect(bed.said('calm-1')[20]).toMatchObject({ standing: 'gathering', above: false, contributions: [] })
    expect(bed.said('calm-1').at(-1)).toMatchObject({ standing: 'current' })
    // three stamps that agree move the clock over a gap
    await bed.give(readings([recordings[0]!], 110, 120))
    expect(bed.said('calm-1').at(-1)).toMatchObject({ standing: 'gathering' })
  })

  it('is saved and restored as it was, at any point', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 1, max: 50 }), async (cut, more) => {
        const of = recordings.slice(0, 2)
        const whole = fresh()
        await whole.give(readings(of, 0, cut))
        const records = of.map(({ name }) => [name, whole.ward.state.save(name)?.record] as const)
        await whole.give(readings(of, cut, cut + more))
        const other = fresh({ maxBatch: 2 })
        for (const [key, record] of records) if (record !== undefined) other.ward.state.load(key, record, FROM)
        await other.give(readings(of, cut, cut + more))
        for (const { name } of of) {
          expect(other.said(name)).toEqual(whole.said(name).slice(-other.said(name).length))
          expect(other.said(name).length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 15 },
    ))
})

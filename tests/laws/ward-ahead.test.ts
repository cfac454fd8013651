import fc from 'fast-check'
import { lastValueFrom, Observable } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { openStepGraph } from '../../src/inference/engine.ts'
import { graphShape } from '../../src/inference/graph-shape.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { Detector } from '../../src/stream/detector.ts'
import { pipeline } from '../../src/stream/pipeline.ts'
import { type Input, type InputBatch, patientOf, type Source } from '../../src/stream/ports.ts'
import { decodeState, layoutOf } from '../../src/stream/state-record.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { ModelManifest } from '../../src/vitals/manifest.ts'
import { reject } from '../../src/vitals/rejection.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { countingTelemetry, freshWard, MODELS } from '../stream/real-ward.ts'
import { type Spoils, spoiling } from '../stream/spoiling-engine.ts'
import { type Act, acts, controlOf } from './ward-acts.ts'
import { BEDS, hasty, journals, keyOf, type Told } from './ward-journals.ts'

const eager = Settings.parse({
  limits: {
    adult: { hr: { low: 50, high: 150, holdSeconds: 0 }, spo2: { low: 90, holdSeconds: 1, priority: 'high' } },
  },
  alerts: { clearSeconds: 3, continueSeconds: 20 },
  stream: { departedSeconds: 2 },
})
const KEYS = [...BEDS, 'nobody'].map(keyOf)
const table = channelTable()
/** The version beside the champion: it has a state of its own, and other rows of it are spoilt. */
const beside = (manifest: ModelManifest): ModelManifest => ({ ...manifest, version: '9.9.9', warmupSteps: 5 })

type Spoilt = ReturnType<typeof spoiling>
/** The same model twice on one kind of engine: champion and shadow. */
interface Pair {
  readonly manifests: readonly [ModelManifest, ModelManifest]
  readonly engines: readonly [Spoilt, Spoilt]
}
/** never ahead, and ahead */
let here: Pair
let away: Pair

beforeAll(async () => {
  const { onnx, manifest } = await openModel(MODELS, 'bedside')
  const shape = graphShape(manifest)
  const options = { provider: 'cpu', threads: 1, maxBatch: 64 }
  const own = hasty(manifest)
  const manifests = [own, beside(own)] as const
  const pair = async (open: () => Promise<Parameters<typeof spoiling>[0]>): Promise<Pair> => ({
    manifests,
    engines: [spoiling(await open(), own.channels.length), spoiling(await open(), own.channels.length)],
  })
  here = await pair(async () => inProcessEngine(await openStepGraph(onnx, shape, options)))
  away = await pair(() => openWorkerEngine({ onnx, shape, options }))
})
afterAll(() => Promise.all([here, away].flatMap(({ engines }) => engines.map(({ engine }) => engine.close()))))

interface Made {
  readonly maxBatch: number
  readonly shadow: boolean
  readonly fallsBack: boolean
  readonly spoils: Spoils
}

function fresh({ manifests, engines }: Pair, { maxBatch, shadow, fallsBack, spoils }: Made) {
  engines[0].spoil(spoils)
  engines[1].spoil({ ...spoils, salt: spoils.salt + 1 })
  const bed = freshWard(manifests[0], table, engines[0].engine, { maxBatch, settings: eager, fallsBack })
  if (shadow) bed.ward.versions.beside(new Detector(manifests[1], table, engines[1].engine, maxBatch))
  return bed
}
type Bed = ReturnType<typeof fresh>

/** What else comes by: what cannot be read, and what an engine did when the journal was made. */
const asides = fc.array(
  fc.option(fc.record({ what: fc.constantFrom('rejection', 'model-failed', 'model-back'), bed: fc.constantFrom(...BEDS), shadow: fc.boolean() }), { freq: 4 }), // biome-ignore format: one line
  { minLength: 1, maxLength: 40 },
)
type Aside = typeof asides extends fc.Arbitrary<(infer T)[]> ? T : never

function asideOf({ what, bed, shadow }: NonNullable<Aside>, at: number): Input {
  if (what === 'rejection') return reject('not-a-number', 'the value is "98"', 'values.spo2')
  const { name, version } = here.manifests[shadow ? 1 : 0]
  const entry = what === 'model-failed' ? what : 'model-back'
  return { kind: 'journal', patientKey: keyOf(bed), at, afterOffset: -1, entry, model: `${name}@${version}` }
}

/** Input by input, frame by frame: nothing is ever ahead of anything. @returns all that came */
async function single(bed: Bed, journal: readonly Told[], does: readonly (Act | null)[], aside: readonly Aside[]) {
  const came: Input[] = []
  const give = async (input: Input) => {
    came.push(input)
    await bed.give([input])
  }
  for (const [i, it] of journal.entries()) {
    const clock = it.kind === 'reading' ? it.time : it.at
    const act = does[i % does.length]
    if (act) await give(controlOf(act, bed.bodies(), clock))
    const beside = aside[i % aside.length]
    if (beside) await give(asideOf(beside, clock))
    await give(it)
  }
  return came
}

/** How inputs reach the pipeline. */
const ways = fc.record({
  /** inputs of each batch */
  cuts: fc
    .array(fc.integer({ min: 0, max: 24 }), { minLength: 1, maxLength: 12 })
    .filter((it) => it.some((n) => n > 0)),
  /** batches that the source is ahead of the ward */
  lead: fc.integer({ min: 1, max: 6 }),
  /** handed over in the very call that says that one was taken */
  atOnce: fc.boolean(),
  /** what a committer answers that is asked whether the flush is to end; none: there is none */
  due: fc.array(fc.boolean(), { maxLength: 5 }),
})
type Way = typeof ways extends fc.Arbitrary<infer T> ? T : never

function cutInto(inputs: readonly Input[], { cuts, lead, atOnce }: Way): Source {
  return new Observable<InputBatch>((subscriber) => {
    let [next, at, untaken, handing] = [0, 0, 0, false]
    const hand = () => {
      if (handing) return
      handing = true
      while (untaken < lead && at < inputs.length) {
        const some = inputs.slice(at, at + cuts[next++ % cuts.length]!)
        const offsets = some.map((_, i) => at + i)
        at += some.length
        let out = true
        const taken = () => {
          if (!out) return
          out = false
          untaken--
          if (atOnce) hand()
          else setImmediate(hand)
        }
        untaken++
        subscriber.next({ source: 'test', partition: 0, inputs: some, offsets, taken, done: taken })
      }
      handing = false
      if (at === inputs.length) subscriber.complete()
    }
    hand()
  })
}

async function flow(bed: Bed, inputs: readonly Input[], way: Way, maxBatch: number): Promise<void> {
  const { due } = way
  let asked = 0
  const committer = { due: () => due[asked++ % due.length]!, flushed() {} }
  const flushes = pipeline(cutInto(inputs, way), bed.ward, {
    sinks: [{ name: 'test', deliver: async (outputs) => void bed.outputs.push(...outputs), close: async () => {} }],
    ...(due.length > 0 && { committer }),
    telemetry: countingTelemetry().telemetry,
    maxBatch,
    maxWaitMs: 0,
    signalLostSeconds: undefined,
    now: () => 0,
  })
  await lastValueFrom(flushes, { defaultValue: undefined })
}

function spokenOf({ outputs, frames }: Bed, key: string | undefined) {
  const own = outputs.filter((it) => patientOf(it) === key)
  return {
    said: own.flatMap((it) =>
      it.kind === 'alert' ? [bodyLine(it.envelope.body)] : it.kind === 'journal' ? [JSON.stringify(it.entry)] : [],
    ),
    refused: own.flatMap((it) => (it.kind === 'dead-letter' ? [JSON.stringify(it)] : [])),
    frames: frames.filter(({ patientKey }) => patientKey === key).map((it) => JSON.stringify(it)),
  }
}

/** All that there is of a patient: what was said, shown, refused and entered, and what is saved. */
function allOf(bed: Bed, key: string | undefined) {
  return {
    ...spokenOf(bed, key),
    watching: bed.watched.filter(([patientKey]) => patientKey === key),
    saved: key === undefined ? undefined : savedOf(bed, key),
  }
}

/** A patient's record: its bytes, and what they say, so that one sees which differ. */
function savedOf({ ward }: Bed, key: string) {
  const record = ward.state.save(key)?.record
  if (record === undefined) return undefined
  const layout = ward.state.layouts.find(({ id }) => id === layoutOf(record))!
  const { facts, doubles, floats } = decodeState(record, layout)
  const numbers = layout.fields.map((name, i) => `${name} ${doubles[i]}`)
  return { facts, numbers, states: Array.from(floats), bytes: record.toString('hex') }
}

const salts = fc.nat({ max: 1000 })

describe('a ward whose rounds begin while the one before is stepped', () => {
  const law = (made: fc.Arbitrary<Made>, numRuns: number) =>
    fc.assert(
      fc.asyncProperty(journals, acts(), asides, ways, made, async (journal, does, aside, way, made) => {
        const alone = fresh(here, made)
        const came = await single(alone, journal, does, aside)
        const before = [...KEYS, undefined].map((key) => allOf(alone, key))
        const among = fresh(away, made)
        await flow(among, came, way, made.maxBatch)
        expect([...KEYS, undefined].map((key) => allOf(among, key))).toEqual(before)
      }),
      { numRuns, endOnFailure: true },
    )
  const sum = (of: 'ahead' | 'spoilt' | 'failed', pair = away) => pair.engines.reduce((n, { seen }) => n + seen[of], 0)

  it('says, shows, refuses and saves the same as frame by frame, however its inputs come', async () => {
    await law(
      fc.record({ maxBatch: fc.constantFrom(1, 2, 3, 64), shadow: fc.boolean(), fallsBack: fc.boolean(), spoils: salts.map((salt) => ({ salt, nan: 0, fail: 0 })) }), // biome-ignore format: one line
      30,
    )
    expect(sum('ahead')).toBeGreaterThan(100)
    expect(sum('ahead', here)).toBe(0)
  })

  it('when forecasts are no numbers', async () => {
    const before = sum('ahead')
    await law(
      fc.record({ maxBatch: fc.constantFrom(1, 2, 3, 64), shadow: fc.boolean(), fallsBack: fc.boolean(), spoils: salts.map((salt) => ({ salt, nan: 7, fail: 0 })) }), // biome-ignore format: one line
      30,
    )
    expect(sum('ahead') - before).toBeGreaterThan(100)
    expect(sum('spoilt')).toBeGreaterThan(100)
  })

  it('when steps fail: of one frame each, so that nobody fails with another', async () => {
    const before = sum('ahead')
    await law(
      fc.record({ maxBatch: fc.constant(1), shadow: fc.boolean(), fallsBack: fc.constant(true), spoils: fc.record({ salt: salts, nan: fc.constantFrom(0, 9), fail: fc.constantFrom(3, 13) }) }), // biome-ignore format: one line
      40,
    )
    expect(sum('ahead') - before).toBeGreaterThan(50)
    expect(sum('failed')).toBeGreaterThan(50)
  })

  it('when a failed step ends the run: by that error and no other, and nothing was said that is not so', () =>
    fc.assert(
      fc.asyncProperty(journals, ways, salts, fc.constantFrom(1, 3, 64), async (journal, way, salt, maxBatch) => {
        const made = { maxBatch, shadow: true, fallsBack: false }
        const alone = fresh(here, { ...made, spoils: { salt, nan: 9, fail: 0 } })
        const came = await single(alone, journal, [null], [null])
        const before = sum('failed')
        const among = fresh(away, { ...made, spoils: { salt, nan: 9, fail: 29 } })
        const ended = await flow(among, came, way, maxBatch).catch((error: unknown) => error)
        for (const { rests } of away.engines) await rests()
        if (sum('failed') > before)
          expect(ended).toMatchObject({ code: 'engine-failed', message: expect.stringMatching(/a row made/) })
        else expect(ended).toBeUndefined()
        for (const key of KEYS) {
          const { said, frames } = spokenOf(among, key)
          expect(said).toEqual(spokenOf(alone, key).said.slice(0, said.length))
          expect(frames).toEqual(spokenOf(alone, key).frames.slice(0, frames.length))
        }
      }),
      { numRuns: 20, endOnFailure: true },
    ))
})

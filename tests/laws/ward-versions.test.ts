import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { SHIPPED_MODELS } from '../../src/app.ts'
import { otherVersion } from '../../src/bench/other-version.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { WarmUp } from '../../src/kafka/warm-up.ts'
import { Detector } from '../../src/stream/detector.ts'
import type { Output } from '../../src/stream/ports.ts'
import { decodeState, layoutOf } from '../../src/stream/state-record.ts'
import { Ward } from '../../src/stream/ward.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { EntryOf } from '../../src/vitals/journal.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { countingTelemetry } from '../stream/real-ward.ts'
import { BEDS, hasty, journals, keyOf, T0, type Told } from './ward-journals.ts'

const settings = Settings.parse({
  limits: {
    adult: { hr: { low: 50, high: 150, holdSeconds: 2 }, spo2: { low: 90, holdSeconds: 1, priority: 'high' } },
  },
  alerts: { clearSeconds: 3, continueSeconds: 20 },
})
const KEYS = [...BEDS, 'nobody'].map(keyOf)
const FROM = { source: 'test', partition: 0, layouts: new Map(), now: 0 }
const [OLD, NEW] = [`bedside@${bedside.version}`, 'bedside@2.0.0']
const table = channelTable()
const closing: (() => Promise<unknown>)[] = []
const open: Record<string, () => Promise<Detector>> = {}
const engines: Record<string, Detector> = {}

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-versions-'))
  closing.push(() => rm(dir, { recursive: true, force: true }))
  await otherVersion(SHIPPED_MODELS, 'bedside', dir, { version: '2.0.0', hidden: 24, layers: 1, seed: 7 })
  for (const id of [OLD, NEW]) {
    const bundle = await openModel(dir, id)
    const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false })
    closing.push(() => engine.close())
    open[id] = async () => new Detector(hasty(bundle.manifest), table, engine, 64)
    engines[id] = await open[id]()
  }
})
afterAll(() => Promise.all(closing.map((close) => close())))

/** A ward of the old version, with the new one at hand. */
async function fresh(offset = 0) {
  const { counts, telemetry } = countingTelemetry()
  const ward = new Ward({
    table,
    detectors: [await open[OLD]!()],
    settings,
    maxBatch: 64,
    telemetry,
    tap: undefined,
    instance: 'test',
    now: () => 0,
  })
  ward.versions.add(await open[NEW]!())
  const outputs: Output[] = []
  let next = offset
  return {
    ward,
    outputs,
    counts,
    async give(inputs: readonly Told[]) {
      const batch = { source: 'test', partition: 0, inputs, offsets: [], done() {} }
      for (const input of inputs) {
        while (!ward.accept(input, batch, next, 0)) await ward.drain()
        next++
      }
      await ward.drain()
      outputs.push(...ward.takeOutputs())
    },
    bodies: () => outputs.flatMap((it) => (it.kind === 'alert' ? [it.envelope.body] : [])),
  }
}
type Bed = Awaited<ReturnType<typeof fresh>>

const entry = (patientKey: string, champion: string, shadow?: string): EntryOf<'seen-by'> => ({
  kind: 'journal',
  patientKey,
  at: T0,
  afterOffset: -1,
  entry: 'seen-by',
  detector: 'bedside',
  champion,
  ...(shadow !== undefined && { shadow }),
})
const records = ({ ward }: Bed) =>
  new Map(KEYS.flatMap((key) => (ward.state.save(key) ? [[key, ward.state.save(key)!.record]] : [])))
const hex = (bed: Bed) => [...records(bed)].map(([key, record]) => `${key} ${record.toString('hex')}`)
const alerts = (outputs: readonly Output[]) =>
  outputs.flatMap((it) => (it.kind === 'alert' ? [bodyLine(it.envelope.body)] : [])).toSorted()

/** Entries of a succession, put into a journal at places that are drawn. */
const ways = fc.array(
  fc.record({
    at: fc.nat(),
    bed: fc.constantFrom(...BEDS),
    seen: fc.constantFrom([OLD], [OLD, NEW], [NEW, OLD], [NEW], [OLD, NEW] as [string, string?]),
  }),
  { maxLength: 8 },
)
const changing = fc.tuple(journals, ways).map(([journal, changes]) => {
  const whole: Told[] = [...journal]
  for (const { at, bed, seen } of changes)
    whole.splice(at % (whole.length + 1), 0, entry(keyOf(bed), seen[0]!, seen[1]))
  return whole
})

describe('versions that change hands', () => {
  it("a version in shadow says nothing, and changes nothing of anybody else's: not an alert, not a number", () =>
    fc.assert(
      fc.asyncProperty(journals, async (journal) => {
        const numbers = (bed: Bed) =>
          [...records(bed)].map(([key, record]) => {
            const of = bed.ward.state.layouts.find(({ id }) => id === layoutOf(record))!
            const { doubles, floats } = decodeState(record, of)
            const kept = of.fields.flatMap((name, i) => (name.startsWith(NEW) ? [] : [`${name} ${doubles[i]}`]))
            return [key, kept, floats.slice(0, engines[OLD]!.engine.stateSize)]
          })
        // one after the other: wards of this test share their engines
        const alone = await fresh()
        await alone.give([...BEDS.map((bed) => entry(keyOf(bed), OLD)), ...journal])
        const expected = numbers(alone)
        const beside = await fresh()
        await beside.give([...BEDS.map((bed) => entry(keyOf(bed), OLD, NEW)), ...journal])
        expect(alerts(beside.outputs)).toEqual(alerts(alone.outputs))
        expect(numbers(beside)).toEqual(expected)
      }),
      { numRuns: 20 },
    ))

  it("a patient's saved state is its whole future, whichever versions see it: taken over at any point, all is said and saved the same", () =>
    fc.assert(
      fc.asyncProperty(changing, fc.nat(), async (journal, at) => {
        const cut = at % (journal.length + 1)
        const whole = await fresh()
        await whole.give(journal.slice(0, cut))
        const before = whole.outputs.length
        const saved = records(whole)
        const layouts = new Map(whole.ward.state.layouts.map((it) => [it.id, it]))
        await whole.give(journal.slice(cut))
        const end = hex(whole)
        const other = await fresh(cut)
        for (const [key, record] of saved) other.ward.state.load(key, record, { ...FROM, layouts })
        await other.give(journal.slice(cut))
        expect(alerts(other.outputs)).toEqual(alerts(whole.outputs.slice(before)))
        expect(hex(other)).toEqual(end)
      }),
      { numRuns: 30 },
    ))

  const set = (s: number, hr = 70) =>
    reading({ time: T0 + s * 1000, values: { hr: hr + (s % 3), spo2: 97, resp: 16 }, complete: true })
  const key = keyOf('1')
  const seconds = (from: number, to: number, hr?: number) =>
    Array.from({ length: to - from }, (_, i) => set(from + i, hr))

  it('open alerts go on over a swap, in the same episode, and limits never stop', async () => {
    const bed = await fresh()
    await bed.give([...seconds(0, 30), ...seconds(30, 40, 160)])
    const open = (bodies: ReturnType<Bed['bodies']>) =>
      new Map(bodies.filter(({ state }) => state === 'active').map((it) => [it.code, it.alertId]))
    const before = open(bed.bodies())
    expect([...before.keys()]).toEqual(expect.arrayContaining(['hr-high', 'unexpected']))
    const said = bed.bodies().length
    await bed.give([entry(key, NEW, OLD), ...seconds(40, 70, 160)])
    const after = bed.bodies().slice(said)
    expect(after.filter(({ code, phase }) => code === 'hr-high' && phase === 'start')).toEqual([])
    expect(after.filter(({ phase }) => phase === 'reset')).toEqual([])
    const limit = after.filter(({ code }) => code === 'hr-high')
    expect(limit.length).toBeGreaterThan(0)
    for (const { alertId } of limit) expect(alertId).toBe(before.get('hr-high'))
    // what the old version had raised is the new one's now, or ends as any alert does whose condition is gone
    const unexpected = after.filter(({ code }) => code === 'unexpected').map(({ phase }) => phase)
    expect(unexpected.indexOf('start')).toBeLessThanOrEqual(unexpected.indexOf('end') + 1)
    if (!unexpected.includes('end')) expect(unexpected).not.toContain('start')
  })

  it('a new version that was warmed knows what it would know had it been in shadow from the first reading', async () => {
    const bed = await fresh()
    await bed.give([entry(key, OLD, NEW), ...seconds(0, 90)])
    const session = bed.ward.state.here(0)[0]!
    const always = bed.ward.versions.find(NEW)!.take(session.slot)
    const scout = await open[NEW]!()
    const decode = (record: { offset: number }) => ({ reading: set(record.offset), rejections: [], keyless: false })
    const warmUp = new WarmUp(scout, { table, settings, maxBatch: 64 }, 0, decode)
    const record = (offset: number) => ({ offset, timestamp: 0, key: null, value: null, headers: {} })
    await warmUp.take(Array.from({ length: 90 }, (_, offset) => record(offset)))
    expect(warmUp.known(session, bed.ward.state.newest(session))).toEqual(always)
    // of somebody who lay there before, and of a clock that is ahead, nothing is kept
    expect(warmUp.known({ ...session, admittedAt: T0 + 1 }, bed.ward.state.newest(session))).toBeUndefined()
    expect(warmUp.known(session, T0)).toBeUndefined()
  })

  it('a bed whose new champion is cold is warming up, and its limits are on', async () => {
    const bed = await fresh()
    await bed.give(seconds(0, 30))
    expect(bed.ward.watching).toMatchObject({ warming: 0 })
    await bed.give([entry(key, NEW), set(30, 160)])
    expect(bed.ward.watching).toMatchObject({ warming: 1 })
    await bed.give(seconds(31, 33, 160))
    expect(bed.bodies().filter(({ code, phase }) => code === 'hr-high' && phase === 'start')).toHaveLength(1)
    await bed.give(seconds(33, 40))
    expect(bed.ward.watching).toMatchObject({ warming: 0 })
  })
})

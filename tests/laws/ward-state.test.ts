import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { VigilError } from '../../src/errors.ts'
import type { Output } from '../../src/stream/ports.ts'
import { decodeState, layout, layoutOf, StateWriter } from '../../src/stream/state-record.ts'
import { JournalEntry } from '../../src/vitals/journal.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from '../stream/reading.ts'
import { realWards } from '../stream/real-ward.ts'
import { BEDS, hasty, journals, keyOf, T0 } from './ward-journals.ts'

const eager = Settings.parse({
  limits: {
    adult: { hr: { low: 50, high: 150, holdSeconds: 2 }, spo2: { low: 90, holdSeconds: 1, priority: 'high' } },
  },
  alerts: { clearSeconds: 3, continueSeconds: 20 },
})
/** Patients of the journals: the beds, and one that only entries name. */
const KEYS = [...BEDS, 'nobody'].map(keyOf)
const FROM = { source: 'test', partition: 0, layouts: new Map(), now: 0 }

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards(hasty)
})
afterAll(() => wards.close())
type Bed = ReturnType<typeof wards.fresh>

const records = (bed: Bed) =>
  new Map(KEYS.flatMap((key) => (bed.ward.state.save(key) ? [[key, bed.ward.state.save(key)!.record]] : [])))
const hex = (bed: Bed) => [...records(bed)].map(([key, record]) => `${key} ${record.toString('hex')}`)
const said = (outputs: readonly Output[]) =>
  outputs.map((it) => (it.kind === 'alert' ? bodyLine(it.envelope.body) : JSON.stringify(it))).toSorted()

describe("a patient's saved state", () => {
  it('is its whole future: taken over at any point, the ward says, scores and saves the same to the last bit', () =>
    fc.assert(
      fc.asyncProperty(journals, fc.nat(), async (journal, at) => {
        const cut = at % (journal.length + 1)
        const whole = wards.fresh({ settings: eager })
        await whole.give(journal.slice(0, cut))
        const before = whole.outputs.length
        const framesBefore = whole.frames.length
        const saved = records(whole)
        await whole.give(journal.slice(cut))
        const end = hex(whole)
        const other = wards.fresh({ settings: eager, maxBatch: 2, offset: cut })
        for (const [key, record] of saved) other.ward.state.load(key, record, FROM)
        await other.give(journal.slice(cut))
        expect(said(other.outputs)).toEqual(said(whole.outputs.slice(before)))
        const of = (frames: Bed['frames']) => KEYS.map((key) => frames.filter((it) => it.patientKey === key))
        expect(of(other.frames)).toEqual(of(whole.frames.slice(framesBefore)))
        expect(hex(other)).toEqual(end)
      }),
      { numRuns: 120 },
    ))

  it('is damaged by no flipped bit unnoticed: the record is refused, and nobody is taken over', async () => {
    const bed = wards.fresh({ settings: eager })
    await bed.give([reading({ time: T0, values: { hr: 70, spo2: 97 }, complete: true })])
    const { record } = bed.ward.state.save(keyOf('1'))!
    const other = wards.fresh({ settings: eager })
    fc.assert(
      fc.property(fc.nat(record.length - 1), fc.nat(7), (byte, bit) => {
        const bad = Buffer.from(record)
        bad[byte]! ^= 1 << bit
        expect(() => other.ward.state.load(keyOf('1'), bad, FROM)).toThrow(VigilError)
        expect(other.ward.state.save(keyOf('1'))).toBeUndefined()
      }),
    )
    expect(() => other.ward.state.load(keyOf('1'), record.subarray(0, 40), FROM)).toThrow(/cannot be read/)
  })

  it('is read by the names in its layout: a build that knows more, less or in another order carries over what both know', async () => {
    const bed = wards.fresh({ settings: eager })
    const set = (s: number) => reading({ time: T0 + s * 1000, values: { hr: 70 + (s % 3), spo2: 97 }, complete: true })
    await bed.give(Array.from({ length: 20 }, (_, s) => set(s)))
    const { record } = bed.ward.state.save(keyOf('1'))!
    const own = bed.ward.state.layouts[0]!
    expect(layoutOf(record)).toBe(own.id)
    // the same numbers, as a build would have written them that orders its fields backwards and has one more
    const { facts, doubles, floats } = decodeState(record, own)
    const foreign = layout(['of-tomorrow', ...own.fields.toReversed()], own.states)
    const backwards = Float64Array.of(42, ...Array.from(doubles).toReversed())
    const writer = new StateWriter()
    writer.begin(foreign)
    writer.floats(floats.length).set(floats)
    writer.doubles(backwards, new Int32Array(backwards.buffer), 0, backwards.length)
    const bytes = writer.end(JSON.stringify(facts))
    const other = wards.fresh({ settings: eager, offset: 20 })
    const from = { ...FROM, layouts: new Map([[foreign.id, foreign]]) }
    expect(other.ward.state.load(keyOf('1'), bytes, from)).toEqual({ lastOffset: 19, entry: undefined })
    expect(other.ward.state.save(keyOf('1'))!.record.equals(record)).toBe(true)
  })

  it('of another model version begins that model cold, and nothing else', async () => {
    const bed = wards.fresh({ settings: eager })
    const set = (s: number) => reading({ time: T0 + s * 1000, values: { hr: 160, spo2: 97 }, complete: true })
    await bed.give(Array.from({ length: 20 }, (_, s) => set(s)))
    const { record } = bed.ward.state.save(keyOf('1'))!
    const next = await realWards((manifest) => ({ ...hasty(manifest), version: '9.9.9' }))
    try {
      const other = next.fresh({ settings: eager, offset: 20 })
      const from = { ...FROM, layouts: new Map(bed.ward.state.layouts.map((it) => [it.id, it])) }
      const { lastOffset, entry } = other.ward.state.load(keyOf('1'), record, from)
      expect(lastOffset).toBe(19)
      expect(JournalEntry.parse(entry)).toMatchObject({
        entry: 'watched-by',
        afterOffset: 19,
        models: [{ detector: next.manifest.detector, version: '9.9.9' }],
      })
      await other.give([entry!, set(20)])
      expect(other.frames.at(-1)!.watching).toBe('warming')
      // the limit's alert, raised before, goes on: no second start
      expect(other.bodies('hr-high').filter(({ phase }) => phase === 'start')).toEqual([])
      await other.give(Array.from({ length: 20 }, (_, s) => ({ ...set(21 + s), values: [70, 97] })))
      expect(other.bodies('hr-high').map(({ phase }) => phase)).toContain('end')
    } finally {
      await next.close()
    }
  })
})

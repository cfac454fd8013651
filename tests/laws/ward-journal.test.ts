import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import { CHANNELS } from '../../src/vitals/channels.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { realWards } from '../stream/real-ward.ts'
import { BEDS, hasty, journals, keyOf, type Told } from './ward-journals.ts'

const RUNS = { numRuns: 120 }

/** Limits without a hold, so that short journals have alerts to tell apart. */
const eager = Settings.parse({
  limits: {
    adult: { hr: { low: 50, high: 150, holdSeconds: 0 }, spo2: { low: 90, holdSeconds: 1, priority: 'high' } },
  },
  alerts: { clearSeconds: 3, continueSeconds: 20 },
})

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards(hasty)
})
afterAll(() => wards.close())

type Bed = ReturnType<typeof wards.fresh>

async function tell(journal: readonly Told[], maxBatch = 64, cut = journal.length): Promise<Bed> {
  const bed = wards.fresh({ maxBatch, settings: eager })
  for (let at = 0; at < journal.length; at += cut) await bed.give(journal.slice(at, at + cut))
  return bed
}

const LEAVES: ReadonlySet<string> = new Set(['discharge', 'merge', 'forgotten'])
const isReading = (it: Told) => it.kind === 'reading'
const of = <T extends { patientKey: string }>(key: string, those: readonly T[]) =>
  those.filter((it) => it.patientKey === key)
const bodiesOf = (key: string, bed: Bed) =>
  bed
    .bodies()
    .filter((body) => body.subject.patientKey === key)
    .map(bodyLine)

/** Paths of the numbers in a value that are not finite. */
function notFinite(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, it]) => notFinite(it, `${path}.${name}`))
}

const law = (check: (journal: Told[]) => Promise<void>) => fc.assert(fc.asyncProperty(journals, check), RUNS)

describe('a ward, whatever its journal', () => {
  it('accounts for every reading: scored, in the dead letters, or held back', () =>
    law(async (journal) => {
      const bed = await tell(journal)
      const refused = [...bed.counts.rejected.values()].reduce((sum, n) => sum + n, 0)
      expect(bed.counts.readings + refused + bed.ward.held).toBe(journal.filter(isReading).length)
      expect(bed.refused()).toHaveLength(refused)
      expect(bed.outputs.filter((it) => it.kind === 'journal')).toHaveLength(
        journal.length - journal.filter(isReading).length,
      )
      const letters = bed.outputs.flatMap((it) => (it.kind === 'dead-letter' ? [it.offset] : []))
      expect(new Set(letters).size).toBe(letters.length)
    }))

  it('says the same of a patient however its inputs are cut into flushes and rounds', () =>
    law(async (journal) => {
      const whole = await tell(journal)
      const single = await tell(journal, 2, 1)
      for (const key of BEDS.map(keyOf)) {
        expect(bodiesOf(key, single)).toEqual(bodiesOf(key, whole))
        expect(JSON.stringify(of(key, single.frames))).toBe(JSON.stringify(of(key, whole.frames)))
      }
    }))

  it('says the same of a patient whatever the others do in between', () =>
    law(async (journal) => {
      const all = await tell(journal, 5, 7)
      const key = keyOf('1')
      const alone = await tell(of(key, journal))
      expect(bodiesOf(key, alone)).toEqual(bodiesOf(key, all))
      expect(JSON.stringify(alone.frames)).toBe(JSON.stringify(of(key, all.frames)))
    }))

  it('makes frames in rising ticks, or begins cold; of values that were sent; ages never negative, nothing NaN', () =>
    law(async (journal) => {
      const bed = await tell(journal)
      for (const key of BEDS.map(keyOf)) {
        const sent = CHANNELS.map(() => new Set<number>())
        for (const it of of(key, journal)) {
          if (it.kind === 'reading') it.channels.forEach((d, s) => void sent[d]!.add(Math.fround(it.values[s]!)))
        }
        let last = Number.NEGATIVE_INFINITY
        for (const frame of of(key, bed.frames)) {
          expect(notFinite(frame)).toEqual([])
          const [{ p, expected }] = frame.detectors as [(typeof frame.detectors)[number]]
          // scored by the forecast made one tick before and by no other; a network that runs always has one
          if (p['1'] !== null) expect(frame.time - last).toBe(1000)
          if (frame.time - last === 1000 && frame.watching !== 'warming') expect(expected).not.toContain(null)
          if (frame.time <= last) expect([p, frame.watching]).toEqual([{ 1: null, 10: null, 60: null }, 'warming'])
          last = frame.time
          frame.ages.forEach((age, d) => {
            const value = frame.values[d]!
            expect(age === null).toBe(value === null)
            if (age !== null) expect(age).toBeGreaterThanOrEqual(0)
            if (value !== null) expect(sent[d]).toContain(value)
          })
        }
      }
    }))

  it('has at most one open alert of a code; an alert starts once, ends at most once, and counts its messages', () =>
    law(async (journal) => {
      const bed = await tell(journal)
      const open = new Map<string, AlertBody>()
      const gone = new Set<string>()
      const ids = new Map([...BEDS, 'nobody'].map((it) => [keyOf(it), new Set<string>()]))
      for (const output of bed.outputs) {
        if (output.kind === 'journal' && LEAVES.has(output.entry.entry)) gone.add(output.entry.patientKey)
        if (output.kind !== 'alert') continue
        const { body } = output.envelope
        const known = ids.get(body.subject.patientKey)!
        // a patient who is gone is forgotten
        if (body.phase === 'start' && gone.delete(body.subject.patientKey)) known.clear()
        expect(notFinite(body)).toEqual([])
        expect(AlertBody.safeParse(body).error?.issues).toBeUndefined()
        for (const id of [body.eventId, ...(body.phase === 'start' ? [body.alertId] : [])]) {
          expect(known).not.toContain(id)
          known.add(id)
        }
        const place = `${body.subject.patientKey}/${body.code}`
        const before = open.get(place)
        expect(before === undefined).toBe(body.phase === 'start')
        if (before !== undefined) {
          expect(body).toMatchObject({ alertId: before.alertId, seq: before.seq + 1 })
          expect(body.times.event).toBeGreaterThanOrEqual(before.times.event)
        } else expect(body.seq).toBe(0)
        expect(body.times.onset).toBeLessThanOrEqual(body.times.detected)
        expect(body.times.detected).toBeLessThanOrEqual(body.times.event)
        if (body.state === 'inactive') open.delete(place)
        else open.set(place, body)
      }
    }))
})

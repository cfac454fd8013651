import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import { JournalEntry } from '../../src/vitals/journal.ts'
import type { ModelManifest } from '../../src/vitals/manifest.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { realWards } from '../stream/real-ward.ts'
import { type Act, acts, controlOf } from './ward-acts.ts'
import { BEDS, journals, keyOf, type Told } from './ward-journals.ts'

const eager = Settings.parse({
  limits: {
    adult: { hr: { low: 50, high: 150, holdSeconds: 0 }, spo2: { low: 90, holdSeconds: 1, priority: 'high' } },
  },
  alerts: { clearSeconds: 3, continueSeconds: 20, silenceSeconds: 40, unansweredSeconds: 15 },
  stream: { departedSeconds: 2 },
})
const hasty = (manifest: ModelManifest): ModelManifest => ({
  ...manifest,
  warmupSteps: 3,
  policy: { q: 0.05, n: 1, of: 40, clearSeconds: 2, drift: 1 },
})
const FROM = { source: 'test', partition: 0, layouts: new Map(), now: 0 }
const KEYS = [...BEDS, 'nobody'].map(keyOf)

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards(hasty)
})
afterAll(() => wards.close())
type Bed = ReturnType<typeof wards.fresh>

/** A ward lives a journal while people act: the ward, and what its own journal says happened. */
async function live(journal: readonly Told[], does: readonly (Act | null)[]) {
  const bed = wards.fresh({ settings: eager })
  const told: Told[] = []
  for (const [i, it] of journal.entries()) {
    const act = does[i % does.length]
    const before = bed.outputs.length
    const clock = it.kind === 'reading' ? it.time : it.at
    if (act) await bed.give([controlOf(act, bed.bodies(), clock)])
    told.push(...bed.outputs.slice(before).flatMap((out) => (out.kind === 'journal' ? [out.entry] : [])))
    await bed.give([it])
    told.push(it)
  }
  return { bed, told }
}

const own = <T extends { readonly patientKey: string }>(key: string, those: readonly T[]) =>
  those.filter((it) => it.patientKey === key)
const lines = (bed: Bed, key: string) =>
  bed.bodies().filter((body) => body.subject.patientKey === key).map(bodyLine) // biome-ignore format: one chain

describe('what people do on a ward', () => {
  it('is in its journal: readings and entries give the bytes of the live run, in any cut and any company', () =>
    fc.assert(
      fc.asyncProperty(journals, acts(), async (journal, does) => {
        const { bed, told } = await live(journal, does)
        for (const entry of told.filter((it) => it.kind === 'journal')) JournalEntry.parse(entry)
        const replayed = wards.fresh({ settings: eager, maxBatch: 3 })
        await replayed.give(told)
        for (const key of KEYS) {
          expect(lines(replayed, key)).toEqual(lines(bed, key))
          expect(JSON.stringify(own(key, replayed.frames))).toBe(JSON.stringify(own(key, bed.frames)))
          const alone = wards.fresh({ settings: eager })
          await alone.give(own(key, told))
          expect(lines(alone, key)).toEqual(lines(bed, key))
        }
        for (const body of bed.bodies()) expect(AlertBody.safeParse(body).error?.issues).toBeUndefined()
      }),
      { numRuns: 40, endOnFailure: true },
    ))

  it('is in the saved state: taken over at any point, the ward goes on as if nothing had been', () =>
    fc.assert(
      fc.asyncProperty(journals, acts(), fc.nat(), async (journal, does, at) => {
        const { bed, told } = await live(journal, does)
        const cut = at % (told.length + 1)
        const first = wards.fresh({ settings: eager })
        await first.give(told.slice(0, cut))
        // all before any is loaded: the wards share an engine
        const saved = KEYS.map((key) => [key, first.ward.state.save(key)?.record] as const)
        const other = wards.fresh({ settings: eager, offset: cut })
        for (const [key, record] of saved) if (record) other.ward.state.load(key, record, FROM)
        expect(other.ward.watching).toEqual(first.ward.watching)
        await other.give(told.slice(cut))
        for (const key of KEYS) expect([...lines(first, key), ...lines(other, key)]).toEqual(lines(bed, key))
        expect(other.ward.watching).toEqual(bed.ward.watching)
      }),
      { numRuns: 40, endOnFailure: true },
    ))

  it('changes who is called, and no score, no frame and no start of an alert; a mute also what is learnt', () =>
    fc.assert(
      fc.asyncProperty(journals, acts(['ack', 'pause', 'resume', 'reset', 'feedback']), async (journal, does) => {
        const { bed } = await live(journal, does)
        const quiet = wards.fresh({ settings: eager })
        await quiet.give(journal)
        // what latches may be ended by hand, and begins again then
        const starts = (it: Bed) =>
            it.bodies().filter(({ phase, code }) => phase === 'start' && code !== 'asystole').map(({ alertId }) => alertId) // biome-ignore format: one chain
        for (const key of KEYS) expect(own(key, bed.frames)).toEqual(own(key, quiet.frames))
        expect(starts(bed).toSorted()).toEqual(starts(quiet).toSorted())
      }),
      { numRuns: 40, endOnFailure: true },
    ))
})

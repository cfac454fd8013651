import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import { reading } from '../stream/reading.ts'
import { realWards } from '../stream/real-ward.ts'
import { keyOf, T0 } from './ward-journals.ts'

const DAY = 86_400
const calm = { hr: 72, pulse: 72, spo2: 97, resp: 16 }
const at = (s: number, more: object = {}) =>
  reading({ time: T0 + s * 1000, values: calm, complete: true, patientKey: keyOf('1'), ...more })
const seconds = (from: number, to: number, more: object = {}) =>
  Array.from({ length: to - from }, (_, i) => at(from + i, more))

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

describe("a patient's clock", () => {
  it('is not moved by one wrong message, in however many parts or copies it comes', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.boolean(), async (copies, complete) => {
        const bed = wards.fresh()
        const wrong = Array.from({ length: copies }, () => at(DAY, { complete }))
        await bed.give([...seconds(0, 5), ...wrong])
        expect(bed.ward.held).toBe(Math.min(copies, 256))
        await bed.give(seconds(5, 10))
        expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        expect(bed.counts.rejected.get('ahead-of-clock')).toBe(copies)
      }),
      { numRuns: 20 },
    ))

  it('is not set for good by a wrong first message in parts', async () => {
    const bed = wards.fresh()
    const part = { complete: false }
    await bed.give([at(DAY, part), at(DAY, part), at(DAY, part), ...seconds(0, 5)])
    expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual([0, 1, 2, 3, 4])
  })

  it('stays with one of two devices whose clocks differ, and names every reading of the other', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 40).flatMap((it, s) => [it, at(600 + s)]))
    expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual(Array.from({ length: 40 }, (_, s) => s))
    expect(bed.refused().length + bed.ward.held).toBe(40)
  })

  it('is not moved by every third stamp a day ahead', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 60).map((it, s) => (s % 3 === 2 ? at(s + DAY) : it)))
    expect(bed.frames).toHaveLength(40)
    expect(bed.refused().length + bed.ward.held).toBe(20)
  })
})

describe('a grid of another cadence', () => {
  for (const cadence of [60, 3600]) {
    it(`of ${cadence} s scores every reading of a source that speaks so often, and sets nothing aside`, async () => {
      const slow = await realWards((manifest) => ({
        ...manifest,
        grid: { cadenceSeconds: cadence, latenessSeconds: 0 },
        features: { ...manifest.features, maxAgeSeconds: 100 * cadence },
      }))
      const bed = slow.fresh()
      const jitter = (i: number) => (i % 7) * 0.9
      await bed.give(Array.from({ length: 80 }, (_, i) => at(i * cadence + jitter(i))))
      expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual(
        Array.from({ length: 80 }, (_, i) => i * cadence),
      )
      expect(bed.refused()).toEqual([])
      expect(bed.frames.at(-1)!.watching).toBe('watching')
      await bed.give([at(82 * cadence + 10)])
      expect([bed.ward.held, bed.frames.length]).toEqual([1, 80])
      await slow.close()
    })
  }

  it('waits in parts to the edge of the lateness, and not beyond', async () => {
    const slow = await realWards((manifest) => ({
      ...manifest,
      grid: { cadenceSeconds: 60, latenessSeconds: 90 },
      features: { ...manifest.features, maxAgeSeconds: 6000 },
    }))
    const bed = slow.fresh()
    const part = (s: number) => at(s, { complete: false })
    await bed.give([part(0), part(100), part(149.999)])
    expect(bed.frames).toHaveLength(0)
    await bed.give([part(59), part(150), part(59)])
    expect(bed.frames).toHaveLength(1)
    expect(bed.refused()).toEqual(['late'])
    await slow.close()
  })
})

describe('beds that come and go', () => {
  it('5,000 patients in any order find nothing of each other where they lie', async () => {
    const bed = wards.fresh()
    const alone = wards.fresh()
    await alone.give(seconds(0, 3, { patientKey: 'alone' }))
    const expected = JSON.stringify(alone.frames).replaceAll('"alone"', '""')
    const present: string[] = []
    const discharge = (patientKey: string): JournalEntry => ({
      kind: 'journal',
      entry: 'discharge',
      patientKey,
      at: T0 + 10_000,
      afterOffset: -1,
    })
    let random = 1
    const next = (n: number) => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      return (random >>> 8) % n
    }
    for (let i = 0; i < 5000; i++) {
      present.push(`p${i}`)
      const values = i % 2 === 0 ? calm : { hr: 180, pulse: 30, spo2: 80, resp: 40 }
      const leaving = present.length > 40 ? present.splice(next(present.length), 1) : []
      await bed.give([...seconds(0, 3, { patientKey: `p${i}`, values }), ...leaving.map(discharge)])
    }
    const beds = bed.ward.watching
    expect(beds.warming + beds.watching + beds.degraded + beds.blind).toBe(40)
    expect(bed.frames).toHaveLength(15_000)
    for (let i = 0; i < 5000; i += 2) {
      const own = JSON.stringify(bed.frames.slice(3 * i, 3 * i + 3)).replaceAll(`"p${i}"`, '""')
      if (own !== expected) expect(own).toBe(expected)
    }
  })

  it('a patient admitted again is a new patient: the same readings give the same words', async () => {
    const bed = wards.fresh()
    const stay = seconds(0, 30, { values: { hr: 30, pulse: 30, spo2: 70, resp: 3 } })
    const leave: JournalEntry = {
      kind: 'journal',
      entry: 'discharge',
      patientKey: keyOf('1'),
      at: T0 + 30_000,
      afterOffset: -1,
    }
    const admit: JournalEntry = { ...leave, entry: 'admit', encounter: 'e', at: T0 }
    await bed.give([admit, ...stay, leave])
    const first = bed.bodies().map(bodyLine)
    await bed.give([admit, ...stay, leave])
    expect(bed.bodies().map(bodyLine)).toEqual([...first, ...first])
    expect(first.length).toBeGreaterThan(4)
  })
})

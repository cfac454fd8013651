import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JournalEntry } from '../../src/vitals/journal.ts'
import { bedKey } from '../../src/vitals/reading.ts'
import { reading } from './reading.ts'
import { realWard } from './real-ward.ts'

const T0 = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
const KEY = bedKey('ICU', '1')
const calm = { hr: 72, pulse: 72, spo2: 97, resp: 16 }

const second = (s: number, values: Record<string, number> = calm, more: object = {}) =>
  reading({ time: T0 + s * 1000, values, complete: true, ...more })
const seconds = (from: number, to: number, values?: Record<string, number>, more?: object) =>
  Array.from({ length: to - from }, (_, i) => second(from + i, values, more))
const lost = (at: number, silentSeconds = 30): JournalEntry => ({
  kind: 'journal',
  entry: 'signal-lost',
  patientKey: KEY,
  at,
  afterOffset: -1,
  silentSeconds,
})

let bed: Awaited<ReturnType<typeof realWard>>
beforeEach(async () => {
  bed = await realWard()
})
afterEach(() => bed.close())

describe('a ward', () => {
  it('scores every frame against the forecast made before it, from the second frame on', async () => {
    await bed.give(seconds(0, 3))
    expect(bed.frames.map((frame) => frame.detectors[0]!.p['1'] !== null)).toEqual([false, true, true])
    expect(bed.frames[1]!.detectors[0]!.expected[0]).not.toBeNull()
  })

  it('says warming until the network has seen enough, then watching', async () => {
    await bed.give(seconds(0, bed.manifest.warmupSteps + 2))
    expect(bed.frames.at(0)!.watching).toBe('warming')
    expect(bed.frames.at(-1)!.watching).toBe('watching')
  })

  it('says degraded while a channel of the model is missing, and names it in an alert', async () => {
    await bed.give(seconds(0, 70))
    await bed.give(seconds(70, 140, { hr: 30, pulse: 30, resp: 16 }))
    expect(bed.frames.at(-1)!.watching).toBe('degraded')
    expect(bed.bodies('hr-low')[0]!.context.missingChannels).toEqual([])
    const later = bed.bodies().filter((body) => body.times.event > T0 + 101_000)
    for (const body of later) expect(body.context.missingChannels).toEqual(['spo2'])
  })

  it('raises a limit whatever the model thinks, also while it is cold', async () => {
    await bed.give(seconds(0, 20, { ...calm, spo2: 84 }))
    const [start] = bed.bodies('spo2-low')
    expect(start).toMatchObject({ phase: 'start', priority: 'high', subject: { unit: 'ICU', bed: '1' } })
    expect(start!.label).toContain('84 %')
  })

  it('takes heart rate 0 with a good status for asystole, not for a gap', async () => {
    await bed.give([...seconds(0, 5), second(5, { ...calm, hr: 0 })])
    expect(bed.bodies('asystole')).toHaveLength(1)
  })

  it('sets one stamp a day ahead aside, and scores every reading around it', async () => {
    await bed.give([...seconds(0, 5), second(DAY / 1000), ...seconds(5, 10)])
    expect(bed.frames).toHaveLength(10)
    expect(bed.refused()).toEqual(['ahead-of-clock'])
  })

  it('follows the clock when three stamps agree, with one long step after the gap and nothing lost', async () => {
    await bed.give([...seconds(0, 5), ...seconds(1000, 1004)])
    expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual([0, 1, 2, 3, 4, 1000, 1001, 1002, 1003])
    expect(bed.refused()).toEqual([])
  })

  it('holds back what is set aside and says how much', async () => {
    await bed.give([...seconds(0, 5), ...seconds(1000, 1002)])
    expect(bed.ward.held).toBe(2)
  })

  it('begins anew when the very first stamp was a day ahead', async () => {
    await bed.give([second(DAY / 1000), ...seconds(0, 5)])
    expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual([DAY / 1000, 0, 1, 2, 3, 4])
  })

  it('counts duplicates and stragglers as late, in the dead letters, and scores the rest', async () => {
    await bed.give([...seconds(0, 5), second(2), second(4), ...seconds(5, 7)])
    expect(bed.frames).toHaveLength(7)
    expect(bed.refused()).toEqual(['late', 'late'])
    expect(bed.counts.rejected.get('late')).toBe(2)
  })

  it('reorders shuffled parts within the lateness', async () => {
    const part = (s: number) => second(s, calm, { complete: false })
    await bed.give([1, 0, 3, 2, 5, 4, 20].map(part))
    expect(bed.frames.map((frame) => (frame.time - T0) / 1000)).toEqual([0, 1, 2, 3, 4, 5])
    expect(bed.refused()).toEqual([])
  })

  it('is blind when the wall clock says so, with one technical alert that ends when a frame comes', async () => {
    await bed.give(seconds(0, 70))
    await bed.give([lost(T0 + 100_000)])
    expect(bed.watched.at(-1)).toEqual([KEY, 'blind'])
    expect(bed.bodies('signal-lost')).toMatchObject([{ phase: 'start', kind: 'technical', state: 'active' }])
    await bed.give(seconds(101, 103))
    expect(bed.bodies('signal-lost').map((body) => body.phase)).toEqual(['start', 'end'])
    expect(bed.ward.watching).toMatchObject({ watching: 1, blind: 0 })
  })

  it('finds silent beds by arrivals, once, and not beds that only send late readings', async () => {
    await bed.give(seconds(0, 5), 1000)
    await bed.give([second(2)], 31_000)
    expect(bed.ward.silent(30_000, 30)).toEqual([])
    const [entry] = bed.ward.silent(32_000, 30)
    expect(entry).toMatchObject({ entry: 'signal-lost', silentSeconds: 31, afterOffset: 5 })
    await bed.give([entry!])
    expect(bed.ward.silent(99_000, 30)).toEqual([])
  })

  it('resets everything for another patient at the bed, and closes the open alerts', async () => {
    await bed.give(seconds(0, 80, { ...calm, spo2: 84 }, { encounter: 'a' }))
    await bed.give(seconds(80, 82, calm, { encounter: 'b' }))
    expect(bed.bodies('spo2-low').map((body) => body.phase)).toEqual(['start', 'reset'])
    expect(bed.bodies('spo2-low')[1]!.subject.encounterKey).toBe('a')
    expect(bed.frames.at(-1)!.watching).toBe('warming')
  })

  it('gives the same frames for a patient after another one as for a patient on a fresh ward', async () => {
    const before = seconds(0, 100, { hr: 120, pulse: 121, spo2: 90, resp: 30 }, { encounter: 'a' })
    const own = seconds(200, 300, calm, { encounter: 'b' })
    await bed.give([...before, ...own])
    const after = bed.frames.slice(100)
    const fresh = await realWard()
    await fresh.give(own)
    expect(JSON.stringify(after)).toBe(JSON.stringify(fresh.frames))
    await fresh.close()
  })

  it('ends the alerts of a discharged patient and gives the slot to the next, cold', async () => {
    await bed.give(seconds(0, 80, { ...calm, spo2: 84 }))
    await bed.give([{ kind: 'journal', entry: 'discharge', patientKey: KEY, at: T0 + 80_000, afterOffset: 79 }])
    expect(bed.bodies('spo2-low').map((body) => body.phase)).toEqual(['start', 'end'])
    await bed.give(seconds(100, 102, calm, { patientKey: 'next' }))
    expect(bed.frames.at(-2)!.detectors[0]!.p['1']).toBeNull()
    expect(bed.ward.watching).toMatchObject({ warming: 1, watching: 0 })
  })

  it('follows a transfer to the bed it names, in the unit of before when it names none', async () => {
    await bed.give(seconds(0, 5))
    await bed.give([{ kind: 'journal', entry: 'transfer', patientKey: KEY, at: T0 + 5000, afterOffset: 4, bed: '9' }])
    await bed.give([lost(T0 + 60_000)])
    expect(bed.bodies('signal-lost')[0]!.subject).toMatchObject({ unit: 'ICU', bed: '9' })
  })

  it('begins cold after a silence longer than the ages the network knows', async () => {
    await bed.give(seconds(0, 70))
    const gap = bed.manifest.features.maxAgeSeconds + 100
    await bed.give(seconds(gap, gap + 3))
    expect(bed.frames.at(-1)!.watching).toBe('warming')
  })

  it('puts the offsets of its inputs into the envelope, and nothing of the wall clock into the body', async () => {
    await bed.give(seconds(0, 20, { ...calm, spo2: 84 }))
    const alert = bed.outputs.find((it) => it.kind === 'alert')!
    expect(alert.envelope.trace).toEqual({ source: 'test', partition: 0, fromOffset: 10, toOffset: 10 })
    expect(alert.envelope.mode).toBe('test')
  })
})

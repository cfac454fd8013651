import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bedside } from '../../src/training/recipes/bedside.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import type { Control } from '../../src/vitals/control.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { reading } from './reading.ts'
import { realWards } from './real-ward.ts'

const T0 = Date.UTC(2026, 0, 1)
const KEY = 'p-1'
const calm = { hr: 72, pulse: 72, spo2: 97, resp: 16 }
const low = { ...calm, spo2: 84 }
const second = (s: number, values: Record<string, number> = calm, more: object = {}) =>
  reading({ time: T0 + s * 1000, values, complete: true, patientKey: KEY, ...more })
const seconds = (from: number, to: number, values?: Record<string, number>, more?: object) =>
  Array.from({ length: to - from }, (_, i) => second(from + i, values, more))
const act = (s: number, more: object): Control =>
  ({ kind: 'control', patientKey: KEY, at: T0 + s * 1000, by: 'clerk', ...more }) as Control
const admit = (s: number, encounter: string, more: object = {}) => act(s, { action: 'admit', encounter, ...more })
const phases = (bodies: readonly AlertBody[]) => bodies.map(({ phase }) => phase)
const FORGOTTEN = 73 * 3_600_000

let wards: Awaited<ReturnType<typeof realWards>>
beforeAll(async () => {
  wards = await realWards()
})
afterAll(() => wards.close())

describe('an admission', () => {
  it('places the patient; sent again it changes nothing; of another encounter, everything begins anew', async () => {
    const bed = wards.fresh()
    await bed.give([admit(0, 'a', { unit: 'ICU', bed: '7', profile: 'adult' }), ...seconds(0, 80, low)])
    await bed.give([admit(5, 'a')])
    expect(bed.ward.watching).toMatchObject({ watching: 1 })
    expect(bed.bodies('spo2-low')[0]).toMatchObject({
      subject: { encounterKey: 'a', keyedBy: 'patient' },
      context: { profile: { name: 'adult', assumed: false } },
    })
    await bed.give([admit(90, 'b'), ...seconds(90, 92)])
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'reset'])
    expect(bed.ward.watching).toMatchObject({ warming: 1 })
  })

  it('of a patient whom readings brought keeps what is known: it is the same patient', async () => {
    const bed = wards.fresh()
    await bed.give([...seconds(0, 80), admit(80, 'a'), ...seconds(81, 83)])
    expect(bed.ward.watching).toMatchObject({ watching: 1 })
  })

  it('to a bed that is the key begins anew, for who lay there until now is not known', async () => {
    const bed = wards.fresh()
    const patientKey = 'bed:ICU/7'
    await bed.give([...seconds(0, 80, low, { patientKey }), admit(80, 'a', { patientKey })])
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'reset'])
    expect(bed.ward.watching).toMatchObject({ watching: 1 })
    await bed.give(seconds(81, 83, calm, { patientKey }))
    expect(bed.ward.watching).toMatchObject({ warming: 1 })
  })

  it('of two patients to one bed blinds neither: both are watched, each by its key', async () => {
    const bed = wards.fresh()
    const place = { unit: 'ICU', bed: '7' }
    await bed.give([admit(0, 'a', place), admit(1, 'b', { ...place, patientKey: 'p-2' })])
    for (let s = 2; s < 20; s++) await bed.give([second(s, low), second(s, low, { patientKey: 'p-2' })])
    expect(bed.bodies('spo2-low').map(({ subject }) => subject.patientKey)).toEqual([KEY, 'p-2'])
    expect(bed.refused()).toEqual([])
  })

  it('that is older than the encounter which is open is refused', async () => {
    const bed = wards.fresh()
    await bed.give([admit(100, 'b'), admit(0, 'a')])
    expect(bed.refused()).toEqual(['before-admission'])
    expect(bed.counts.entries).toEqual(['admit'])
  })
})

describe('a transfer', () => {
  it('carries the state to the other bed', async () => {
    const bed = wards.fresh()
    const to = act(80, { action: 'transfer', unit: 'HDU', bed: '2' })
    await bed.give([admit(0, 'a'), ...seconds(0, 80, low), to])
    await bed.give(seconds(81, 400, low, { encounter: 'a' }).map((it) => ({ ...it, unit: 'HDU', bed: '2' })))
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'continue'])
    expect(bed.bodies('spo2-low')[1]!.subject).toMatchObject({ unit: 'HDU', bed: '2' })
    expect(bed.ward.watching).toMatchObject({ watching: 1 })
    await bed.give([act(400, { action: 'cancel-transfer', unit: 'ICU', bed: '1' })])
    expect(bed.counts.entries).toEqual(['admit', 'transfer', 'transfer'])
  })

  it('of a bed that is the key, of nobody, or of another encounter is refused', async () => {
    const bed = wards.fresh()
    const patientKey = 'bed:ICU/7'
    const to = { action: 'transfer', bed: '2' }
    await bed.give([second(0, calm, { patientKey }), act(1, { ...to, patientKey }), act(1, to)])
    await bed.give([admit(2, 'a'), act(3, { ...to, encounter: 'x' })])
    expect(bed.refused()).toEqual(['keyed-by-bed', 'not-admitted', 'other-encounter'])
  })
})

describe('a discharge', () => {
  const discharge = act(80, { action: 'discharge' })

  it('ends the alerts and drops the state; stragglers are dead letters and open no session', async () => {
    const bed = wards.fresh()
    await bed.give([admit(0, 'a'), ...seconds(0, 80, low), discharge, ...seconds(80, 141, low)])
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'end'])
    expect(bed.refused()).toEqual(Array(61).fill('departed'))
    expect(bed.ward.watching).toEqual({ warming: 0, watching: 0, degraded: 0, blind: 0 })
    expect(bed.ward.silent(120_000, 30)).toEqual([])
  })

  it('is over when the monitor still speaks after the grace time: somebody lies there, and is watched', async () => {
    const bed = wards.fresh()
    await bed.give([admit(0, 'a'), ...seconds(0, 80), discharge, ...seconds(141, 160, low)])
    expect(bed.ward.watching).toMatchObject({ warming: 1 })
    expect(bed.bodies('spo2-low')[0]!.subject.encounterKey).toBeUndefined()
  })

  it('that is dated ahead blinds nobody for longer: it counts from the newest reading', async () => {
    const bed = wards.fresh()
    await bed.give([admit(0, 'a'), ...seconds(0, 80), act(7200, { action: 'discharge' }), ...seconds(80, 300)])
    expect(bed.frames.filter(({ time }) => time > T0 + 200_000)).toHaveLength(99)
    expect(new Set(bed.refused())).toEqual(new Set(['departed']))
  })

  it('is over at once when the patient is admitted again, or the discharge is cancelled: cold', async () => {
    for (const again of [admit(81, 'b'), act(81, { action: 'cancel-discharge', encounter: 'a' })]) {
      const bed = wards.fresh()
      await bed.give([admit(0, 'a'), ...seconds(0, 80), discharge, again, ...seconds(82, 84)])
      expect(bed.ward.watching).toMatchObject({ warming: 1, watching: 0 })
      expect(bed.refused()).toEqual([])
    }
  })

  it('before the admission, of nobody, of another encounter, or a second time is refused', async () => {
    const bed = wards.fresh()
    await bed.give([discharge, admit(90, 'a'), discharge, act(100, { action: 'discharge', encounter: 'old' })])
    await bed.give([act(101, { action: 'discharge', encounter: 'a' }), act(102, { action: 'discharge' })])
    expect(bed.refused()).toEqual(['not-admitted', 'before-admission', 'other-encounter', 'not-admitted'])
    expect(bed.counts.entries).toEqual(['admit', 'discharge'])
  })

  it('by mistake of an admission resets the alerts', async () => {
    const bed = wards.fresh()
    await bed.give([admit(0, 'a'), ...seconds(0, 80, low), act(80, { action: 'cancel-admit', encounter: 'a' })])
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'reset'])
  })
})

describe('a merge', () => {
  it('ends the record that is merged and moves no state: the other goes on with its own', async () => {
    const bed = wards.fresh()
    const into = 'p-2'
    await bed.give([...seconds(0, 80, low), ...seconds(0, 80, calm, { patientKey: into })])
    const frames = bed.frames.filter((it) => it.patientKey === into).length
    await bed.give([act(80, { action: 'merge', into }), second(81, low)])
    await bed.give(seconds(80, 90, calm, { patientKey: into }))
    expect(phases(bed.bodies('spo2-low'))).toEqual(['start', 'end'])
    expect(bed.refused()).toEqual(['departed'])
    expect(bed.frames.filter((it) => it.patientKey === into)).toHaveLength(frames + 10)
    expect(bed.ward.watching).toMatchObject({ watching: 1, warming: 0 })
  })
})

describe('a profile', () => {
  const infant = { hr: 150, pulse: 150, spo2: 97, resp: 40 }

  it('decides which limits hold; NEWS2 is for adults', async () => {
    const bed = wards.fresh()
    await bed.give([admit(0, 'a', { profile: 'infant-3-11-months' }), ...seconds(0, 80, infant)])
    expect(bed.bodies('resp-high')).toEqual([])
    expect(bed.frames.at(-1)!.news2).toBeNull()
    await bed.give(seconds(80, 100, { ...infant, hr: 69 }))
    expect(bed.bodies('hr-low')[0]!).toMatchObject({ context: { profile: { name: 'infant-3-11-months' } } })
    expect(bed.bodies('hr-low')[0]!.context.news2).toBeUndefined()
  })

  it('that nobody tells is assumed, and every alert says so', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 40, infant))
    expect(bed.bodies('resp-high')[0]!.context.profile).toEqual({ name: 'adult', assumed: true })
    const unit = wards.fresh({ settings: Settings.parse({ limits: { assumed: 'neonate' } }) })
    await unit.give(seconds(0, 40, { ...infant, hr: 90 }))
    expect(unit.bodies().map(({ code }) => code)).toEqual(['hr-low'])
    expect(unit.bodies()[0]!.context.profile).toEqual({ name: 'neonate', assumed: true })
  })

  it('told late begins every run anew; alerts of the old limits end by themselves', async () => {
    const bed = wards.fresh()
    await bed.give([...seconds(0, 40, infant), act(40, { action: 'profile', profile: 'infant-3-11-months' })])
    await bed.give(seconds(40, 80, infant))
    expect(phases(bed.bodies('resp-high'))).toEqual(['start', 'end'])
  })

  it('whose limits a site took away leaves asystole', async () => {
    const none = Object.fromEntries(['hr', 'pulse', 'spo2'].map((name) => [name, null]))
    const bed = wards.fresh({ settings: Settings.parse({ limits: { neonate: none } }) })
    await bed.give([
      admit(0, 'a', { profile: 'neonate' }),
      ...seconds(0, 30, { ...infant, hr: 20 }),
      second(30, { hr: 0 }),
    ])
    expect(bed.bodies().map(({ code }) => code)).toEqual(['asystole'])
  })
})

describe('acknowledgements', () => {
  const opened = async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 20, low))
    return { bed, alertId: bed.bodies('spo2-low')[0]!.alertId }
  }

  it('of an unknown alert, a pause that is over or too long, a reset of what stands, a mute of nobody: refused', async () => {
    const { bed, alertId } = await opened()
    await bed.give([act(20, { action: 'ack', alertId: 'f'.repeat(32) })])
    await bed.give([act(5, { action: 'pause', alertId, until: T0 + 10_000 })])
    await bed.give([act(20, { action: 'pause', alertId, until: T0 + 86_400_000 })])
    await bed.give([act(20, { action: 'reset', alertId })])
    await bed.give([act(20, { action: 'mute', until: T0 + 60_000, patientKey: 'p-9' })])
    expect(bed.refused()).toEqual(['unknown-alert', 'until-past', 'until-too-far', 'still-active', 'not-admitted'])
    expect(bed.bodies('spo2-low')).toHaveLength(1)
    expect(JSON.stringify(bed.outputs.filter((it) => it.kind === 'dead-letter'))).not.toContain('clerk')
  })

  it('a pause holds calls back until its event time, and the alert that still stands calls again then', async () => {
    const { bed, alertId } = await opened()
    await bed.give([act(19, { action: 'pause', alertId, until: T0 + 60_000 }), ...seconds(20, 70, low)])
    const own = bed.bodies('spo2-low').slice(1)
    expect(own.map(({ phase, signal, times }) => [phase, signal.call, (times.event - T0) / 1000])).toEqual([
      ['update', 'paused', 19],
      ['continue', 'now', 60],
    ])
    expect(own.map(({ signal }) => signal.pausedUntil)).toEqual([T0 + 60_000, undefined])
  })

  it('a pause can be lifted', async () => {
    const { bed, alertId } = await opened()
    await bed.give([act(19, { action: 'pause', alertId, until: T0 + 60_000 }), act(25, { action: 'resume', alertId })])
    expect(bed.bodies('spo2-low').map(({ signal }) => signal.call)).toEqual(['now', 'paused', 'now'])
  })

  it('a mute holds back every call of the bed but asystole; what stands when it ends calls then', async () => {
    const bed = wards.fresh()
    await bed.give([...seconds(0, 5), act(5, { action: 'mute', until: T0 + 60_000 }), ...seconds(5, 30, low)])
    await bed.give([second(30, { ...low, hr: 0 }), ...seconds(31, 100, low)])
    const said = (code: string) => bed.bodies(code).map(({ phase, signal }) => `${phase} ${signal.call}`)
    expect(said('spo2-low')).toEqual(['start muted', 'continue now'])
    expect(said('asystole')).toEqual(['start now', 'update told'])
    expect(bed.frames).toHaveLength(100)
    expect(bed.bodies('spo2-low').map(({ signal }) => signal.mutedUntil)).toEqual([T0 + 60_000, undefined])
  })

  it('asystole latches when it is over, until it is reset or acknowledged', async () => {
    for (const [action, phase] of [['reset', 'reset'], ['ack', 'end']] as const) {
      const bed = wards.fresh()
      await bed.give([second(0, { ...calm, hr: 0 }), ...seconds(1, 60)])
      const [, latched] = bed.bodies('asystole')
      expect(latched).toMatchObject({ phase: 'update', state: 'latched' })
      await bed.give([act(60, { action, alertId: latched!.alertId })])
      expect(bed.bodies('asystole').at(-1)).toMatchObject({ phase, state: 'inactive', times: { ended: T0 } })
    } // biome-ignore format: the pairs
  })

  it('that was acknowledged while it stood ends when it is over', async () => {
    const bed = wards.fresh()
    await bed.give([second(0, { ...calm, hr: 0 })])
    const { alertId } = bed.bodies('asystole')[0]!
    await bed.give([act(0, { action: 'ack', alertId }), ...seconds(1, 60)])
    expect(phases(bed.bodies('asystole'))).toEqual(['start', 'update', 'end'])
  })
})

describe('operation', () => {
  it("another model begins cold and its forerunner's alerts are reset; limits and everything else go on", async () => {
    const jumpy = await realWards((manifest) => ({
      ...manifest,
      warmupSteps: 3,
      policy: { q: 0.05, n: 1, of: 40, clearSeconds: 2, drift: 1 },
    }))
    const bed = jumpy.fresh()
    const jump = { hr: 180, pulse: 100, spo2: 84, resp: 40 }
    await bed.give(Array.from({ length: 40 }, (_, s) => second(s, s % 6 < 3 ? calm : jump)))
    await bed.give(seconds(40, 60, low))
    const model = { detector: 'bedside', name: 'bedside', version: '9.9.9', sha256: 'c'.repeat(64) }
    expect(phases(bed.bodies('unexpected'))).toContain('start')
    expect(bed.bodies('unexpected').at(-1)!.state).toBe('active')
    const entry = { kind: 'journal', entry: 'watched-by', patientKey: KEY, at: T0 + 60_000, afterOffset: 59 } as const
    await bed.give([{ ...entry, models: [model], limits: { set: 'built-in', version: '1' } }, ...seconds(60, 62, low)])
    expect(bed.bodies('unexpected').at(-1)).toMatchObject({
      phase: 'reset',
      source: { model: { version: bedside.version } },
    })
    expect(phases(bed.bodies('spo2-low')).at(-1)).not.toBe('reset')
    expect(bed.ward.watching).toMatchObject({ warming: 1 })
    await jumpy.close()
  })

  it('a patient who is silent for stream.forgetHours leaves the ward, and the alerts that were open end', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 20, low), 0)
    await bed.give(bed.ward.silent(31_000, 30), 31_000)
    const [entry] = bed.ward.silent(FORGOTTEN, 30)
    expect(entry).toMatchObject({ entry: 'forgotten', silentSeconds: 73 * 3600 })
    await bed.give([entry!])
    expect(bed.bodies('signal-lost').at(-1)!.phase).toBe('end')
    expect(bed.bodies('spo2-low').at(-1)!.phase).toBe('end')
    expect(bed.ward.watching).toEqual({ warming: 0, watching: 0, degraded: 0, blind: 0 })
    expect(bed.ward.silent(2 * FORGOTTEN, 30)).toEqual([])
    expect(bed.ward.state.save(KEY)).toBeUndefined()
  })

  it('what remains of a patient who left is forgotten after ten minutes', async () => {
    const bed = wards.fresh()
    await bed.give([...seconds(0, 5), act(5, { action: 'discharge' })], 0)
    expect(bed.ward.state.save(KEY)).toBeDefined()
    expect(bed.ward.silent(599_000, 30)).toEqual([])
    await bed.give(bed.ward.silent(600_000, 30))
    expect(bed.ward.state.save(KEY)).toBeUndefined()
    await bed.give(seconds(6, 8))
    expect(bed.refused()).toEqual([])
  })

  it('a patient without alerts costs a ward no alert state', async () => {
    const bed = wards.fresh()
    await bed.give(seconds(0, 5))
    const { record } = bed.ward.state.save(KEY)!
    expect(record.includes('"open"')).toBe(false)
    expect(record.includes('"calls"')).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import {
  checkLimits,
  type LimitPlan,
  limitPlan,
  readLimits,
  resetLimits,
  writeLimits,
} from '../../src/scoring/limits.ts'
import { Page } from '../../src/scoring/page.ts'
import { CHANNELS, channelTable } from '../../src/vitals/channels.ts'
import type { Condition } from '../../src/vitals/condition.ts'
import { frameColumns } from '../../src/vitals/frame.ts'
import { ADULT_LIMITS } from '../../src/vitals/limits.ts'
import { random } from './synthetic.ts'

const TABLE = channelTable()
const ADULT = limitPlan(ADULT_LIMITS, TABLE)
const T0 = Date.UTC(2026, 0, 5, 12, 4, 0)

function fresh(plan: LimitPlan): Page {
  const state = new Page(plan.stateSize)
  resetLimits(plan, state, 0)
  return state
}

/** a bed on limits: (second, values observed then) -> conditions */
function bed(plan: LimitPlan = ADULT, state = fresh(plan)) {
  const frames = frameColumns(1, TABLE.channels.length)
  frames.values.fill(Number.NaN)
  return (second: number, values: Readonly<Record<string, number>>): Condition[] => {
    frames.masks.fill(0)
    for (const [name, value] of Object.entries(values)) {
      frames.masks[TABLE.index.get(name)!] = 1
      frames.values[TABLE.index.get(name)!] = value
    }
    const out: Condition[] = []
    checkLimits(plan, state, 0, frames, 0, T0 + second * 1000, out)
    return out
  }
}
const codes = (conditions: readonly Condition[]) => conditions.map(({ code }) => code)

describe('a continuous channel', () => {
  test('alarms once it was outside for its hold, not a second sooner, with the sentence a nurse reads', () => {
    const at = bed()
    for (let s = 0; s < 10; s++) expect(at(s, { spo2: 88 })).toEqual([])
    const [condition] = at(10, { spo2: 88 })
    expect(condition).toMatchObject({
      detector: 'limits', code: 'spo2-low', kind: 'physiological', priority: 'high', onset: T0, latching: false,
      label: 'SpO2 88 %, limit 90, since 12:04:00', score: { name: 'limit', value: 88, threshold: 90 },
    }) // biome-ignore format: one condition
    expect(condition!.channels[0]).toMatchObject({ channel: 'spo2', observed: 88, limit: { side: 'low', value: 90 } })
  })
  test('a value on the limit is inside', () => {
    const at = bed()
    for (let s = 0; s < 60; s++) expect(at(s, { spo2: 90, hr: 150 })).toEqual([])
  })
  test('one value inside begins the hold anew', () => {
    const at = bed()
    for (let s = 0; s < 60; s++) expect(at(s, { spo2: s % 9 === 8 ? 95 : 80 })).toEqual([])
  })
  test('a short gap does not hide it, and alone does not complete the hold', () => {
    const at = bed()
    expect(at(0, { hr: 160 })).toEqual([])
    for (let s = 1; s < 40; s++) expect(at(s, {})).toEqual([])
    expect(codes(at(40, { hr: 160 }))).toEqual(['hr-high'])
    for (let s = 41; s <= 130; s++) expect(codes(at(s, {}))).toEqual(['hr-high'])
    expect(at(131, {})).toEqual([])
  })
  test('after a silence longer than that the run begins anew, also when no frame stood between', () => {
    const at = bed()
    at(0, { hr: 160 })
    expect(at(200, { hr: 160 })).toEqual([])
    expect(at(205, { hr: 160 })[0]).toMatchObject({ code: 'hr-high', onset: T0 + 200_000 })
  })
  test('a monitor that prints once a minute alarms at the second value', () => {
    const at = bed()
    expect(at(0, { resp: 40 })).toEqual([])
    expect(codes(at(60, { resp: 40 }))).toEqual(['resp-high'])
  })
  test('from one side to the other is a new run', () => {
    const at = bed()
    for (let s = 0; s <= 6; s++) at(s, { hr: 160 })
    expect(at(7, { hr: 30 })).toEqual([])
    const [condition] = at(12, { hr: 30 })
    expect(condition).toMatchObject({ code: 'hr-low', onset: T0 + 7000 })
  })
})

describe('an episodic channel', () => {
  test('alarms with the value and until the next one, however long that takes', () => {
    const at = bed()
    expect(codes(at(0, { nibp_sys: 80, nibp_dia: 60, nibp_mean: 67 }))).toEqual(['nibp-sys-low'])
    expect(at(3600, {})[0]).toMatchObject({ onset: T0, channels: [{ sampleTime: T0, observed: 80 }] })
    expect(at(3700, { nibp_sys: 110 })).toEqual([])
    expect(at(3701, {})).toEqual([])
  })
  test('a limit with a decimal is compared as printed, not as float32 rounds it', () => {
    const at = bed(limitPlan({ temp: { low: 36.1, high: 38.3, holdSeconds: 0, priority: 'low' } }, TABLE))
    expect(at(0, { temp: 36.1 })).toEqual([])
    expect(at(1, { temp: 38.3 })).toEqual([])
    expect(codes(at(2, { temp: 38.4 }))).toEqual(['temp-high'])
    expect(at(2, { temp: 38.4 })[0]!.label).toBe('Temp 38.4 °C, limit 38.3, since 12:04:02')
  })
})

test('a value beyond a limit is never printed as the limit: minute averages have decimals', () => {
  const at = bed()
  at(0, { hr: Math.fround(49.6) })
  expect(at(60, { hr: Math.fround(49.6) })[0]!.label).toBe('HR 49.6 /min, limit 50, since 12:04:00')
  const fine = bed(limitPlan({ temp: { high: 38.25, holdSeconds: 0, priority: 'low' } }, TABLE))
  expect(fine(0, { temp: 38.3 })[0]!.label).toBe('Temp 38.3 °C, limit 38.25, since 12:04:00')
})

describe('asystole', () => {
  test('heart rate 0 is asystole at once, high, and not a low heart rate', () => {
    const at = bed()
    expect(at(0, { hr: 0 })[0]).toMatchObject({
      code: 'asystole',
      priority: 'high',
      label: 'HR 0 /min: asystole, since 12:04:00',
    })
    for (let s = 1; s < 30; s++) expect(codes(at(s, { hr: 0 }))).toEqual(['asystole'])
  })
  test('is watched without any limit on the heart rate', () => {
    const at = bed(limitPlan({}, TABLE))
    expect(at(0, { hr: 300 })).toEqual([])
    expect(codes(at(1, { hr: 0 }))).toEqual(['asystole'])
  })
  test('a pulse of 0 is a low pulse: an oximeter without a finger says so too', () => {
    const at = bed()
    for (let s = 0; s < 10; s++) expect(at(s, { pulse: 0 })).toEqual([])
    expect(codes(at(10, { pulse: 0 }))).toEqual(['pulse-low'])
  })
})

describe('exemptions', () => {
  test('impossible pressures, mean above systolic or below diastolic, are not judged', () => {
    const at = bed()
    expect(at(0, { nibp_sys: 80, nibp_dia: 40, nibp_mean: 120 })).toEqual([])
    expect(at(1, { nibp_sys: 200, nibp_dia: 100, nibp_mean: 50 })).toEqual([])
    expect(codes(at(2, { nibp_sys: 80, nibp_dia: 40, nibp_mean: 55 }))).toEqual([
      'nibp-sys-low',
      'nibp-dia-low',
      'nibp-mean-low',
    ])
  })
  test('an impossible set neither ends nor rewrites the alarm before it', () => {
    const at = bed()
    at(0, { nibp_sys: 80 })
    expect(at(9, { nibp_sys: 130, nibp_mean: 180 })[0]).toMatchObject({
      code: 'nibp-sys-low',
      channels: [{ observed: 80 }],
    })
  })
  test('a value that never reached the frame (mask 0) is not judged', () => {
    const at = bed()
    for (let s = 0; s < 60; s++) expect(at(s, {})).toEqual([])
  })
})

test('a profile that limits an unknown channel is refused, by name', () => {
  expect(() => limitPlan({ hr: ADULT_LIMITS['hr']!, pulss: ADULT_LIMITS['pulse']! }, TABLE)).toThrow(
    expect.objectContaining({ code: 'config-invalid', place: 'limits.pulss' }),
  )
})

test('every code of every channel fits the contract, at every extreme', () => {
  const all = limitPlan(
    Object.fromEntries(
      CHANNELS.map(({ name, range: [low, high] }) => [
        name,
        { low: low + (high - low) / 3, high: high - (high - low) / 3, holdSeconds: 0, priority: 'low' as const },
      ]),
    ),
    TABLE,
  )
  for (const channel of CHANNELS) {
    for (const value of channel.range) {
      const [condition] = bed(all)(0, { [channel.name]: value })
      expect(condition!.code).toMatch(/^[a-z0-9-]+$/)
      expect(condition!.label.length).toBeLessThanOrEqual(80)
      expect(condition!.label).toMatch(/, since 12:04:00$/)
    }
  }
})

test('a patient has a row of runs only while a value is outside, and gives it back when another takes the bed', () => {
  const plan = limitPlan(ADULT_LIMITS, TABLE)
  const state = fresh(plan)
  const at = bed(plan, state)
  at(0, { hr: 80, spo2: 97 })
  expect(plan.runs.taken).toBe(0)
  at(1, { hr: 190, spo2: 60 })
  at(2, { hr: 80, spo2: 60 })
  expect(plan.runs.taken).toBe(1)
  at(3, { hr: 80, spo2: 97 })
  expect(plan.runs.taken).toBe(0)
  at(4, { hr: 190 })
  resetLimits(plan, state, 0)
  expect(plan.runs.taken).toBe(0)
})

test('the numbers of a row are the whole memory: a row made of them has the same future', () => {
  const uniform = random(7)
  const state = fresh(ADULT)
  const first = bed(ADULT, state)
  const values = () => ({ hr: Math.round(30 + 150 * uniform()), spo2: Math.round(80 + 20 * uniform()), temp: 41 })
  for (let second = 0; second < 60; second++) first(second, values())
  const numbers = new Float64Array(ADULT.fields.length)
  readLimits(ADULT, state, 0, numbers, 0)
  const copy = fresh(ADULT)
  writeLimits(ADULT, copy, 0, numbers, 0)
  const second = bed(ADULT, copy)
  for (let at = 60; at < 120; at++) {
    const now = uniform() < 0.2 ? {} : values()
    expect(second(at, now)).toEqual(first(at, now))
  }
})

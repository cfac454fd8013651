import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Page } from '../../src/scoring/page.ts'
import { sensorConditions } from '../../src/scoring/sensor-conditions.ts'
import { resetSensors } from '../../src/scoring/sensor-row.ts'
import { sensorPlan, siftFrame, trusted } from '../../src/scoring/sensors.ts'
import type { Condition } from '../../src/vitals/condition.ts'
import { frameColumns } from '../../src/vitals/frame.ts'
import { numbers, restored } from './sensor-rows.ts'
import { random, TABLE } from './synthetic.ts'

const plan = sensorPlan(TABLE, 1)
const T0 = Date.UTC(2026, 0, 5, 12) / 1000
type Values = Readonly<Record<string, number>>

/** a bed's sensors: a tick of values in, the model's view of it and what is wrong out */
function bed(state = new Page(plan.stateSize), from?: number, of = plan) {
  const raw = frameColumns(1, plan.width)
  raw.values.fill(Number.NaN)
  raw.ages.fill(Number.NaN)
  raw.count = 1
  let tick = from ?? T0
  if (from === undefined) resetSensors(of, state, 0)
  const see = (values: Values, passed = 1) => {
    tick += passed
    raw.ticks[0] = tick
    TABLE.channels.forEach((channel, d) => {
      const value = values[channel.name]
      raw.masks[d] = value === undefined ? 0 : 1
      if (value !== undefined) raw.values[d] = value
      raw.ages[d] = value === undefined ? raw.ages[d]! + passed : 0
    })
    const model = frameColumns(1, plan.width)
    model.ticks.set(raw.ticks)
    model.values.set(raw.values)
    model.masks.set(raw.masks)
    model.ages.set(raw.ages)
    if (siftFrame(of, state, 0, raw, 0)) trusted(of, state, 0, model, 0)
    const conditions: Condition[] = []
    sensorConditions(of, TABLE, state, 0, tick, conditions)
    const index = (name: string) => TABLE.index.get(name)!
    return {
      codes: conditions.map(({ code }) => code),
      conditions,
      value: (name: string) => model.values[index(name)]!,
      observed: (name: string) => model.masks[index(name)] === 1,
      age: (name: string) => model.ages[index(name)]!,
    }
  }
  return { see, state }
}

/** a calm patient, second by second: whole numbers that repeat and move by one */
function walk(seed: number) {
  const uniform = random(seed)
  const values = { hr: 80, pulse: 80, spo2: 97, resp: 16 }
  return (): { hr: number; pulse: number; spo2: number; resp: number } => {
    if (uniform() < 0.25) values.hr = Math.max(76, Math.min(84, values.hr + (uniform() < 0.5 ? 1 : -1)))
    if (uniform() < 0.5) values.pulse += Math.sign(values.hr - values.pulse)
    if (uniform() < 0.05) values.spo2 = 193 - values.spo2
    if (uniform() < 0.1) values.resp = Math.max(14, Math.min(18, values.resp + (uniform() < 0.5 ? 1 : -1)))
    return { ...values }
  }
}

let calm: ReturnType<typeof walk>
let watched: ReturnType<typeof bed>
beforeEach(() => {
  calm = walk(1)
  watched = bed()
  for (let i = 0; i < 300; i++) expect(watched.see(calm()).codes).toEqual([])
})

test('six hours of calm patients say nothing but that a value stood still for long, once an hour at most', () => {
  const said: string[] = []
  for (let seed = 2; seed < 8; seed++) {
    const [patient, own] = [walk(seed), bed()]
    let before: readonly string[] = []
    for (let i = 0; i < 3600; i++) {
      const { codes } = own.see(patient())
      said.push(...codes.filter((code) => !before.includes(code)))
      before = codes
    }
  }
  expect(said.length).toBeLessThanOrEqual(6)
  expect(said.filter((code) => !code.endsWith('flat-line'))).toEqual([])
})

describe('an implausible jump', () => {
  test('is set aside and said, and the value before it ages', () => {
    const before = calm()
    watched.see(before)
    const seen = watched.see({ ...before, spo2: 60 })
    expect(seen.codes).toEqual(['spo2-implausible-jump'])
    expect(seen.observed('spo2')).toBe(false)
    expect(seen.value('spo2')).toBe(before.spo2)
    expect(seen.age('spo2')).toBe(1)
    expect(seen.observed('hr')).toBe(true)
    expect(seen.conditions[0]!.label).toBe(`SpO2 60 % after SpO2 ${before.spo2} %: implausible jump, set aside`)
    expect(watched.see(before).observed('spo2')).toBe(true)
  })

  test('is taken for true once five values in a row agree', () => {
    const before = calm()
    const observed = Array.from({ length: 6 }, () => watched.see({ ...before, spo2: 84 }).observed('spo2'))
    expect(observed).toEqual([false, false, false, false, true, true])
  })

  test('of heart rate and pulse together is the heart', () => {
    const before = calm()
    const seen = watched.see({ ...before, hr: 140, pulse: 138 })
    expect(seen.codes).toEqual([])
    expect(seen.observed('hr') && seen.observed('pulse')).toBe(true)
  })

  test('is none after a gap in which anything may have happened', () => {
    const before = calm()
    expect(watched.see({ ...before, spo2: 84 }, 11).codes).not.toContain('spo2-implausible-jump')
  })
})

describe('a flat line', () => {
  test('of the heart rate is said and set aside, until the value changes', () => {
    let said = 0
    let seen = watched.see(calm())
    for (let i = 0; i < 180; i++) {
      seen = watched.see({ ...calm(), hr: 80 })
      if (seen.codes.includes('hr-flat-line')) said++
    }
    expect(said).toBeGreaterThan(60)
    expect(seen.observed('hr')).toBe(false)
    expect(seen.observed('pulse')).toBe(true)
    expect(seen.conditions.find(({ code }) => code === 'hr-flat-line')!.label).toMatch(
      /^HR 80 \/min unchanged, since 12:0\d:\d\d: check the sensor$/,
    )
    expect(watched.see({ ...calm(), hr: 81 }).codes).not.toContain('hr-flat-line')
  })

  test('comes sooner of a patient whose value never stands still than of one whose runs differ', () => {
    const noticed = (runs: readonly number[]) => {
      const own = bed()
      const value = (turn: number) => ({ ...calm(), hr: 80 + (turn % 2) })
      for (let turn = 0; turn < 600 / runs.length; turn++)
        for (const run of runs) for (let i = 0; i < run; i++) own.see(value(turn * runs.length + runs.indexOf(run)))
      for (let seconds = 1; ; seconds++)
        if (own.see({ ...calm(), hr: 79 }).codes.includes('hr-flat-line')) return seconds
    }
    const [restless, uneven] = [noticed([3]), noticed([1, 30])]
    expect(restless).toBeLessThan(60)
    expect(uneven).toBeGreaterThan(1.5 * restless)
  })

  test('is not what a value is called because its partner moves', () => {
    for (let i = 0; i < 30; i++) {
      const { codes } = watched.see({ ...calm(), hr: 80, pulse: 80 + i })
      expect(codes.filter((code) => code.endsWith('flat-line'))).toEqual([])
    }
  })

  test('of a saturation that stands still is none: monitors print 100 % for hours', () => {
    for (let i = 0; i < 3600; i++) expect(watched.see({ ...calm(), spo2: 100 }).codes).toEqual([])
  })
})

describe('what is missing', () => {
  const without = (values: Values, ...names: string[]) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))

  test('is said after 15 s, of a whole cable after 45, by which sensor carries it', () => {
    const saidAfter = (seconds: number, ...names: string[]) => {
      const own = bed()
      const patient = walk(3)
      for (let i = 0; i < 100; i++) own.see(patient())
      let codes: string[] = []
      for (let i = 0; i < seconds; i++) codes = own.see(without(patient(), ...names)).codes
      return codes
    }
    expect(saidAfter(14, 'hr')).toEqual([])
    expect(saidAfter(15, 'hr')).toEqual(['leads-off'])
    expect(saidAfter(44, 'pulse', 'spo2')).toEqual([])
    expect(saidAfter(45, 'pulse', 'spo2')).toEqual(['probe-off'])
    expect(saidAfter(15, 'spo2')).toEqual(['spo2-missing'])
    expect(saidAfter(15, 'resp')).toEqual(['resp-missing'])
    // breathing is measured through the leads of the ECG: one cause, one alert
    expect(saidAfter(15, 'hr', 'resp')).toEqual(['leads-off'])
    expect(saidAfter(15, 'hr', 'pulse')).toEqual(['hr-missing', 'pulse-missing'])
  })

  test('is one thing of an arterial line of which nothing comes for two minutes, and told by channel where some of it does', () => {
    const line = { abp_sys: 120, abp_dia: 70, abp_mean: 87 }
    const saidWithout = (seconds: number, ...names: string[]) => {
      const [own, patient] = [bed(), walk(3)]
      for (let i = 0; i < 100; i++) own.see({ ...patient(), ...line })
      let seen = own.see({ ...patient(), ...without(line, ...names) })
      for (let i = 1; i < seconds; i++) seen = own.see({ ...patient(), ...without(line, ...names) })
      return seen.conditions
    }
    expect(saidWithout(119, 'abp_sys', 'abp_dia', 'abp_mean')).toEqual([])
    const whole = saidWithout(120, 'abp_sys', 'abp_dia', 'abp_mean')
    expect(whole.map(({ code }) => code)).toEqual(['abp-missing'])
    expect(whole[0]!.label).toMatch(/^No ABP since 12:01:\d\d: check the line$/)
    expect(whole[0]!.channels.map(({ channel }) => channel)).toEqual(['abp_sys', 'abp_dia', 'abp_mean'])
    expect(saidWithout(120, 'abp_sys', 'abp_dia').map(({ code }) => code)).toEqual([
      'abp-sys-missing',
      'abp-dia-missing',
    ])
  })

  test('is nothing of a channel that comes once a minute, before four of its minutes', () => {
    const own = bed()
    for (let i = 0; i < 40; i++) own.see({ hr: 80 + (i % 3), resp: 16 }, 60)
    expect(own.see({ resp: 16 }, 120).codes).toEqual([])
    expect(own.see({ resp: 16 }, 120).codes).toEqual(['hr-missing'])
  })

  test('is nothing of a channel that was never regular, or of a cuff', () => {
    const own = bed()
    const patient = walk(4)
    for (let i = 0; i < 10; i++) own.see({ ...patient(), etco2: 38, nibp_sys: 120, nibp_dia: 80, nibp_mean: 93 })
    for (let i = 0; i < 200; i++) expect(own.see(patient()).codes).toEqual([])
  })
})

describe('heart rate and pulse', () => {
  test('that part are a mismatch, which names the one that moved first, and both stay observed', () => {
    let seen = watched.see(calm())
    for (let i = 0; i < 60; i++) {
      const now = calm()
      seen = watched.see({ ...now, hr: now.hr + Math.min(26, 2 * (i + 1)) })
    }
    const said = seen.conditions.find(({ code }) => code === 'pulse-mismatch')!
    expect(said.channels.map(({ channel }) => channel)).toEqual(['hr', 'pulse'])
    expect(said.label).toMatch(/^HR \d+ \/min, but Pulse \d+ \/min, since 12:0\d:\d\d$/)
    expect(seen.observed('hr') && seen.observed('pulse')).toBe(true)
  })

  test('that part slowly are a mismatch all the same, and one that always differed is none', () => {
    let at = 0
    for (; at < 120; at++)
      if (
        watched.see({ ...calm(), hr: 80 + Math.round(Math.min(12, (12 * at) / 90)) }).codes.includes('pulse-mismatch')
      )
        break
    expect(at).toBeLessThan(100)
    const other = bed()
    for (let i = 0; i < 900; i++) {
      const now = calm()
      expect(other.see({ ...now, hr: now.pulse + 9 + (i % 2) }).codes).not.toContain('pulse-mismatch')
    }
  })

  test('heart rate 0 is asystole and never set aside; beside a pulse it is a mismatch, too', () => {
    let seen = watched.see({ ...calm(), hr: 0 })
    expect(seen.observed('hr')).toBe(true)
    expect(seen.codes).toEqual([])
    for (let i = 0; i < 40; i++) seen = watched.see({ ...calm(), hr: 0 })
    expect(seen.observed('hr')).toBe(true)
    expect(seen.codes).toContain('pulse-mismatch')
    expect(seen.conditions[0]!.label).toMatch(/^HR 0 \/min, but Pulse \d+ \/min/)
  })

  /** codes while the heart rate is `by` /min more for some seconds, and what the pulse does about it */
  const saidOf = (seconds: number, by: number, pulse: (since: number) => number): string[] => {
    const said: string[] = []
    for (let i = 0; i < seconds; i++) {
      const now = calm()
      said.push(...watched.see({ ...now, hr: now.hr + by, pulse: now.pulse + Math.round(pulse(i)) }).codes)
    }
    for (let i = 0; i < 60; i++) said.push(...watched.see(calm()).codes)
    return said.filter((code) => code === 'pulse-mismatch')
  }

  test('of which one averages for longer are no mismatch, however high the rate jumps: 16 s', () => {
    expect(saidOf(120, 60, (since) => 60 * (1 - Math.exp(-since / 8)))).toEqual([])
    expect(saidOf(120, 60, (since) => Math.min(60, (60 * since) / 16))).toEqual([])
  })

  test('of which not every beat reaches the finger are no mismatch, and one of which none of the jump does is', () => {
    expect(saidOf(300, 60, (since) => 36 * (1 - Math.exp(-since / 8)))).toEqual([])
    expect(saidOf(60, 60, () => 0)).not.toEqual([])
  })

  test('that part for less than 25 s are none, by however much', () => {
    expect(saidOf(24, 120, () => 0)).toEqual([])
    expect(saidOf(40, 12, () => 0)).not.toEqual([])
  })
})

describe('pressures that contradict each other', () => {
  const abp = { abp_sys: 120, abp_dia: 80, abp_mean: 93 }

  test('are set aside, all three, and said', () => {
    watched.see({ ...calm(), ...abp })
    const seen = watched.see({ ...calm(), ...abp, abp_mean: 130 })
    expect(seen.codes).toEqual(['abp-contradiction'])
    expect(seen.conditions[0]!.label).toBe('ABP mean 130 mmHg is not within 120 and 80: set aside')
    expect(['abp_sys', 'abp_dia', 'abp_mean'].some(seen.observed)).toBe(false)
    expect(seen.value('abp_sys')).toBe(120)
    expect(watched.see({ ...calm(), ...abp }).observed('abp_sys')).toBe(true)
  })

  test('an impossible cuff value ages as the possible one before it, or as none', () => {
    const cuff = { nibp_sys: 110, nibp_dia: 70, nibp_mean: 150 }
    expect(watched.see({ ...calm(), ...cuff }).value('nibp_sys')).toBeNaN()
    expect(watched.see(calm()).value('nibp_sys')).toBeNaN()
    watched.see({ ...calm(), ...cuff, nibp_mean: 83 })
    watched.see({ ...calm(), ...cuff, nibp_sys: 90, nibp_mean: 120 })
    const later = watched.see(calm(), 60)
    expect(later.value('nibp_sys')).toBe(110)
    expect(later.age('nibp_sys')).toBe(61)
  })
})

test.each(plan.sensors.map(({ channel }, s) => [channel, s] as const))(
  'what %s shows is written into its own part of the row',
  (channel, s) => {
    const ends = (from: 'at' | 'wordAt' | 'byteAt', last: number) => [...plan.sensors.slice(1).map((it) => it[from]), last] // biome-ignore format: one list
    const [doubles, words] = [ends('at', plan.pressuresAt), ends('wordAt', plan.faultsAt / 4)]
    const bytes = ends('byteAt', plan.sensors.at(-1)!.byteAt + 2)
    const { see, state } = bed()
    const untouched = Buffer.from(state.buffer.slice(0))
    const uniform = random(s)
    // steady, leaping, flat, gone, and back
    for (let i = 0; i < 400; i++) {
      const value = i < 100 ? 60 + Math.round(uniform()) : i < 200 ? Math.round(100 * uniform()) : 70
      see(i < 300 || i > 350 ? { [channel]: value } : {})
    }
    const sensorRows = (of: Buffer) =>
      plan.sensors.map(
        ({ at, wordAt, byteAt }, other) =>
        [of.subarray(8 * at, 8 * doubles[other]!), of.subarray(4 * wordAt, 4 * words[other]!), of.subarray(byteAt, bytes[other]!)].map((it) => it.toString('hex')), // biome-ignore format: one list
      )
    const [before, after] = [sensorRows(untouched), sensorRows(Buffer.from(state.buffer))]
    for (let other = 0; other < plan.sensors.length; other++)
      if (other === s) expect(after[other]).not.toEqual(before[other])
      else expect(after[other]).toEqual(before[other])
  },
)

test('the numbers of a row are the whole memory: a row made of them has the same future', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constant(80), fc.constant(undefined))
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), value, value, value), {
    minLength: 40,
    maxLength: 120,
  })
  fc.assert(
    fc.property(steps, fc.nat(), (all, cut) => {
      const first = bed()
      let second = first
      let tick = T0
      all.forEach(([passed, hr, pulse, abp], i) => {
        if (i === cut % all.length) second = bed(restored(plan, first.state), tick)
        const values = Object.fromEntries(
          Object.entries({ hr, pulse, abp_mean: abp, abp_sys: pulse }).filter(([, it]) => it !== undefined),
        ) as Values
        const seen = first.see(values, passed)
        tick += passed
        for (const { label } of seen.conditions) {
          expect(label.length).toBeLessThanOrEqual(80)
          expect(label).not.toMatch(/NaN|undefined|Infinity/)
        }
        if (second === first) return
        expect(second.see(values, passed).conditions).toEqual(seen.conditions)
        expect(numbers(plan, second.state)).toEqual(numbers(plan, first.state))
      })
    }),
    { numRuns: 60 },
  )
})

test('a patient has a row of doubts only while a value is set aside, and gives it back when another takes the bed', () => {
  const own = sensorPlan(TABLE, 1)
  const { see, state } = bed(new Page(own.stateSize), undefined, own)
  for (let i = 0; i < 40; i++) see(calm())
  expect(own.doubts.taken).toBe(0)
  see({ ...calm(), hr: 190 })
  expect(own.doubts.taken).toBe(1)
  see(calm())
  expect(own.doubts.taken).toBe(0)
  see({ ...calm(), hr: 190 })
  resetSensors(own, state, 0)
  expect(own.doubts.taken).toBe(0)
})

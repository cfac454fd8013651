import { describe, expect, test } from 'vitest'
import {
  driftNumbers,
  driftOf,
  driftPlan,
  drifts,
  readDrift,
  resetDrift,
  weighDrift,
  writeDrift,
} from '../../src/scoring/drift.ts'
import { driftCondition } from '../../src/scoring/drift-condition.ts'
import { Page } from '../../src/scoring/page.ts'
import { scored, scorePlan } from '../../src/scoring/score.ts'
import { CHANNELS, emptyFrames, frame, random, TABLE, uncalibrated } from './synthetic.ts'

const manifest = uncalibrated([1, 10, 60])
const scores = scorePlan(manifest, TABLE)
const plan = driftPlan(manifest, scores)
const C = CHANNELS.length
const SPO2 = 2
const T0 = Date.UTC(2026, 0, 5) / 60_000

/** a bed, minute by minute: four ticks with given values and the residual of a longer horizon by channel */
function bed(state = new Page(plan.stateSize), reset = true, of = plan) {
  const out = scored(scores)
  const frames = emptyFrames()
  if (reset) resetDrift(of, state, 0)
  return {
    state,
    minute(minute: number, residual: number, spo2: number, cold = false, due = 4) {
      for (let part = 0; part < 4; part++) {
        out.statistic.fill(Number.NaN)
        if (part < due) {
          for (let c = 0; c < C; c++) {
            out.statistic[C + c] = 1
            out.residual[C + c] = c === SPO2 ? residual : 0
          }
        }
        frame(frames, (T0 + minute) * 60 + part * 15, [80, 80, spo2, 16])
        weighDrift(of, state, 0, frames, 0, out, cold)
      }
      return drifts(of, state, 0) ? driftOf(of, state, 0) : undefined
    },
  }
}
const normals = (seed: number) => {
  const uniform = random(seed)
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

describe('CUSUM of the minute means', () => {
  test('finds a residual of one standard deviation that stays, within half an hour', () => {
    const delays = Array.from({ length: 20 }, (_, seed) => {
      const [watched, normal] = [bed(), normals(seed + 1)]
      for (let minute = 0; minute < 30; minute++) expect(watched.minute(minute, normal(), 96)).toBeUndefined()
      for (let minute = 30; minute < 120; minute++) {
        const drift = watched.minute(minute, normal() - 1, 96)
        if (drift === undefined) continue
        expect(drift).toMatchObject({ channel: SPO2, up: false, watch: 'cusum' })
        expect(drift.sinceMinute - T0).toBeLessThanOrEqual(minute)
        return minute - 30
      }
      return 90
    }).sort((a, b) => a - b)
    // (13.12 + 1.2) / (1 - 0.25): 19 minutes on average
    expect(delays[10]).toBeGreaterThan(10)
    expect(delays[10]).toBeLessThan(30)
  })

  test('is of what the model is not always wrong by: a residual the patient always had is soon usual', () => {
    const [watched, normal] = [bed(), normals(9)]
    const said: number[] = []
    for (let minute = 0; minute < 24 * 60; minute++) if (watched.minute(minute, normal() - 0.8, 96)) said.push(minute)
    expect(said.every((minute) => minute < 300)).toBe(true)
  })

  test('has the limit that the policy says: a factor on the sum, its root on the distance', () => {
    const strict = driftPlan({ ...manifest, policy: { ...manifest.policy, drift: 4 } }, scores)
    expect(strict.cusumLimit).toBeCloseTo(4 * plan.cusumLimit)
    for (let c = 0; c < C; c++) expect(strict.awayLimit[c]).toBeCloseTo(2 * plan.awayLimit[c]!)
    const first = (of: typeof plan) => {
      const watched = bed(undefined, true, of)
      for (let minute = 0; minute < 240; minute++) if (watched.minute(minute, minute < 60 ? 0 : -2, 96)) return minute
      return Number.POSITIVE_INFINITY
    }
    expect(first(plan)).toBeLessThan(80)
    expect(first(strict)).toBeGreaterThan(first(plan) + 15)
  })

  test('says nothing in four days of independent minutes', () => {
    const [watched, normal] = [bed(), normals(77)]
    let said = 0
    for (let minute = 0; minute < 4 * 1440; minute++) if (watched.minute(minute, normal(), 96)) said++
    expect(said).toBe(0)
  })

  test('is one drift while its sum hovers about the limit, and ends below three quarters of it', () => {
    const watched = bed()
    let minute = 0
    while (watched.minute(minute, -2, 96) === undefined) minute++
    const hovering = Array.from({ length: 20 }, (_, i) => watched.minute(++minute, i % 2 === 0 ? 0 : -2, 96)?.score)
    expect(hovering.some((score) => score! < plan.cusumLimit)).toBe(true)
    expect(hovering.some((score) => score! > plan.cusumLimit)).toBe(true)
    let last = Number.NaN
    for (let drift = watched.minute(++minute, -0.5, 96); drift; drift = watched.minute(++minute, -0.5, 96))
      last = drift.score
    expect(last).toBeGreaterThanOrEqual(0.75 * plan.cusumLimit)
    expect(last).toBeLessThan(0.8 * plan.cusumLimit)
  })

  test('comes back when the forecasts are right again, and does not count while the model is cold', () => {
    const watched = bed()
    for (let minute = 0; minute < 600; minute++) watched.minute(minute, -2, 96)
    let minute = 600
    while (watched.minute(minute, 0.2, 96)?.watch === 'cusum') minute++
    expect(minute).toBeLessThan(660)
    const sparse = bed()
    for (let i = 0; i < 600; i++) expect(sparse.minute(i, -2, 96, false, 1)).toBeUndefined()
    const cold = bed()
    for (let i = 0; i < 600; i++) expect(cold.minute(i, -2, 96, true)).toBeUndefined()
  })
})

describe("the control chart of the patient's own minutes", () => {
  const hours = (watched: ReturnType<typeof bed>, from: number, to: number, spo2: (minute: number) => number) => {
    for (let minute = from; minute < to; minute++) {
      const drift = watched.minute(minute, 0, spo2(minute))
      if (drift !== undefined) return { minute, drift }
    }
    return undefined
  }
  const noise = random(5)
  const calm = () => 97 + Math.round(2 * noise() - 1)

  test('finds a fall of 8 % over four hours that no forecast is surprised by, and says from where to where', () => {
    const watched = bed()
    expect(hours(watched, 0, 360, calm)).toBeUndefined()
    const { minute, drift } = hours(watched, 360, 600, (at) => calm() - (8 * (at - 360)) / 240)!
    expect(minute).toBeLessThan(450)
    expect(drift).toMatchObject({ channel: SPO2, up: false, watch: 'own-baseline' })
    expect(drift.sinceMinute - T0).toBeGreaterThan(360)
    expect(drift.sinceMinute - T0).toBeLessThan(minute)
    const { label, channels, explanation } = driftCondition(manifest, TABLE, drift, 89, 0)
    expect(label).toMatch(
      /^SpO2 9\d(\.\d+)? %, slowly falling since \d\d:\d\d:\d\d, SpO2 9[67](\.\d+)? % in the hours before$/,
    )
    expect(channels[0]).toMatchObject({ channel: 'spo2', unit: '%' })
    expect(explanation.text).toContain('control chart')
  })

  test('waits for an hour, is moved little by one minute, and lets a restless patient be', () => {
    const young = bed()
    expect(hours(young, 0, 30, calm)).toBeUndefined()
    expect(hours(young, 30, 59, () => 88)).toBeUndefined()
    const jolted = bed()
    expect(hours(jolted, 0, 400, (minute) => (minute % 100 === 99 ? 60 : calm()))).toBeUndefined()
    const restless = bed()
    expect(hours(restless, 0, 900, (minute) => 94 + 4 * Math.sin(minute / 5))).toBeUndefined()
  })

  test('is silent while nothing is measured, and goes on where it was', () => {
    const watched = bed()
    hours(watched, 0, 360, calm)
    expect(hours(watched, 2000, 2300, calm)).toBeUndefined()
    expect(hours(watched, 2300, 2400, () => 88)).toBeDefined()
  })

  test('the new level is the usual one after a few hours of it', () => {
    const watched = bed()
    hours(watched, 0, 360, calm)
    expect(hours(watched, 360, 500, () => 88)).toBeDefined()
    for (let minute = 500; minute < 1000; minute++) watched.minute(minute, 0, 88)
    expect(hours(watched, 1000, 1400, () => 88)).toBeUndefined()
  })
})

/** a row as plain numbers */
function numbers(state: Page): Float64Array {
  const read = new Float64Array(driftNumbers(plan))
  readDrift(plan, state, 0, read, 0)
  return read
}

test('the numbers of a row are the whole memory: a row made of them has the same future', () => {
  const [first, normal] = [bed(), normals(3)]
  for (let minute = 0; minute < 200; minute++) first.minute(minute, normal() - 0.4, 97 - minute / 30)
  const copy = new Page(plan.stateSize)
  writeDrift(plan, copy, 0, numbers(first.state), 0)
  expect(numbers(copy)).toEqual(numbers(first.state))
  const second = bed(copy, false)
  for (let minute = 200; minute < 400; minute++) {
    const residual = normal() - 0.4
    expect(second.minute(minute, residual, 90)).toEqual(first.minute(minute, residual, 90))
    expect(numbers(second.state)).toEqual(numbers(first.state))
  }
})

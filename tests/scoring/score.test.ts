import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Page } from '../../src/scoring/page.ts'
import {
  channelOfTest,
  expectedBand,
  rememberForecast,
  resetScore,
  type ScorePlan,
  scored,
  scoreFrame,
  scorePlan,
} from '../../src/scoring/score.ts'
import { tailProbability } from '../../src/scoring/tail-table.ts'
import {
  CENTRE,
  CHANNELS,
  calibrated,
  emptyFrames,
  frame,
  healthy,
  NU,
  random,
  SCALE,
  standardForecast,
  TABLE,
  uncalibrated,
} from './synthetic.ts'

const C = CHANNELS.length

function start(plan: ScorePlan): Page {
  const state = new Page(plan.stateSize)
  resetScore(plan, state, 0)
  return state
}

describe('the pending forecast', () => {
  test('a frame is scored at horizon k against the forecast made exactly k ticks before, never a later one', () => {
    const horizons = [1, 3, 7]
    const plan = scorePlan(uncalibrated(horizons), TABLE)
    const steps = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20, maxLength: 60 })
    fc.assert(
      fc.property(steps, (gaps) => {
        const state = start(plan)
        const out = scored(plan)
        const frames = emptyFrames()
        // the forecast made at a tick has the tick's number as its mean: residuals then say who made it
        const made = new Map<string, number>()
        const pending = horizons.map(() => Number.NEGATIVE_INFINITY)
        let tick = 0
        for (const gap of gaps) {
          tick += gap
          frame(frames, tick, [CENTRE, CENTRE, CENTRE, CENTRE])
          scoreFrame(plan, state, 0, frames, 0, out)
          horizons.forEach((horizon, k) => {
            const maker = made.get(`${k}/${tick}`)
            expect(Number.isNaN(out.p[k]!)).toBe(maker === undefined)
            const band = expectedBand(plan, state, 0, k, 0, 0.99)
            if (maker === undefined) return
            expect(band!.due).toBe(tick)
            expect(band!.mean).toBeCloseTo(CENTRE + SCALE * Math.sin(tick - horizon), 4)
            expect(maker).toBe(tick - horizon)
          })
          const forecast = standardForecast(3).map((it, i) => (Math.floor(i / C) % 2 === 0 ? Math.sin(tick) : it))
          rememberForecast(plan, state, 0, tick, forecast, 0)
          horizons.forEach((horizon, k) => {
            if (k > 0 && pending[k]! > tick) return
            pending[k] = tick + horizon
            made.set(`${k}/${tick + horizon}`, tick)
          })
        }
      }),
      { numRuns: 40 },
    )
  })

  test('a longer horizon comes due once in its own stride when no tick is missing', () => {
    const plan = scorePlan(uncalibrated([1, 10, 60]), TABLE)
    const state = start(plan)
    const out = scored(plan)
    const frames = emptyFrames()
    const due = [0, 0, 0]
    for (let tick = 0; tick < 600; tick++) {
      frame(frames, tick, [60, 60, 60, 60])
      scoreFrame(plan, state, 0, frames, 0, out)
      out.p.forEach((p, k) => {
        if (!Number.isNaN(p)) due[k]!++
      })
      rememberForecast(plan, state, 0, tick, standardForecast(3), 0)
    }
    expect(due).toEqual([599, 59, 9])
  })

  test('scoring a frame changes nothing of the patient', () => {
    const plan = scorePlan(uncalibrated(), TABLE)
    const state = start(plan)
    const frames = emptyFrames()
    rememberForecast(plan, state, 0, 4, standardForecast(3), 0)
    const before = [...state.words]
    frame(frames, 5, [10, 250, 3, 60])
    scoreFrame(plan, state, 0, frames, 0, scored(plan))
    expect([...state.words]).toEqual(before)
  })

  test('a forecast that is not finite is not kept, and the next one is', () => {
    const plan = scorePlan(uncalibrated(), TABLE)
    const state = start(plan)
    const frames = emptyFrames()
    const out = scored(plan)
    rememberForecast(plan, state, 0, 0, standardForecast(3).fill(Number.NaN, 0, 1), 0)
    frame(frames, 1, [60, 60, 60, 60])
    scoreFrame(plan, state, 0, frames, 0, out)
    expect(out.p[0]).toBeNaN()
    expect(expectedBand(plan, state, 0, 0, 0, 0.9)).toBeUndefined()
    rememberForecast(plan, state, 0, 1, standardForecast(3), 0)
    expect(expectedBand(plan, state, 0, 0, 0, 0.9)!.due).toBe(2)
  })

  test("one patient's row is untouched by another's", () => {
    const plan = scorePlan(uncalibrated(), TABLE)
    const state = new Page(3 * plan.stateSize)
    state.fill(7)
    resetScore(plan, state, plan.stateSize)
    rememberForecast(plan, state, plan.stateSize, 3, standardForecast(3), 0)
    expect([...state.subarray(0, plan.stateSize), ...state.subarray(2 * plan.stateSize)].every((it) => it === 7)).toBe(
      true,
    )
  })
})

describe('the calibrated p-value', () => {
  const N = 60_000
  const plan = scorePlan(calibrated(N, 5, true, [1]), TABLE)

  const TESTS = 2 * C + 1

  /** share of `n` frames under the model in which a test, by its own p, is below each level; channels of `mask` seen */
  function below(of: ScorePlan, test: number, mask: number, n: number, rounded: boolean, levels: readonly number[]) {
    const state = start(of)
    const out = scored(of)
    const frames = emptyFrames()
    const uniform = random(100 + mask)
    const counts = levels.map(() => 0)
    const forecast = standardForecast(1)
    for (let i = 0; i < n; i++) {
      rememberForecast(of, state, 0, i, forecast, 0)
      frame(frames, i + 1, healthy(uniform, mask, rounded))
      scoreFrame(of, state, 0, frames, 0, out)
      const p = tailProbability(of.tails[test]!, out.statistic[test]!)
      for (let l = 0; l < levels.length; l++) if (p < levels[l]!) counts[l]!++
    }
    return counts.map((it) => it / n)
  }
  const LEVELS = [0.5, 0.1, 0.01]
  const MASKS = Array.from({ length: 15 }, (_, i) => i + 1)
  /** four standard errors of a share of n, held against a table from N frames */
  const error = (level: number, n: number) => 4 * Math.sqrt(level * (1 - level) * (1 / n + 1 / N)) + 0.02 * level

  const smooth = scorePlan(calibrated(N, 5, false, [1]), TABLE)
  test.each(MASKS)(
    'a missing channel neither lowers nor raises the joint p: uniform under the model with mask %i',
    (mask) => {
      const n = 12_000
      below(smooth, 2 * C, mask, n, false, LEVELS).forEach((share, l) => {
        expect(Math.abs(share - LEVELS[l]!)).toBeLessThan(error(LEVELS[l]!, n))
      })
    },
  )

  test.each([0, C + 1, 2 * C])('whole units make p cautious, never bold: test %i', (which) => {
    const n = 12_000
    below(plan, which, 15, n, true, LEVELS).forEach((share, l) => {
      expect(share).toBeLessThan(LEVELS[l]! + error(LEVELS[l]!, n))
      expect(share).toBeGreaterThan(0.4 * LEVELS[l]!)
    })
  })

  test('the p of a frame is the least of its tests times their number, and names the test', () => {
    const state = start(smooth)
    const out = scored(smooth)
    const frames = emptyFrames()
    rememberForecast(smooth, state, 0, 0, standardForecast(1), 0)
    frame(frames, 1, [60, 60, 85, 60])
    scoreFrame(smooth, state, 0, frames, 0, out)
    const each = Array.from(out.statistic, (value, test) => tailProbability(smooth.tails[test]!, value))
    expect(out.p[0]).toBeCloseTo(Math.min(...each) * TESTS, 12)
    expect(each[out.test[0]!]).toBe(Math.min(...each))
    const named = channelOfTest(smooth, out.test[0]!)
    expect(named === 2 || named === -1).toBe(true)
  })

  test('surprise, residual and share are those of the channel that strayed, and nothing is NaN', () => {
    const state = start(plan)
    const out = scored(plan)
    const frames = emptyFrames()
    rememberForecast(plan, state, 0, 0, standardForecast(1), 0)
    frame(frames, 1, [60, 61, 30, Number.NaN])
    scoreFrame(plan, state, 0, frames, 0, out)
    expect(out.observed).toBe(3)
    expect(out.contribution[2]).toBeGreaterThan(0.9)
    expect(out.residual[2]).toBeLessThan(-3)
    expect(out.residual[0]).toBe(0)
    expect(out.surprise[3]).toBe(0)
    expect(out.p[0]).toBeLessThan(0.01)
    for (const array of [out.surprise, out.residual, out.contribution, out.excess])
      expect([...array].some(Number.isNaN)).toBe(false)
  })

  test('no frame and no forecast gives a NaN, a p outside (0, 1] or shares that do not sum to 1', () => {
    const value = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -1e6, max: 1e6, noNaN: true }))
    const float = fc.oneof(fc.float(), fc.constantFrom(0, -1, 1e-30, 3e38))
    fc.assert(
      fc.property(
        fc.array(value, { minLength: C, maxLength: C }),
        fc.array(float, { minLength: 2 * C, maxLength: 2 * C }),
        (values, row) => {
          const state = start(plan)
          const out = scored(plan)
          const frames = emptyFrames()
          rememberForecast(plan, state, 0, 0, Float32Array.from(row), 0)
          frame(frames, 1, values)
          scoreFrame(plan, state, 0, frames, 0, out)
          for (const array of [out.surprise, out.residual, out.contribution, out.excess])
            expect([...array].every(Number.isFinite)).toBe(true)
          const p = out.p[0]!
          const due = out.observed > 0 && row.every(Number.isFinite) && row.every((it) => Number.isFinite(it * SCALE))
          if (due) {
            expect(p).toBeGreaterThan(0)
            expect(p).toBeLessThanOrEqual(1)
          }
          const shares = out.contribution.reduce((a, b) => a + b)
          expect(shares === 0 || Math.abs(shares - 1) < 1e-9).toBe(true)
        },
      ),
    )
  })

  test('nothing observed: nothing is due', () => {
    const state = start(plan)
    const out = scored(plan)
    const frames = emptyFrames()
    rememberForecast(plan, state, 0, 0, standardForecast(1), 0)
    frame(frames, 1, [Number.NaN, Number.NaN, Number.NaN, Number.NaN])
    scoreFrame(plan, state, 0, frames, 0, out)
    expect(out.p[0]).toBeNaN()
    expect(out.excess[0]).toBe(0)
  })
})

describe('the expected band', () => {
  const plan = scorePlan(uncalibrated(), TABLE)

  test('holds its share of the forecast, in the unit of the channel', () => {
    const state = start(plan)
    rememberForecast(plan, state, 0, 0, standardForecast(3), 0)
    const band = expectedBand(plan, state, 0, 0, 0, 0.99)!
    // 4.0321: the 99.5 % point of Student's t with 5 degrees of freedom
    expect(band).toMatchObject({ due: 1, mean: CENTRE })
    expect(band.low).toBeCloseTo(CENTRE - 4.032143 * SCALE, 4)
    expect(band.high).toBeCloseTo(CENTRE + 4.032143 * SCALE, 4)
    expect(band.sd).toBeGreaterThan(SCALE)
    expect(NU).toBe(5)
  })

  test('stays inside the hard range of the channel: no saturation above 100 %', () => {
    const state = start(plan)
    rememberForecast(plan, state, 0, 0, standardForecast(3).fill(13, 0, C), 0)
    expect(expectedBand(plan, state, 0, 0, CHANNELS.indexOf('spo2'), 0.99)!.high).toBe(100)
  })
})

test('a manifest whose lists have the wrong shape is refused', () => {
  const manifest = uncalibrated()
  expect(() => scorePlan({ ...manifest, degreesOfFreedom: [[5]] }, TABLE)).toThrow(
    /degreesOfFreedom must be \[3\]\[4\]/,
  )
  expect(() => scorePlan({ ...manifest, channels: ['hr', 'pulse', 'spo2', 'nope'] }, TABLE)).toThrow(/"nope"/)
  expect(() => scorePlan({ ...manifest, normaliser: { ...manifest.normaliser, scale: [1] } }, TABLE)).toThrow(
    /normaliser/,
  )
})

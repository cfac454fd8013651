import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type EvidencePlan,
  evidenceOf,
  evidencePlan,
  evidenceSteps,
  learningFrozen,
  ownThreshold,
  weighEvidence,
} from '../../src/scoring/evidence.ts'
import { evidenceNumbers, readEvidence, resetEvidence, writeEvidence } from '../../src/scoring/evidence-row.ts'
import { Page } from '../../src/scoring/page.ts'
import { rememberForecast, resetScore, scored, scorePlan } from '../../src/scoring/score.ts'
import { emptyFrames, frame, standardForecast, TABLE, uncalibrated } from './synthetic.ts'

const manifest = uncalibrated()
const scores = scorePlan(manifest, TABLE)
const Q = manifest.policy.q

/** a bed whose p-values are dictated: (tick, p by horizon) -> whether the detector says "unexpected" */
function bed(plan: EvidencePlan, state = new Page(plan.stateSize), reset = true) {
  const pending = new Page(scores.stateSize)
  const out = scored(scores)
  const frames = emptyFrames()
  resetScore(scores, pending, 0)
  if (reset) resetEvidence(plan, state, 0)
  return {
    state,
    tick(tick: number, p: readonly number[], values: readonly number[] = [60, 60, 88, 60]): boolean {
      out.p.set(p)
      // the joint test of the first horizon: no channel leads by a test of its own
      out.test.fill(scores.tails.length - 1)
      for (let k = 0; k < 3; k++) out.contribution.set([0.1, 0, 0.9, 0], k * 4)
      rememberForecast(scores, pending, 0, tick - 1, standardForecast(3), 0)
      frame(frames, tick, values)
      return weighEvidence(plan, state, 0, pending, 0, frames, 0, out)
    },
  }
}
/** a row as plain numbers, and another made of them */
function numbers(plan: EvidencePlan, state: Page): Float64Array {
  const read = new Float64Array(evidenceNumbers(plan))
  readEvidence(plan, state, 0, read, 0)
  return read
}
function restored(plan: EvidencePlan, state: Page): Page {
  const copy = new Page(plan.stateSize)
  writeEvidence(plan, copy, 0, numbers(plan, state), 0)
  return copy
}
const one = (p: number) => [p, Number.NaN, Number.NaN]
const planOf = (policy: Partial<typeof manifest.policy>, warmupSteps = 0) =>
  evidencePlan({ ...manifest, policy: { ...manifest.policy, ...policy }, warmupSteps }, scores)

describe('n of the last m ticks', () => {
  test('raises exactly when n of the last `of` ticks counted, gaps and all, as a plain list would say', () => {
    const steps = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 70 }).map((it) => (it > 50 ? it : 1 + (it % 4))),
        fc.boolean(),
      ),
      {
        minLength: 1,
        maxLength: 150,
      },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), steps, (of, some, gaps) => {
        const n = Math.min(some, of)
        const plan = planOf({ n, of })
        const watched = bed(plan)
        const counting: number[] = []
        let tick = 1000
        for (const [gap, counts] of gaps) {
          tick += gap
          if (counts) counting.push(tick)
          const inWindow = counting.filter((it) => it > tick - of)
          const raised = watched.tick(tick, one(counts ? Q / 2 : 0.5))
          expect(raised).toBe(inWindow.length >= n)
          if (raised) {
            expect(evidenceOf(plan, watched.state, 0)!.onsetTick).toBe(inWindow[0])
            return
          }
          expect(evidenceOf(plan, watched.state, 0)).toBeUndefined()
        }
      }),
      { numRuns: 300 },
    )
  })

  test('two ticks count together exactly when they are less than `of` apart, however the time between is cut', () => {
    for (const of of [5, 32, 33, 64]) {
      const plan = planOf({ n: 2, of })
      for (let apart = 1; apart <= 70; apart++) {
        for (const stride of [1, 5, 31, 32, 33, 70]) {
          const watched = bed(plan)
          watched.tick(1000, one(Q / 2))
          for (let tick = 1000 + stride; tick < 1000 + apart; tick += stride) watched.tick(tick, one(0.5))
          expect(watched.tick(1000 + apart, one(Q / 2))).toBe(apart < of)
          if (apart < of) expect(evidenceOf(plan, watched.state, 0)!.onsetTick).toBe(1000)
        }
      }
    }
  })

  test('the least p of the horizons due at a tick counts: they share q already', () => {
    const plan = planOf({ n: 1, of: 1 })
    const two = bed(plan)
    expect(two.tick(1, [1.1 * Q, 0.5, Number.NaN])).toBe(false)
    expect(two.tick(2, [0.5, 0.4 * Q, Number.NaN])).toBe(true)
    expect(evidenceOf(plan, two.state, 0)).toMatchObject({ horizonIndex: 1, p: 0.4 * Q })
  })

  test('says nothing before the warm-up is over, and what happened in it does not count', () => {
    const watched = bed(planOf({ n: 2, of: 5 }, 10))
    for (let tick = 1; tick <= 10; tick++) expect(watched.tick(tick, one(1e-9))).toBe(false)
    expect(watched.tick(11, one(1e-9))).toBe(false)
    expect(watched.tick(12, one(1e-9))).toBe(true)
    expect(evidenceSteps(watched.state, 0)).toBe(12)
  })
})

describe('hysteresis', () => {
  const plan = planOf({ n: 1, of: 5, clearSeconds: 30 })

  test('ends after 30 s of p > 10 q, not sooner; p between q and 10 q keeps it', () => {
    const watched = bed(plan)
    let tick = 0
    const calm = (p: number) => watched.tick(++tick, one(p))
    expect(calm(Q / 2)).toBe(true)
    for (let i = 0; i < 29; i++) expect(calm(0.5)).toBe(true)
    expect(calm(5 * Q)).toBe(true)
    for (let i = 0; i < 29; i++) expect(calm(0.5)).toBe(true)
    expect(calm(0.5)).toBe(false)
    expect(calm(0.5)).toBe(false)
  })

  test('a tick that scored nothing is no calm', () => {
    const watched = bed(plan)
    watched.tick(1, one(Q / 2))
    for (let tick = 2; tick < 500; tick++) expect(watched.tick(tick, one(Number.NaN))).toBe(true)
  })

  test('a new run has an onset and a worst frame of its own', () => {
    const watched = bed(plan)
    watched.tick(1, one(1e-12))
    for (let tick = 2; tick <= 31; tick++) watched.tick(tick, one(0.5))
    expect(evidenceOf(plan, watched.state, 0)).toBeUndefined()
    watched.tick(40, one(Q / 4))
    expect(evidenceOf(plan, watched.state, 0)).toMatchObject({ onsetTick: 40, tick: 40, p: Q / 4 })
  })
})

test('the worst frame of the run is kept: value, band, share; a missing channel is not among them', () => {
  const plan = planOf({ n: 2, of: 5 })
  const watched = bed(plan)
  watched.tick(1, one(Q / 2), [60, 60, 90, 60])
  watched.tick(2, one(Q / 9), [60, Number.NaN, 81, 60])
  watched.tick(3, one(Q / 3), [60, 60, 70, 60])
  const evidence = evidenceOf(plan, watched.state, 0)!
  expect(evidence).toMatchObject({ onsetTick: 1, tick: 2, p: Q / 9, horizonIndex: 0 })
  expect(evidence.channels.map(({ channel }) => channel)).toEqual([2, 0, 3])
  expect(evidence.channels[0]).toMatchObject({ observed: 81, mean: 60, contribution: 0.9 })
  expect(evidence.channels[0]!.high).toBeCloseTo(60 + 4.032143 * 3, 4)
})

test('the row is the whole memory: a copy of it has the same future', () => {
  const plan = planOf({ n: 3, of: 40 })
  const ticks = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0.5, Q / 2, 5 * Q, Number.NaN)), {
    minLength: 2,
    maxLength: 120,
  })
  fc.assert(
    fc.property(ticks, fc.nat(), (steps, cut) => {
      const first = bed(plan)
      let second = first
      let tick = 0
      steps.forEach(([gap, p], i) => {
        tick += gap
        if (i === cut % steps.length) second = bed(plan, restored(plan, first.state), false)
        const raised = first.tick(tick, one(p))
        if (second !== first) {
          expect(second.tick(tick, one(p))).toBe(raised)
          expect(evidenceOf(plan, second.state, 0)).toEqual(evidenceOf(plan, first.state, 0))
          expect(numbers(plan, second.state)).toEqual(numbers(plan, first.state))
        }
      })
    }),
  )
})

describe("the patient's own q", () => {
  const plan = planOf({ n: 1, of: 1, clearSeconds: 1 })

  test('rises in quiet minutes to three times the policy and no further', () => {
    const watched = bed(plan)
    for (let minute = 1; minute < 80_000; minute++) watched.tick(minute * 60, one(0.5))
    expect(ownThreshold(plan, watched.state, 0)).toBeCloseTo(3 * Q, 9)
  })

  test('falls with minutes that exceed, never below a tenth: no patient is switched off', () => {
    const watched = bed(plan)
    for (let minute = 1; minute < 60_000; minute++) {
      watched.tick(minute * 60, one(Q / 1000))
      watched.tick(minute * 60 + 1, one(0.5))
      watched.tick(minute * 60 + 2, one(0.5))
    }
    expect(ownThreshold(plan, watched.state, 0)).toBeCloseTo(Q / 10, 9)
    watched.tick(70_000 * 60, one(0.5))
    expect(watched.tick(70_001 * 60, one(Q / 20))).toBe(true)
  })

  test('does not move while an alert stands or a sensor is suspected, and learning stops for ten minutes at most', () => {
    const plan = planOf({ n: 1, of: 1, clearSeconds: 30 })
    const watched = bed(plan)
    watched.tick(60, one(Q / 2))
    watched.tick(120, one(Q / 2))
    const q = ownThreshold(plan, watched.state, 0)
    expect(learningFrozen(plan, watched.state, 0)).toBe(true)
    for (let tick = 180; tick < 659; tick += 60) watched.tick(tick, one(5 * Q))
    expect(ownThreshold(plan, watched.state, 0)).toBe(q)
    watched.tick(661, one(5 * Q))
    expect(learningFrozen(plan, watched.state, 0)).toBe(false)
  })
})

test('a patient has a row of a run only while one stands, and gives it back when another takes the bed', () => {
  const plan = planOf({ n: 2, of: 5, clearSeconds: 3 })
  const watched = bed(plan)
  watched.tick(1, one(0.5))
  expect(plan.best.taken).toBe(0)
  watched.tick(2, one(Q / 2))
  expect(plan.best.taken).toBe(1)
  // one counting tick is no alert: it leaves the window, and takes its frame along
  for (let tick = 3; tick <= 7; tick++) watched.tick(tick, one(0.5))
  expect(plan.best.taken).toBe(0)
  for (const tick of [8, 9]) watched.tick(tick, one(Q / 2))
  for (let tick = 10; tick <= 12; tick++) {
    const raised = watched.tick(tick, one(0.9))
    expect(raised).toBe(tick < 12)
    expect(plan.best.taken).toBe(Number(raised))
  }
  expect(plan.best.taken).toBe(0)
  watched.tick(13, one(Q / 2))
  resetEvidence(plan, watched.state, 0)
  expect(plan.best.taken).toBe(0)
})

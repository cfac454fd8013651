import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RISK_STATE_SIZE, type RiskPlan, resetRisk, riskOnset, riskRaised, weighRisk } from '../../src/scoring/risk.ts'

const HOUR = 3_600_000

/** Whether the risk stands after each hour, and since when. */
function lived(plan: RiskPlan, logits: readonly number[]): [boolean, number][] {
  const state = new Float64Array(2 + RISK_STATE_SIZE)
  resetRisk(state, 2)
  return logits.map((logit, hour) => {
    weighRisk(plan, state, 2, logit, hour * HOUR)
    return [riskRaised(state, 2), riskOnset(state, 2) / HOUR]
  })
}
const plan: RiskPlan = { threshold: 0, hold: 2, clearBelow: -0.5, clearHours: 2 }

describe('a risk over the hours', () => {
  it('is raised after so many hours in a row at or above its threshold, since the first of them', () => {
    expect(lived(plan, [-1, 0, -0.01, 0, 0.2, 3]).map(([raised]) => raised)).toEqual([false, false, false, false, true, true])
    expect(lived(plan, [-1, 0, -0.01, 0, 0.2, 3]).at(-1)).toEqual([true, 3])
  }) // biome-ignore format: hours side by side

  it('is over after so many in a row below its lower level, and not between the two', () => {
    const hours = [1, 1, -0.4, -0.6, -0.4, -0.6, -0.6, -0.4, 0]
    expect(lived(plan, hours).map(([raised]) => raised)).toEqual([false, true, true, true, true, true, false, false, false])
  }) // biome-ignore format: hours side by side

  it('is never raised without a policy', () => {
    expect(lived({ ...plan, hold: undefined }, [9, 9, 9, 9]).some(([raised]) => raised)).toBe(false)
  })

  it('begins only where an hour is at the threshold, and ends only where one is below the lower level', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true })),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        (logits, hold, clearHours) => {
          let before = false
          lived({ ...plan, hold, clearHours }, logits).forEach(([raised, onset], hour) => {
            const run = logits.slice(Math.max(0, hour + 1 - (before ? clearHours : hold)), hour + 1)
            if (raised && !before) {
              expect(run.length).toBe(hold)
              expect(run.every((logit) => logit >= 0)).toBe(true)
              expect(onset).toBe(hour - hold + 1)
            }
            if (!raised && before) expect(run.every((logit) => logit < -0.5)).toBe(true)
            before = raised
          })
        },
      ),
    ))
})

/** When a risk is raised and when it is over: a run of hours at or above a level, and a run below a lower one. */
export interface RiskPlan {
  /** logit */
  readonly threshold: number
  /** hours in a row that raise it; never when undefined */
  readonly hold: number | undefined
  /** logit below which an hour speaks for its end, and how many in a row */
  readonly clearBelow: number
  readonly clearHours: number
}

/** Numbers of a risk row: [raised 0 or 1, hours in a row that speak for a change, event time it began]. */
export const RISK_STATE_SIZE = 3
const RAISED = 0
const RUN = 1
const ONSET = 2

export function resetRisk(state: Float64Array, at: number): void {
  state.fill(0, at, at + RISK_STATE_SIZE)
  state[at + ONSET] = Number.NaN
}

/** Take an hour's logit in. @param time event time at which the hour ended, ms */
export function weighRisk(plan: RiskPlan, state: Float64Array, at: number, logit: number, time: number): void {
  const raised = state[at + RAISED] === 1
  const speaks = raised ? logit < plan.clearBelow : logit >= plan.threshold
  if (!speaks) {
    state[at + RUN] = 0
    return
  }
  if (!raised && state[at + RUN] === 0) state[at + ONSET] = time
  const run = ++state[at + RUN]!
  if (run < (raised ? plan.clearHours : (plan.hold ?? Number.POSITIVE_INFINITY))) return
  state[at + RAISED] = raised ? 0 : 1
  state[at + RUN] = 0
}

export const riskRaised = (state: Float64Array, at: number): boolean => state[at + RAISED] === 1

/** event time of the first hour of the run that raised it, ms */
export const riskOnset = (state: Float64Array, at: number): number => state[at + ONSET]!

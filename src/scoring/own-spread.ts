import type { FrameColumns } from '../vitals/frame.ts'
import type { Page } from './page.ts'
import { meanOf, type PendingRow } from './pending.ts'

/** What of a `ScorePlan` the own spread depends on. */
interface SpreadPlan extends PendingRow {
  readonly ownAt: number
  readonly channels: Int32Array
  readonly width: number
  readonly half: Float64Array
}

/** What of a `Scored` is learnt from. */
interface Learnt {
  readonly p: Float64Array
  readonly residual: Float64Array
  readonly statistic: Float64Array
}

/** fields of a channel after its K variances of residuals: variance of the one-step error, observations of it */
export const OWN_FIELDS = 2
/** observations after which the own spread has forgotten half, by horizon: the first, the second, any longer one */
const MEMORY = [60, 30, 15]
/** bounds of the own variance of a residual: patients are calmer or wilder than the network thinks, but not by any factor */
const CALMEST = [0.25, 0.5]
const WILDEST = 9
/**
 * memory of the own error, and what the forecast's own scale weighs beside it, in observations. It is long and cuts nothing
 * off: whose count jumped a few minutes ago may jump again
 */
const ERROR_MEMORY = 900
const FORECAST_WEIGHT = 30

/**
 * The patient's own spread: how large residuals and errors of this patient have been, so that a calm patient's small
 * change counts and a wild one's usual jumps do not. Row, at `plan.ownAt`: variance of residuals minus 1 [K * C], then
 * [variance of errors, observations] x C: all 0 = nothing known yet.
 */
const errorAt = (plan: SpreadPlan, at: number, c: number): number =>
  at + plan.ownAt + plan.horizons.length * plan.channels.length + OWN_FIELDS * c

/** Standard deviation of the patient's residuals at a horizon; 1 while nothing is known. */
export function ownSpread(plan: SpreadPlan, state: Float64Array, at: number, k: number, c: number): number {
  return Math.sqrt(1 + state[at + plan.ownAt + k * plan.channels.length + c]!)
}

/** Standard deviation of the patient's one-step error, channel unit, beside the scale of this tick's forecast. */
export function ownErrorSd(plan: SpreadPlan, state: Float64Array, at: number, c: number, scale: number): number {
  return Math.sqrt(blended(state[errorAt(plan, at, c)]!, state[errorAt(plan, at, c) + 1]!, scale))
}

const blended = (own: number, count: number, scale: number): number =>
  (own * count + scale * scale * FORECAST_WEIGHT) / (count + FORECAST_WEIGHT)

/**
 * Learn from a scored frame; never from one of an alert, or of what a sensor made up.
 * To be called after `scoreFrame` of the same frame and before the next `rememberForecast`.
 */
export function learnSpread(
  plan: SpreadPlan,
  state: Page,
  at: number,
  frames: FrameColumns,
  row: number,
  scored: Learnt,
): void {
  const C = plan.channels.length
  const own = at + plan.ownAt
  for (let k = 0; k < plan.horizons.length; k++) {
    if (Number.isNaN(scored.p[k]!)) continue
    const memory = MEMORY[Math.min(k, MEMORY.length - 1)]!
    const calmest = CALMEST[Math.min(k, CALMEST.length - 1)]!
    for (let c = 0; c < C; c++) {
      if (Number.isNaN(scored.statistic[k * C + c]!)) continue
      const r = scored.residual[k * C + c]!
      const variance = 1 + state[own + k * C + c]!
      const next = variance + (r * r - variance) / memory
      state[own + k * C + c] = Math.max(calmest, Math.min(WILDEST, next)) - 1
      if (k > 0) continue
      const i = errorAt(plan, at, c)
      const error = Math.max(
        0,
        Math.abs(frames.values[row * plan.width + plan.channels[c]!]! - meanOf(plan, state, at, 0, c)) - plan.half[c]!,
      )
      const count = Math.min(state[i + 1]! + 1, ERROR_MEMORY)
      state[i]! += (error * error - state[i]!) / count
      state[i + 1] = count
    }
  }
}

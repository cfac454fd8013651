import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Scored, ScorePlan } from './score.ts'

/**
 * Slow change, which a forecaster follows down: two watches on one-minute means.
 * CUSUM of the standardised minute means of the longer horizons' residuals, slack SLACK: what the model is wrong about in
 * one direction again and again. LIMIT is one false alarm a week for one channel and side if minutes were independent
 * (methods: k = .25, h = 13.12 at one a minute). Minutes are not: what follows each other is alike, which widens the sum as
 * if its variance were larger. `policy.drift` is that factor: on the limit of the sum, and its root on that of a distance.
 */
const SLACK = 0.25
export const CUSUM_LIMIT = 13.12
/** minutes over which it is learnt what the model is usually wrong by of this patient, and minutes of "nothing" before them */
const USUAL_MINUTES = 120
const USUAL_PRIOR = 15
/** one minute enters with at most this many standard deviations: a jump is no drift */
const CLIP = 3
/** share of the forecasts that come due in a full minute, below which the minute says nothing of drift */
const ENOUGH = 0.5
/** the sum is not let further than so many limits: it must be able to come back */
const CUSUM_MOST = 2

/** the patient's own last half hour against six hours: minutes of one, blocks of the other, and the fewest of them */
const BLOCK = 30
const BLOCKS = 12
const FEWEST_BLOCKS = 4
/** MADs of the six hours, as a standard deviation, that the half hour may be away */
export const AWAY_LIMIT = 4
/** a MAD is never taken for smaller than this, resolution cells: monitors print whole numbers */
const SMALLEST_SPREAD = 1.5
const NORMAL = 1.4826

/**
 * row of the patient: the minute that is filling; whether any channel drifts; then what is added up of the minute, all
 * channels side by side, since every frame touches it; then FIELDS a channel, touched once a minute
 */
const MINUTE = 0
const DRIFTS = 1
const HEADER = 2
const SUM = 0 // values of the minute ...
const COUNT = 1
const RESIDUALS = 2 // residuals of the longer horizons ...
const DUE = 3
const ADDED = 4
const RISE = 0 // CUSUM upwards
const FALL = 1
const RISING = 2 // minute since which it is above 0; NaN = it is not
const FALLING = 3
const FILLED = 4 // minute means in the half hour, 0..BLOCK
const NEXT = 5 // where the next of them goes
const BLOCKED = 6 // half hours known
const IN_BLOCK = 7 // minutes since the last half hour was closed
const AWAY = 8 // half hour against six hours, in spreads; 0 while unknown
const AWAY_SINCE = 9
const HALF_HOUR = 10 // median of it
const SIX_HOURS = 11
const USUAL = 12 // what a minute's standardised residual usually is
const HEARD = 13 // minutes behind it, up to USUAL_MINUTES
const MINUTES = 14
const MEDIANS = MINUTES + BLOCK
const FIELDS = MEDIANS + BLOCKS

/** What of a manifest drift depends on. */
type DriftManifest = Pick<ModelManifest, 'calibration' | 'grid' | 'policy'>

export interface DriftPlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  readonly minuteTicks: number
  /** fewest residuals of a channel in a minute that counts */
  readonly fewest: number
  /** [C] minute's mean residual when all is well */
  readonly mean: Float64Array
  readonly sd: Float64Array
  /** of the CUSUM, and of the half hour's distance in spreads */
  readonly cusumLimit: number
  readonly awayLimit: number
  readonly scores: ScorePlan
}

/** A channel that drifts. Values in the channel's unit. */
export interface Drift {
  /** index into the model's channels */
  readonly channel: number
  readonly up: boolean
  /** minute it began, since 1970 */
  readonly sinceMinute: number
  readonly watch: 'cusum' | 'own-baseline'
  /** CUSUM, or spreads away */
  readonly score: number
  readonly threshold: number
  /** medians of the half hour and of the six hours before; NaN where not known yet */
  readonly halfHour: number
  readonly sixHours: number
}

export function driftPlan({ calibration, grid, policy }: DriftManifest, scores: ScorePlan): DriftPlan {
  const minuteTicks = Math.max(1, Math.round(60 / grid.cadenceSeconds))
  return {
    stateSize: HEADER + (ADDED + FIELDS) * scores.channels.length,
    minuteTicks,
    fewest: ENOUGH * scores.horizons.slice(1).reduce((sum, ticks) => sum + minuteTicks / ticks, 0),
    mean: Float64Array.from(calibration.minute.mean),
    sd: Float64Array.from(calibration.minute.sd),
    cusumLimit: policy.drift * CUSUM_LIMIT,
    awayLimit: Math.sqrt(policy.drift) * AWAY_LIMIT,
    scores,
  }
}

/** Forget everything (a new patient at the bed). */
export function resetDrift(plan: DriftPlan, state: Float64Array, at: number): void {
  state.fill(0, at, at + plan.stateSize)
  state[at + MINUTE] = Number.NaN
  for (let c = 0; c < plan.scores.channels.length; c++) {
    const own = ownAt(plan, at, c)
    for (const field of [RISING, FALLING, AWAY_SINCE, HALF_HOUR, SIX_HOURS]) state[own + field] = Number.NaN
  }
}

/**
 * Take one scored frame into the minute that is filling; the first frame of a new minute closes the one before it.
 * @param cold the model is warming up: its residuals do not count
 */
export function weighDrift(
  plan: DriftPlan,
  state: Float64Array,
  at: number,
  frames: FrameColumns,
  row: number,
  scored: Scored,
  cold: boolean,
): void {
  const { channels, width, horizons } = plan.scores
  const C = channels.length
  const minute = Math.floor(frames.ticks[row]! / plan.minuteTicks)
  if (state[at + MINUTE] !== minute) {
    if (!Number.isNaN(state[at + MINUTE]!)) close(plan, state, at, minute)
    state[at + MINUTE] = minute
  }
  for (let c = 0; c < C; c++) {
    const i = row * width + channels[c]!
    if (frames.masks[i] !== 1) continue
    const added = at + HEADER + c * ADDED
    state[added + SUM]! += frames.values[i]!
    state[added + COUNT]!++
    if (cold) continue
    for (let k = 1; k < horizons.length; k++) {
      if (Number.isNaN(scored.statistic[k * C + c]!)) continue
      state[added + RESIDUALS]! += scored.residual[k * C + c]!
      state[added + DUE]!++
    }
  }
}

/** where a channel's slow fields begin */
const ownAt = (plan: DriftPlan, at: number, c: number): number =>
  at + HEADER + ADDED * plan.scores.channels.length + c * FIELDS

function close(plan: DriftPlan, state: Float64Array, at: number, minute: number): void {
  let any = 0
  for (let c = 0; c < plan.scores.channels.length; c++) {
    const added = at + HEADER + c * ADDED
    const own = ownAt(plan, at, c)
    if (state[added + DUE]! > 0 && state[added + DUE]! >= plan.fewest) {
      const mean = state[added + RESIDUALS]! / state[added + DUE]!
      const x = Math.max(-CLIP, Math.min(CLIP, (mean - plan.mean[c]!) / plan.sd[c]!))
      const away = x - state[own + USUAL]!
      cusum(plan, state, own + RISE, own + RISING, away, minute)
      cusum(plan, state, own + FALL, own + FALLING, 0 - away, minute)
      state[own + HEARD] = Math.min(USUAL_MINUTES, state[own + HEARD]! + 1)
      state[own + USUAL]! += away / (state[own + HEARD]! + USUAL_PRIOR)
    }
    if (state[added + COUNT]! > 0) baseline(plan, state, own, c, state[added + SUM]! / state[added + COUNT]!, minute)
    state.fill(0, added, added + ADDED)
    const summed = Math.max(state[own + RISE]!, state[own + FALL]!)
    if (summed >= plan.cusumLimit || Math.abs(state[own + AWAY]!) >= plan.awayLimit) any = 1
  }
  state[at + DRIFTS] = any
}

function cusum(plan: DriftPlan, state: Float64Array, sum: number, since: number, x: number, minute: number): void {
  const next = Math.max(0, state[sum]! + x - SLACK)
  if (next === 0) state[since] = Number.NaN
  else if (state[sum] === 0) state[since] = minute - 1
  state[sum] = Math.min(CUSUM_MOST * plan.cusumLimit, next)
}

const sorted = new Float64Array(BLOCK)

/** median of [from, from + count) of the state */
function median(state: Float64Array, from: number, count: number, about = 0, deviations = false): number {
  for (let i = 0; i < count; i++) sorted[i] = deviations ? Math.abs(state[from + i]! - about) : state[from + i]!
  const part = sorted.subarray(0, count).sort()
  return (part[(count - 1) >> 1]! + part[count >> 1]!) / 2
}

function baseline(plan: DriftPlan, state: Float64Array, own: number, c: number, mean: number, minute: number): void {
  state[own + MINUTES + state[own + NEXT]!] = mean
  state[own + NEXT] = (state[own + NEXT]! + 1) % BLOCK
  if (state[own + FILLED]! < BLOCK) state[own + FILLED]!++
  state[own + IN_BLOCK]!++
  if (state[own + FILLED]! < BLOCK) return
  const now = median(state, own + MINUTES, BLOCK)
  const blocks = Math.min(state[own + BLOCKED]!, BLOCKS)
  state[own + HALF_HOUR] = now
  if (blocks >= FEWEST_BLOCKS) {
    const usual = median(state, own + MEDIANS, blocks)
    const among = NORMAL * median(state, own + MEDIANS, blocks, usual, true)
    const within = NORMAL * median(state, own + MINUTES, BLOCK, now, true)
    const spread = Math.max(among, within, SMALLEST_SPREAD * 2 * plan.scores.half[c]!)
    const away = (now - usual) / spread
    state[own + SIX_HOURS] = usual
    if (Math.abs(away) < plan.awayLimit) state[own + AWAY_SINCE] = Number.NaN
    else if (Number.isNaN(state[own + AWAY_SINCE]!)) state[own + AWAY_SINCE] = minute - BLOCK
    state[own + AWAY] = away
  }
  if (state[own + IN_BLOCK]! < BLOCK) return
  state[own + MEDIANS + (state[own + BLOCKED]! % BLOCKS)] = now
  state[own + BLOCKED]!++
  state[own + IN_BLOCK] = 0
}

/** The channel that drifts furthest beyond its limit, if any does. */
export function driftOf(plan: DriftPlan, state: Float64Array, at: number): Drift | undefined {
  let found: Drift | undefined
  let most = 1
  for (let channel = 0; channel < plan.scores.channels.length; channel++) {
    const own = ownAt(plan, at, channel)
    const known = { channel, halfHour: state[own + HALF_HOUR]!, sixHours: state[own + SIX_HOURS]! }
    const away = Math.abs(state[own + AWAY]!)
    if (away / plan.awayLimit >= most) {
      most = away / plan.awayLimit
      const sinceMinute = state[own + AWAY_SINCE]!
      found = {
        ...known,
        up: state[own + AWAY]! > 0,
        sinceMinute,
        watch: 'own-baseline',
        score: away,
        threshold: plan.awayLimit,
      }
    }
    for (const up of [true, false]) {
      const score = state[own + (up ? RISE : FALL)]!
      if (score / plan.cusumLimit < most) continue
      most = score / plan.cusumLimit
      const sinceMinute = state[own + (up ? RISING : FALLING)]!
      found = { ...known, up, sinceMinute, watch: 'cusum', score, threshold: plan.cusumLimit }
    }
  }
  return found
}

/** How far a channel has drifted: above 0 upwards. */
export interface Drifted {
  readonly cusum: number
  /** spreads; 0 while unknown */
  readonly away: number
  readonly halfHour: number
  readonly sixHours: number
}

/** @param channel index into the model's channels */
export function driftedBy(plan: DriftPlan, state: Float64Array, at: number, channel: number): Drifted {
  const own = ownAt(plan, at, channel)
  const [rise, fall] = [state[own + RISE]!, state[own + FALL]!]
  return {
    cusum: rise >= fall ? rise : -fall,
    away: state[own + AWAY]!,
    halfHour: state[own + HALF_HOUR]!,
    sixHours: state[own + SIX_HOURS]!,
  }
}

/** The cheap question before `driftOf`. */
export const drifts = (state: Float64Array, at: number): boolean => state[at + DRIFTS] === 1

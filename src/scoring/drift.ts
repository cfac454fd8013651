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
/**
 * Share of every limit below which a patient who drifts drifts no longer. A sum or a chart moves little in a minute, so one
 * that hovers about its limit would begin anew again and again: of four drifts that a calibration ward had in 13
 * patient-days, three were one such patient.
 */
const STAYS = 0.75
/** the sum is not let further than so many limits: it must be able to come back */
const CUSUM_MOST = 2

/**
 * EWMA control chart of the minute means (Roberts 1959) against the patient's own mean and standard deviation, which fade
 * over half a day: weight of a minute, minutes of that memory, minutes before it says anything, and the standard
 * deviations with which one minute enters at most.
 */
const WEIGHT = 0.1
const MEMORY = 720
const FEWEST_MINUTES = 60
const MOST = 10
/** standard deviation of the chart, were minutes independent, in those of a minute */
const CHART_SD = Math.sqrt(WEIGHT / (2 - WEIGHT))
/**
 * Standard deviations of the chart that it may be away at a factor of 1. Minutes of a heart rate wander for longer than those of
 * a saturation: with these each channel alone has about as many false alarms, on calm patients of the simulated ward for training.
 */
const AWAY_LIMITS: Readonly<Record<string, number>> = { hr: 9, pulse: 9, resp: 7.8, spo2: 5.7 }
const AWAY_LIMIT = 8

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
const MEAN = 4 // of the patient's minutes, fading ...
const VARIANCE = 5
const KNOWN = 6 // ... over so many of them at most
const CHART = 7 // EWMA of the minutes' distance from MEAN, standard deviations of a minute
const LATELY = 8 // EWMA of the minutes themselves
const LEFT = 9 // minute since which the chart is beyond half of its limit; NaN = it is not
const USUAL = 10 // what a minute's standardised residual usually is
const HEARD = 11 // minutes behind it, up to USUAL_MINUTES
const FIELDS = 12

/** What of a manifest drift depends on. */
type DriftManifest = Pick<ModelManifest, 'calibration' | 'channels' | 'grid' | 'policy'>

export interface DriftPlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  readonly minuteTicks: number
  /** fewest residuals of a channel in a minute that counts */
  readonly fewest: number
  /** [C] minute's mean residual when all is well */
  readonly mean: Float64Array
  readonly sd: Float64Array
  readonly cusumLimit: number
  /** [C] of the control chart, in its own standard deviations */
  readonly awayLimit: Float64Array
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
  /** CUSUM, or standard deviations of the chart */
  readonly score: number
  readonly threshold: number
  /** fading means of the last minutes and of the patient's hours; NaN where not known yet */
  readonly lately: number
  readonly usual: number
}

export function driftPlan({ calibration, channels, grid, policy }: DriftManifest, scores: ScorePlan): DriftPlan {
  const minuteTicks = Math.max(1, Math.round(60 / grid.cadenceSeconds))
  return {
    stateSize: HEADER + (ADDED + FIELDS) * scores.channels.length,
    minuteTicks,
    fewest: ENOUGH * scores.horizons.slice(1).reduce((sum, ticks) => sum + minuteTicks / ticks, 0),
    mean: Float64Array.from(calibration.minute.mean),
    sd: Float64Array.from(calibration.minute.sd),
    cusumLimit: policy.drift * CUSUM_LIMIT,
    awayLimit: Float64Array.from(channels, (name) => Math.sqrt(policy.drift) * (AWAY_LIMITS[name] ?? AWAY_LIMIT)),
    scores,
  }
}

/** Forget everything (a new patient at the bed). */
export function resetDrift(plan: DriftPlan, state: Float64Array, at: number): void {
  state.fill(0, at, at + plan.stateSize)
  state[at + MINUTE] = Number.NaN
  for (let c = 0; c < plan.scores.channels.length; c++) {
    const own = ownAt(plan, at, c)
    for (const field of [RISING, FALLING, LEFT, LATELY, MEAN]) state[own + field] = Number.NaN
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
  const share = state[at + DRIFTS] === 1 ? STAYS : 1
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
    if (state[added + COUNT]! > 0) chart(plan, state, own, c, state[added + SUM]! / state[added + COUNT]!, minute)
    state.fill(0, added, added + ADDED)
    const summed = Math.max(state[own + RISE]!, state[own + FALL]!)
    if (summed >= share * plan.cusumLimit || Math.abs(awayOf(state, own)) >= share * plan.awayLimit[c]!) any = 1
  }
  state[at + DRIFTS] = any
}

function cusum(plan: DriftPlan, state: Float64Array, sum: number, since: number, x: number, minute: number): void {
  const next = Math.max(0, state[sum]! + x - SLACK)
  if (next === 0) state[since] = Number.NaN
  else if (state[sum] === 0) state[since] = minute - 1
  state[sum] = Math.min(CUSUM_MOST * plan.cusumLimit, next)
}

function chart(plan: DriftPlan, state: Float64Array, own: number, c: number, value: number, minute: number): void {
  if (state[own + KNOWN] === 0) {
    state[own + MEAN] = value
    state[own + LATELY] = value
    state[own + VARIANCE] = 1
  }
  const off = value - state[own + MEAN]!
  // a monitor that prints whole numbers has a spread of its own
  const r = off / Math.max(plan.scores.half[c]!, Math.sqrt(state[own + VARIANCE]!))
  state[own + CHART]! += WEIGHT * (Math.max(-MOST, Math.min(MOST, r)) - state[own + CHART]!)
  state[own + LATELY]! += WEIGHT * (value - state[own + LATELY]!)
  state[own + KNOWN] = Math.min(MEMORY, state[own + KNOWN]! + 1)
  state[own + MEAN]! += off / (state[own + KNOWN]! + 1)
  state[own + VARIANCE]! += (off * off - state[own + VARIANCE]!) / (state[own + KNOWN]! + 1)
  if (Math.abs(awayOf(state, own)) < plan.awayLimit[c]! / 2) state[own + LEFT] = Number.NaN
  else if (Number.isNaN(state[own + LEFT]!)) state[own + LEFT] = minute - 1
}

/** Standard deviations of its chart that a channel is away; 0 while too little is known of the patient. */
function awayOf(state: Float64Array, own: number): number {
  return state[own + KNOWN]! < FEWEST_MINUTES ? 0 : state[own + CHART]! / CHART_SD
}

/** The channel that drifts furthest beyond its limit, or is nearest to it where the drift has not yet ended, if any does. */
export function driftOf(plan: DriftPlan, state: Float64Array, at: number): Drift | undefined {
  let found: Drift | undefined
  let most = STAYS
  for (let channel = 0; channel < plan.scores.channels.length; channel++) {
    const own = ownAt(plan, at, channel)
    const known = { channel, lately: state[own + LATELY]!, usual: state[own + MEAN]! }
    const signed = awayOf(state, own)
    const threshold = plan.awayLimit[channel]!
    if (Math.abs(signed) / threshold >= most) {
      most = Math.abs(signed) / threshold
      const sinceMinute = state[own + LEFT]!
      found = { ...known, up: signed > 0, sinceMinute, watch: 'own-baseline', score: Math.abs(signed), threshold }
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

/** How far a channel has drifted, above 0 upwards, and what either is held against. */
export interface Drifted {
  readonly cusum: number
  readonly cusumLimit: number
  /** standard deviations of the chart; 0 while too little is known */
  readonly away: number
  readonly awayLimit: number
  /** NaN while too little is known */
  readonly lately: number
  readonly usual: number
}

/** @param channel index into the model's channels */
export function driftedBy(plan: DriftPlan, state: Float64Array, at: number, channel: number): Drifted {
  const own = ownAt(plan, at, channel)
  const [rise, fall] = [state[own + RISE]!, state[own + FALL]!]
  const known = state[own + KNOWN]! >= FEWEST_MINUTES
  return {
    cusum: rise >= fall ? rise : -fall,
    cusumLimit: plan.cusumLimit,
    away: awayOf(state, own),
    awayLimit: plan.awayLimit[channel]!,
    lately: known ? state[own + LATELY]! : Number.NaN,
    usual: known ? state[own + MEAN]! : Number.NaN,
  }
}

/** The cheap question before `driftOf`. */
export const drifts = (state: Float64Array, at: number): boolean => state[at + DRIFTS] === 1

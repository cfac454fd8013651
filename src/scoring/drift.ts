import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Page } from './page.ts'
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
 * Row of the patient. What every frame touches comes first: the minute that is filling, then what is added up of it, ADDED doubles
 * a channel; words: whether any channel drifts, and ADDED_WORDS a channel. Then what is touched once a minute, FIELDS doubles
 * and WORDS words a channel. A minute in a word is kept modulo 2^32.
 */
const MINUTE = 0
const HEADER = 1
const SUM = 0 // values of the minute ...
const RESIDUALS = 1 // residuals of the longer horizons ...
const ADDED = 2
const DRIFTS = 0
const COUNT = 1 // ... so many values ...
const DUE = 2 // ... and residuals
const ADDED_WORDS = 2
const RISE = 0 // CUSUM upwards
const FALL = 1
const MEAN = 2 // of the patient's minutes, fading ...
const VARIANCE = 3
const CHART = 4 // EWMA of the minutes' distance from MEAN, standard deviations of a minute
const LATELY = 5 // EWMA of the minutes themselves
const USUAL = 6 // what a minute's standardised residual usually is
const FIELDS = 7
const KNOWN = 0 // minutes behind MEAN, up to MEMORY
const HEARD = 1 // minutes behind USUAL, up to USUAL_MINUTES
const RISING = 2 // minute since which RISE is above 0; of no meaning while it is not
const FALLING = 3
const LEFT = 4 // minute since which the chart is beyond half of its limit; NEVER = it is not
const WORDS = 5
const NEVER = -(2 ** 31)

/** What of a manifest drift depends on. */
type DriftManifest = Pick<ModelManifest, 'calibration' | 'channels' | 'grid' | 'policy'>

export interface DriftPlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  /** where in it words begin, in words; then doubles, and words, of what is touched once a minute */
  readonly wordsAt: number
  readonly slowAt: number
  readonly slowWordsAt: number
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
  const C = scores.channels.length
  const words = HEADER + ADDED * C
  const slowAt = words + Math.ceil((1 + ADDED_WORDS * C) / 2)
  return {
    stateSize: slowAt + FIELDS * C + Math.ceil((WORDS * C) / 2),
    wordsAt: 2 * words,
    slowAt,
    slowWordsAt: 2 * (slowAt + FIELDS * C),
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
export function resetDrift(plan: DriftPlan, state: Page, at: number): void {
  state.fill(0, at, at + plan.stateSize)
  state[at + MINUTE] = Number.NaN
  for (let c = 0; c < plan.scores.channels.length; c++) {
    for (const field of [LATELY, MEAN]) state[slow(plan, at, c) + field] = Number.NaN
    state.words[slowWords(plan, at, c) + LEFT] = NEVER
  }
}

/** where what is touched once a minute begins, of a channel: its doubles, its words */
const slow = (plan: DriftPlan, at: number, c: number): number => at + plan.slowAt + FIELDS * c
const slowWords = (plan: DriftPlan, at: number, c: number): number => 2 * at + plan.slowWordsAt + WORDS * c
/** where the words of the minute that is filling begin, of a channel: COUNT and DUE are asked from here */
const addedWords = (plan: DriftPlan, at: number, c: number): number => 2 * at + plan.wordsAt + ADDED_WORDS * c

/** A minute that stands in a word, up to now. */
const minuteOf = (state: Page, at: number, word: number): number =>
  state[at + MINUTE]! - (((state[at + MINUTE]! | 0) - word) >>> 0)

/** Minute since which a channel's sum is above 0, and its chart beyond half of its limit; NaN = it is not. */
const sumSince = (plan: DriftPlan, state: Page, at: number, c: number, up: boolean): number =>
  state[slow(plan, at, c) + (up ? RISE : FALL)] === 0
    ? Number.NaN
    : minuteOf(state, at, state.words[slowWords(plan, at, c) + (up ? RISING : FALLING)]!)
function leftSince(plan: DriftPlan, state: Page, at: number, c: number): number {
  const left = state.words[slowWords(plan, at, c) + LEFT]!
  return left === NEVER ? Number.NaN : minuteOf(state, at, left)
}

/**
 * Take one scored frame into the minute that is filling; the first frame of a new minute closes the one before it.
 * @param cold the model is warming up: its residuals do not count
 */
export function weighDrift(
  plan: DriftPlan,
  state: Page,
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
    const words = addedWords(plan, at, c)
    state[added + SUM]! += frames.values[i]!
    state.words[words + COUNT]!++
    if (cold) continue
    for (let k = 1; k < horizons.length; k++) {
      if (Number.isNaN(scored.statistic[k * C + c]!)) continue
      state[added + RESIDUALS]! += scored.residual[k * C + c]!
      state.words[words + DUE]!++
    }
  }
}

function close(plan: DriftPlan, state: Page, at: number, minute: number): void {
  const { words } = state
  const share = words[2 * at + plan.wordsAt + DRIFTS] === 1 ? STAYS : 1
  let any = 0
  for (let c = 0; c < plan.scores.channels.length; c++) {
    const added = at + HEADER + c * ADDED
    const counts = addedWords(plan, at, c)
    const own = slow(plan, at, c)
    const ownWords = slowWords(plan, at, c)
    const due = words[counts + DUE]!
    if (due > 0 && due >= plan.fewest) {
      const mean = state[added + RESIDUALS]! / due
      const x = Math.max(-CLIP, Math.min(CLIP, (mean - plan.mean[c]!) / plan.sd[c]!))
      const away = x - state[own + USUAL]!
      cusum(plan, state, own + RISE, ownWords + RISING, away, minute)
      cusum(plan, state, own + FALL, ownWords + FALLING, 0 - away, minute)
      words[ownWords + HEARD] = Math.min(USUAL_MINUTES, words[ownWords + HEARD]! + 1)
      state[own + USUAL]! += away / (words[ownWords + HEARD]! + USUAL_PRIOR)
    }
    if (words[counts + COUNT]! > 0) chart(plan, state, at, c, state[added + SUM]! / words[counts + COUNT]!, minute)
    state[added + SUM] = state[added + RESIDUALS] = 0
    words[counts + COUNT] = words[counts + DUE] = 0
    const summed = Math.max(state[own + RISE]!, state[own + FALL]!)
    if (summed >= share * plan.cusumLimit || Math.abs(awayOf(plan, state, at, c)) >= share * plan.awayLimit[c]!) any = 1
  }
  words[2 * at + plan.wordsAt + DRIFTS] = any
}

function cusum(plan: DriftPlan, state: Page, sum: number, since: number, x: number, minute: number): void {
  const next = Math.max(0, state[sum]! + x - SLACK)
  if (next > 0 && state[sum] === 0) state.words[since] = minute - 1
  state[sum] = Math.min(CUSUM_MOST * plan.cusumLimit, next)
}

function chart(plan: DriftPlan, state: Page, at: number, c: number, value: number, minute: number): void {
  const own = slow(plan, at, c)
  const words = slowWords(plan, at, c)
  const known = state.words[words + KNOWN]!
  if (known === 0) {
    state[own + MEAN] = value
    state[own + LATELY] = value
    state[own + VARIANCE] = 1
  }
  const off = value - state[own + MEAN]!
  // a monitor that prints whole numbers has a spread of its own
  const r = off / Math.max(plan.scores.half[c]!, Math.sqrt(state[own + VARIANCE]!))
  state[own + CHART]! += WEIGHT * (Math.max(-MOST, Math.min(MOST, r)) - state[own + CHART]!)
  state[own + LATELY]! += WEIGHT * (value - state[own + LATELY]!)
  const now = Math.min(MEMORY, known + 1)
  state.words[words + KNOWN] = now
  state[own + MEAN]! += off / (now + 1)
  state[own + VARIANCE]! += (off * off - state[own + VARIANCE]!) / (now + 1)
  if (Math.abs(awayOf(plan, state, at, c)) < plan.awayLimit[c]! / 2) state.words[words + LEFT] = NEVER
  else if (state.words[words + LEFT] === NEVER) state.words[words + LEFT] = minute - 1
}

/** Standard deviations of its chart that a channel is away; 0 while too little is known of the patient. */
function awayOf(plan: DriftPlan, state: Page, at: number, c: number): number {
  const known = state.words[slowWords(plan, at, c) + KNOWN]!
  return known < FEWEST_MINUTES ? 0 : state[slow(plan, at, c) + CHART]! / CHART_SD
}

/** The channel that drifts furthest beyond its limit, or is nearest to it where the drift has not yet ended, if any does. */
export function driftOf(plan: DriftPlan, state: Page, at: number): Drift | undefined {
  let found: Drift | undefined
  let most = STAYS
  for (let channel = 0; channel < plan.scores.channels.length; channel++) {
    const own = slow(plan, at, channel)
    const known = { channel, lately: state[own + LATELY]!, usual: state[own + MEAN]! }
    const signed = awayOf(plan, state, at, channel)
    const threshold = plan.awayLimit[channel]!
    if (Math.abs(signed) / threshold >= most) {
      most = Math.abs(signed) / threshold
      const sinceMinute = leftSince(plan, state, at, channel)
      found = { ...known, up: signed > 0, sinceMinute, watch: 'own-baseline', score: Math.abs(signed), threshold }
    }
    for (const up of [true, false]) {
      const score = state[own + (up ? RISE : FALL)]!
      if (score / plan.cusumLimit < most) continue
      most = score / plan.cusumLimit
      const sinceMinute = sumSince(plan, state, at, channel, up)
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
export function driftedBy(plan: DriftPlan, state: Page, at: number, channel: number): Drifted {
  const own = slow(plan, at, channel)
  const [rise, fall] = [state[own + RISE]!, state[own + FALL]!]
  const known = state.words[slowWords(plan, at, channel) + KNOWN]! >= FEWEST_MINUTES
  return {
    cusum: rise >= fall ? rise : -fall,
    cusumLimit: plan.cusumLimit,
    away: awayOf(plan, state, at, channel),
    awayLimit: plan.awayLimit[channel]!,
    lately: known ? state[own + LATELY]! : Number.NaN,
    usual: known ? state[own + MEAN]! : Number.NaN,
  }
}

/** The cheap question before `driftOf`. */
export const drifts = (plan: DriftPlan, state: Page, at: number): boolean =>
  state.words[2 * at + plan.wordsAt + DRIFTS] === 1

/** How many plain numbers a patient's drift is, in the order in which records have them. */
export const driftNumbers = ({ scores }: DriftPlan): number => 2 + (4 + 12) * scores.channels.length

/** @param into written from `to` on: [driftNumbers(plan)]; NaN = never */
export function readDrift(plan: DriftPlan, state: Page, at: number, into: Float64Array, to: number): void {
  const C = plan.scores.channels.length
  const { words } = state
  into[to++] = state[at + MINUTE]!
  into[to++] = words[2 * at + plan.wordsAt + DRIFTS]!
  for (let c = 0; c < C; c++) {
    const added = at + HEADER + c * ADDED
    const counts = addedWords(plan, at, c)
    into[to++] = state[added + SUM]!
    into[to++] = words[counts + COUNT]!
    into[to++] = state[added + RESIDUALS]!
    into[to++] = words[counts + DUE]!
  }
  for (let c = 0; c < C; c++) {
    const own = slow(plan, at, c)
    const ownWords = slowWords(plan, at, c)
    into[to++] = state[own + RISE]!
    into[to++] = state[own + FALL]!
    into[to++] = sumSince(plan, state, at, c, true)
    into[to++] = sumSince(plan, state, at, c, false)
    into[to++] = state[own + MEAN]!
    into[to++] = state[own + VARIANCE]!
    into[to++] = words[ownWords + KNOWN]!
    into[to++] = state[own + CHART]!
    into[to++] = state[own + LATELY]!
    into[to++] = leftSince(plan, state, at, c)
    into[to++] = state[own + USUAL]!
    into[to++] = words[ownWords + HEARD]!
  }
}

/** The inverse of `readDrift`. */
export function writeDrift(plan: DriftPlan, state: Page, at: number, from: Float64Array, next: number): void {
  const C = plan.scores.channels.length
  const { words } = state
  state[at + MINUTE] = from[next++]!
  words[2 * at + plan.wordsAt + DRIFTS] = from[next++]!
  for (let c = 0; c < C; c++) {
    const added = at + HEADER + c * ADDED
    const counts = addedWords(plan, at, c)
    state[added + SUM] = from[next++]!
    words[counts + COUNT] = from[next++]!
    state[added + RESIDUALS] = from[next++]!
    words[counts + DUE] = from[next++]!
  }
  for (let c = 0; c < C; c++) {
    const own = slow(plan, at, c)
    const ownWords = slowWords(plan, at, c)
    state[own + RISE] = from[next++]!
    state[own + FALL] = from[next++]!
    words[ownWords + RISING] = from[next++]!
    words[ownWords + FALLING] = from[next++]!
    state[own + MEAN] = from[next++]!
    state[own + VARIANCE] = from[next++]!
    words[ownWords + KNOWN] = from[next++]!
    state[own + CHART] = from[next++]!
    state[own + LATELY] = from[next++]!
    const left = from[next++]!
    words[ownWords + LEFT] = Number.isNaN(left) ? NEVER : left
    state[own + USUAL] = from[next++]!
    words[ownWords + HEARD] = from[next++]!
  }
}

import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { ownSpread } from './own-spread.ts'
import { channelOfTest, expectedBand, type Scored, type ScorePlan, valueAtResidual } from './score.ts'

/** What of a manifest persistence depends on. */
type EvidenceManifest = Pick<ModelManifest, 'policy' | 'warmupSteps' | 'grid'>

/** Central probability of the expected band, in alerts and on the page: a patient as before leaves it once in 100 ticks. */
export const BAND_LEVEL = 0.99

/** row layout; the best frame's channels follow the header, FIELDS doubles each */
const TICK = 0 // newest tick, NaN before the first
const OLD = 1 // ticks 32..63 ago, one bit each
const NEW = 2 // ticks 0..31 ago, bit 0 = this one
const STEPS = 3 // frames since the reset
const RAISED = 4 // 0 or 1
const ONSET = 5 // first counting tick of the run
const CALM = 6 // scored ticks since the last p <= 10 q
const BEST_P = 7 // smallest p of the run; 1 = none
const BEST_K = 8
const BEST_TICK = 9
const LEAD = 10 // channel of the test that gave BEST_P, -1 = the joint one
const ALPHA = 11 // the patient's own q; 0 = the policy's
const MINUTE = 12 // the minute whose smallest p is kept
const MINUTE_P = 13 // smallest p of that minute
const HEADER = 14
const FIELDS = 8 // value, mean, sd, low, high, residual, contribution, given the rest; all NaN where not observed

/** Adaptive conformal inference (Gibbs and Candes 2021): step and bounds of the patient's own q, times the policy's. */
const ADAPT = 0.1
const STRICTEST = 0.1
const LOOSEST = 3
/** p above which a tick is calm, at most */
const CALM_P = 0.5
/** how long an alert keeps its patient's spread and q from being learnt, s: then what it was about is how the patient is */
const FREEZE_SECONDS = 600

/** When one model's surprise becomes an alert: n of the last `of` ticks with p < the patient's q. Times in ticks. */
export interface EvidencePlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  readonly q: number
  readonly n: number
  readonly of: number
  /** scored ticks with p > 10 q after which it is over */
  readonly calmTicks: number
  readonly warmupSteps: number
  readonly minuteTicks: number
  readonly freezeTicks: number
  /** channels of the model: C */
  readonly channels: number
  readonly scores: ScorePlan
}

/** One channel of the most surprising frame of a run. */
export interface EvidenceChannel {
  /** index into the model's channels */
  readonly channel: number
  readonly observed: number
  readonly mean: number
  readonly sd: number
  readonly low: number
  readonly high: number
  readonly residual: number
  /** share of the joint distance that goes away without the channel */
  readonly contribution: number
  /** what the other channels of the same frame make one expect, channel unit */
  readonly given: number
}

/** Why the evidence of a patient stands. */
export interface Evidence {
  /** first counting tick of the run */
  readonly onsetTick: number
  /** the most surprising frame of the run, its p over all horizons due at that tick, and the horizon that gave it */
  readonly tick: number
  readonly p: number
  readonly horizonIndex: number
  /** the q it was held against */
  readonly q: number
  /** observed channels of that frame: first the one whose test gave p, then by contribution */
  readonly channels: readonly EvidenceChannel[]
}

export function evidencePlan(manifest: EvidenceManifest, scores: ScorePlan): EvidencePlan {
  const channels = scores.channels.length
  const { q, n, of, clearSeconds } = manifest.policy
  return {
    stateSize: HEADER + FIELDS * channels,
    q,
    n,
    of,
    calmTicks: Math.max(1, Math.ceil(clearSeconds / manifest.grid.cadenceSeconds)),
    warmupSteps: manifest.warmupSteps,
    minuteTicks: Math.max(1, Math.round(60 / manifest.grid.cadenceSeconds)),
    freezeTicks: Math.ceil(FREEZE_SECONDS / manifest.grid.cadenceSeconds),
    channels,
    scores,
  }
}

/** Forget everything (a new patient at the bed): the warm-up begins again. */
export function resetEvidence(plan: EvidencePlan, state: Float64Array, at: number): void {
  state.fill(0, at, at + plan.stateSize)
  state[at + TICK] = Number.NaN
  state[at + BEST_P] = 1
}

/** number of 1 bits of a 32-bit word */
function bits(word: number): number {
  let x = word >>> 0
  x -= (x >>> 1) & 0x55555555
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return (((x + (x >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}

/** the low `count` bits, 0 <= count <= 32 */
const lowBits = (count: number): number => (count >= 32 ? 0xffffffff : (1 << count) - 1) >>> 0

/** age the window by `gap` ticks and drop what is older than `of` */
function shift(state: Float64Array, at: number, gap: number, of: number): void {
  const old = state[at + OLD]!
  const fresh = state[at + NEW]!
  let high = old
  let low = fresh
  if (gap >= 64) high = low = 0
  else if (gap >= 32) {
    high = fresh << (gap - 32)
    low = 0
  } else if (gap > 0) {
    high = (old << gap) | (fresh >>> (32 - gap))
    low = fresh << gap
  }
  state[at + OLD] = (high & lowBits(Math.max(of - 32, 0))) >>> 0
  state[at + NEW] = (low & lowBits(Math.min(of, 32))) >>> 0
}

/** ticks between now and the oldest counting one in the window; the window is not empty */
function oldest(state: Float64Array, at: number): number {
  const old = state[at + OLD]!
  return old > 0 ? 63 - Math.clz32(old) : 31 - Math.clz32(state[at + NEW]!)
}

function keepBest(
  plan: EvidencePlan,
  state: Float64Array,
  at: number,
  scores: Float64Array,
  scoresAt: number,
  frames: FrameColumns,
  row: number,
  scored: Scored,
  p: number,
  k: number,
): void {
  state[at + BEST_P] = p
  state[at + BEST_K] = k
  state[at + BEST_TICK] = frames.ticks[row]!
  const scorePlan = plan.scores
  state[at + LEAD] = channelOfTest(scorePlan, scored.test[k]!)
  for (let c = 0; c < plan.channels; c++) {
    const to = at + HEADER + c * FIELDS
    const i = row * scorePlan.width + scorePlan.channels[c]!
    const band = frames.masks[i] === 1 ? expectedBand(scorePlan, scores, scoresAt, k, c, BAND_LEVEL) : undefined
    if (!band) {
      state.fill(Number.NaN, to, to + FIELDS)
      continue
    }
    state[to] = frames.values[i]!
    state[to + 1] = band.mean
    state[to + 2] = band.sd
    state[to + 3] = band.low
    state[to + 4] = band.high
    state[to + 5] = scored.residual[k * plan.channels + c]!
    const kc = k * plan.channels + c
    state[to + 6] = scored.contribution[kc]!
    const given = scored.given[kc]! * ownSpread(scorePlan, scores, scoresAt, k, c)
    state[to + 7] = valueAtResidual(scorePlan, scores, scoresAt, k, c, given)
  }
}

/**
 * Take one scored frame into the evidence; to be called after `scoreFrame` and before the next `rememberForecast`.
 * @param scores holds the patient's score row, beginning at `scoresAt`
 * @param scored what `scoreFrame` made of this frame
 * @param suspect a sensor of the patient is suspected: nothing is learnt from this tick
 * @returns whether the detector says "unexpected" at this tick
 */
export function weighEvidence(
  plan: EvidencePlan,
  state: Float64Array,
  at: number,
  scores: Float64Array,
  scoresAt: number,
  frames: FrameColumns,
  row: number,
  scored: Scored,
  suspect = false,
): boolean {
  const tick = frames.ticks[row]!
  const last = state[at + TICK]!
  shift(state, at, Number.isNaN(last) ? 64 : tick - last, plan.of)
  state[at + TICK] = tick
  state[at + STEPS]!++
  let p = Number.POSITIVE_INFINITY
  let best = 0
  for (let k = 0; k < scored.p.length; k++) {
    if (!(scored.p[k]! < p)) continue
    p = scored.p[k]!
    best = k
  }
  const raised = state[at + RAISED] === 1
  if (p === Number.POSITIVE_INFINITY || state[at + STEPS]! <= plan.warmupSteps) return raised
  const q = ownThreshold(plan, state, at)
  adapt(plan, state, at, tick, p, q, raised || suspect)
  if (!raised && state[at + OLD] === 0 && state[at + NEW] === 0) state[at + BEST_P] = 1
  if (p < q) {
    state[at + NEW]! += 1
    if (p < state[at + BEST_P]!) keepBest(plan, state, at, scores, scoresAt, frames, row, scored, p, best)
  }
  if (!raised) {
    if (bits(state[at + OLD]!) + bits(state[at + NEW]!) < plan.n) return false
    state[at + RAISED] = 1
    state[at + ONSET] = tick - oldest(state, at)
    state[at + CALM] = 0
    return true
  }
  state[at + CALM] = p > Math.min(CALM_P, 10 * q) ? state[at + CALM]! + 1 : 0
  if (state[at + CALM]! < plan.calmTicks) return true
  state[at + RAISED] = 0
  state[at + OLD] = 0
  state[at + NEW] = 0
  state[at + BEST_P] = 1
  return false
}

/** The patient's own q: the policy's, adapted within its bounds. */
export function ownThreshold(plan: EvidencePlan, state: Float64Array, at: number): number {
  return state[at + ALPHA]! > 0 ? state[at + ALPHA]! : plan.q
}

/** Whether nothing may be learnt of the patient now: it is warming up, or an alert stands, for a while. */
export function learningFrozen(plan: EvidencePlan, state: Float64Array, at: number): boolean {
  if (state[at + RAISED] !== 1) return false
  return state[at + TICK]! - state[at + ONSET]! < plan.freezeTicks
}

/**
 * One step of adaptive conformal inference a minute: a minute without p < q makes q a little larger, one with it smaller,
 * so that in the long run minutes exceed as often as the policy says, within the bounds. Frozen minutes do not count.
 */
function adapt(
  plan: EvidencePlan,
  state: Float64Array,
  at: number,
  tick: number,
  p: number,
  q: number,
  frozen: boolean,
): void {
  const minute = Math.floor(tick / plan.minuteTicks)
  if (state[at + MINUTE] !== minute) {
    const counts = state[at + MINUTE]! > 0 && !Number.isNaN(state[at + MINUTE_P]!)
    if (counts) {
      const missed = state[at + MINUTE_P]! < q ? 1 : 0
      const next = q + ADAPT * plan.q * (plan.q - missed)
      state[at + ALPHA] = Math.max(STRICTEST * plan.q, Math.min(LOOSEST * plan.q, next))
    }
    state[at + MINUTE] = minute
    state[at + MINUTE_P] = 1
  }
  // a minute that exceeded has done so, whatever came after it
  if (frozen && !(state[at + MINUTE_P]! < q)) state[at + MINUTE_P] = Number.NaN
  else if (p < state[at + MINUTE_P]!) state[at + MINUTE_P] = p
}

/** frames since the reset */
export function evidenceSteps(state: Float64Array, at: number): number {
  return state[at + STEPS]!
}

/** Whether the detector says "unexpected" of the patient now. */
export function isRaised(state: Float64Array, at: number): boolean {
  return state[at + RAISED] === 1
}

/** What the raised evidence rests on; undefined while nothing is raised. */
export function evidenceOf(plan: EvidencePlan, state: Float64Array, at: number): Evidence | undefined {
  if (state[at + RAISED] !== 1) return undefined
  const channels: EvidenceChannel[] = []
  for (let channel = 0; channel < plan.channels; channel++) {
    const from = at + HEADER + channel * FIELDS
    const observed = state[from]!
    if (Number.isNaN(observed)) continue
    channels.push({
      channel,
      observed,
      mean: state[from + 1]!,
      sd: state[from + 2]!,
      low: state[from + 3]!,
      high: state[from + 4]!,
      residual: state[from + 5]!,
      contribution: state[from + 6]!,
      given: state[from + 7]!,
    })
  }
  const lead = state[at + LEAD]!
  const first = (it: EvidenceChannel) => (it.channel === lead ? 1 : 0)
  channels.sort((a, b) => first(b) - first(a) || b.contribution - a.contribution || a.channel - b.channel)
  return {
    onsetTick: state[at + ONSET]!,
    tick: state[at + BEST_TICK]!,
    p: state[at + BEST_P]!,
    horizonIndex: state[at + BEST_K]!,
    q: ownThreshold(plan, state, at),
    channels,
  }
}

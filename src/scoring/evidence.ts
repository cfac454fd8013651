import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { expectedBand, type Scored, type ScorePlan } from './score.ts'

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
const HEADER = 10
const FIELDS = 7 // value, mean, sd, low, high, residual, contribution; all NaN where not observed

/** When one model's surprise becomes an alert: n of the last `of` ticks with p < q. Times in ticks. */
export interface EvidencePlan {
  /** doubles of one patient's row */
  readonly stateSize: number
  readonly q: number
  readonly n: number
  readonly of: number
  /** scored ticks with p > 10 q after which it is over */
  readonly calmTicks: number
  readonly warmupSteps: number
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
  readonly contribution: number
}

/** Why the evidence of a patient stands. */
export interface Evidence {
  /** first counting tick of the run */
  readonly onsetTick: number
  /** the most surprising frame of the run, its p over all horizons due at that tick, and the horizon that gave it */
  readonly tick: number
  readonly p: number
  readonly horizonIndex: number
  /** observed channels of that frame, largest contribution first */
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
    state[to + 6] = scored.contribution[k * plan.channels + c]!
  }
}

/**
 * Take one scored frame into the evidence; to be called after `scoreFrame` and before the next `rememberForecast`.
 * Several horizons due at one tick share q (Bonferroni): the tick's p is the smallest times their number.
 * @param scores holds the patient's score row, beginning at `scoresAt`
 * @param scored what `scoreFrame` made of this frame
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
): boolean {
  const tick = frames.ticks[row]!
  const last = state[at + TICK]!
  shift(state, at, Number.isNaN(last) ? 64 : tick - last, plan.of)
  state[at + TICK] = tick
  state[at + STEPS]!++
  let smallest = Number.POSITIVE_INFINITY
  let best = 0
  let due = 0
  for (let k = 0; k < scored.p.length; k++) {
    const p = scored.p[k]!
    if (Number.isNaN(p)) continue
    due++
    if (p < smallest) {
      smallest = p
      best = k
    }
  }
  const raised = state[at + RAISED] === 1
  if (due === 0 || state[at + STEPS]! <= plan.warmupSteps) return raised
  const p = Math.min(1, smallest * due)
  if (!raised && state[at + OLD] === 0 && state[at + NEW] === 0) state[at + BEST_P] = 1
  if (p < plan.q) {
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
  state[at + CALM] = p > 10 * plan.q ? state[at + CALM]! + 1 : 0
  if (state[at + CALM]! < plan.calmTicks) return true
  state[at + RAISED] = 0
  state[at + OLD] = 0
  state[at + NEW] = 0
  state[at + BEST_P] = 1
  return false
}

/** frames since the reset */
export function evidenceSteps(state: Float64Array, at: number): number {
  return state[at + STEPS]!
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
    })
  }
  channels.sort((a, b) => b.contribution - a.contribution || a.channel - b.channel)
  return {
    onsetTick: state[at + ONSET]!,
    tick: state[at + BEST_TICK]!,
    p: state[at + BEST_P]!,
    horizonIndex: state[at + BEST_K]!,
    channels,
  }
}

import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import {
  ALPHA,
  BEST_K,
  BEST_P,
  BEST_TICK,
  CALM,
  type EvidenceRow,
  endRun,
  evidenceRow,
  FIELDS,
  HEADER,
  LEAD,
  MINUTE,
  MINUTE_P,
  NEW,
  OLD,
  ONSET,
  onsetOf,
  RAISED,
  runOf,
  STEPS,
  TICK,
} from './evidence-row.ts'
import { ownSpread } from './own-spread.ts'
import type { Page } from './page.ts'
import { channelOfTest, expectedBand, type Scored, type ScorePlan, valueAtResidual } from './score.ts'

/** What of a manifest persistence depends on. */
type EvidenceManifest = Pick<ModelManifest, 'policy' | 'warmupSteps' | 'grid'>

/** Central probability of the expected band, in alerts and on the page: a patient as before leaves it once in 100 ticks. */
export const BAND_LEVEL = 0.99

/** Adaptive conformal inference (Gibbs and Candes 2021): step and bounds of the patient's own q, times the policy's. */
const ADAPT = 0.1
const STRICTEST = 0.1
const LOOSEST = 3
/** p above which a tick is calm, at most */
const CALM_P = 0.5
/** how long an alert keeps its patient's spread and q from being learnt, s: then what it was about is how the patient is */
const FREEZE_SECONDS = 600

/** When one model's surprise becomes an alert: n of the last `of` ticks with p < the patient's q. Times in ticks. */
export interface EvidencePlan extends EvidenceRow {
  readonly q: number
  readonly n: number
  readonly of: number
  /** scored ticks with p > 10 q after which it is over */
  readonly calmTicks: number
  readonly warmupSteps: number
  readonly minuteTicks: number
  readonly freezeTicks: number
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
    ...evidenceRow(channels),
    q,
    n,
    of,
    calmTicks: Math.max(1, Math.ceil(clearSeconds / manifest.grid.cadenceSeconds)),
    warmupSteps: manifest.warmupSteps,
    minuteTicks: Math.max(1, Math.round(60 / manifest.grid.cadenceSeconds)),
    freezeTicks: Math.ceil(FREEZE_SECONDS / manifest.grid.cadenceSeconds),
    scores,
  }
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
function shift(state: Page, at: number, gap: number, of: number): void {
  const { words } = state
  const old = words[2 * at + OLD]!
  const fresh = words[2 * at + NEW]!
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
  words[2 * at + OLD] = high & lowBits(Math.max(of - 32, 0))
  words[2 * at + NEW] = low & lowBits(Math.min(of, 32))
}

/** ticks between now and the oldest counting one in the window; the window is not empty */
function oldest(state: Page, at: number): number {
  const old = state.words[2 * at + OLD]!
  return old !== 0 ? 63 - Math.clz32(old) : 31 - Math.clz32(state.words[2 * at + NEW]!)
}

function keepBest(
  plan: EvidencePlan,
  state: Page,
  at: number,
  scores: Page,
  scoresAt: number,
  frames: FrameColumns,
  row: number,
  scored: Scored,
  p: number,
  k: number,
): void {
  state[at + BEST_P] = p
  const number = runOf(plan, state, at)
  const page = plan.best.page(number)
  const run = plan.best.at(number)
  page[run + BEST_K] = k
  page[run + BEST_TICK] = frames.ticks[row]!
  const scorePlan = plan.scores
  page[run + LEAD] = channelOfTest(scorePlan, scored.test[k]!)
  for (let c = 0; c < plan.channels; c++) {
    const to = run + HEADER + c * FIELDS
    const i = row * scorePlan.width + scorePlan.channels[c]!
    const band = frames.masks[i] === 1 ? expectedBand(scorePlan, scores, scoresAt, k, c, BAND_LEVEL) : undefined
    if (!band) {
      page.fill(Number.NaN, to, to + FIELDS)
      continue
    }
    page[to] = frames.values[i]!
    page[to + 1] = band.mean
    page[to + 2] = band.sd
    page[to + 3] = band.low
    page[to + 4] = band.high
    page[to + 5] = scored.residual[k * plan.channels + c]!
    const kc = k * plan.channels + c
    page[to + 6] = scored.contribution[kc]!
    const given = scored.given[kc]! * ownSpread(scorePlan, scores, scoresAt, k, c)
    page[to + 7] = valueAtResidual(scorePlan, scores, scoresAt, k, c, given)
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
  state: Page,
  at: number,
  scores: Page,
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
  const { words } = state
  words[2 * at + STEPS]!++
  let p = Number.POSITIVE_INFINITY
  let best = 0
  for (let k = 0; k < scored.p.length; k++) {
    if (!(scored.p[k]! < p)) continue
    p = scored.p[k]!
    best = k
  }
  const raised = words[2 * at + RAISED] === 1
  if (p === Number.POSITIVE_INFINITY || words[2 * at + STEPS]! <= plan.warmupSteps) return raised
  const q = ownThreshold(plan, state, at)
  adapt(plan, state, at, tick, p, q, raised || suspect)
  if (!raised && state[at + BEST_P] !== 1 && words[2 * at + OLD] === 0 && words[2 * at + NEW] === 0)
    endRun(plan, state, at)
  if (p < q) {
    words[2 * at + NEW]! += 1
    if (p < state[at + BEST_P]!) keepBest(plan, state, at, scores, scoresAt, frames, row, scored, p, best)
  }
  if (!raised) {
    if (bits(words[2 * at + OLD]!) + bits(words[2 * at + NEW]!) < plan.n) return false
    words[2 * at + RAISED] = 1
    const run = runOf(plan, state, at)
    plan.best.page(run)[plan.best.at(run) + ONSET] = tick - oldest(state, at)
    words[2 * at + CALM] = 0
    return true
  }
  words[2 * at + CALM] = p > Math.min(CALM_P, 10 * q) ? words[2 * at + CALM]! + 1 : 0
  if (words[2 * at + CALM]! < plan.calmTicks) return true
  words[2 * at + RAISED] = 0
  words[2 * at + OLD] = 0
  words[2 * at + NEW] = 0
  endRun(plan, state, at)
  return false
}

/** The patient's own q: the policy's, adapted within its bounds. */
export function ownThreshold(plan: EvidencePlan, state: Page, at: number): number {
  return state[at + ALPHA]! > 0 ? state[at + ALPHA]! : plan.q
}

/** Whether nothing may be learnt of the patient now: it is warming up, or an alert stands, for a while. */
export function learningFrozen(plan: EvidencePlan, state: Page, at: number): boolean {
  if (state.words[2 * at + RAISED] !== 1) return false
  return state[at + TICK]! - onsetOf(plan, state, at) < plan.freezeTicks
}

/**
 * One step of adaptive conformal inference a minute: a minute without p < q makes q a little larger, one with it smaller,
 * so that in the long run minutes exceed as often as the policy says, within the bounds. Frozen minutes do not count.
 */
function adapt(plan: EvidencePlan, state: Page, at: number, tick: number, p: number, q: number, frozen: boolean): void {
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
export function evidenceSteps(state: Page, at: number): number {
  return state.words[2 * at + STEPS]!
}

/** Whether the detector says "unexpected" of the patient now. */
export function isRaised(state: Page, at: number): boolean {
  return state.words[2 * at + RAISED] === 1
}

/** What the raised evidence rests on; undefined while nothing is raised. */
export function evidenceOf(plan: EvidencePlan, state: Page, at: number): Evidence | undefined {
  if (state.words[2 * at + RAISED] !== 1) return undefined
  const row = runOf(plan, state, at)
  const page = plan.best.page(row)
  const run = plan.best.at(row)
  const channels: EvidenceChannel[] = []
  for (let channel = 0; channel < plan.channels; channel++) {
    const from = run + HEADER + channel * FIELDS
    const observed = page[from]!
    if (Number.isNaN(observed)) continue
    channels.push({
      channel,
      observed,
      mean: page[from + 1]!,
      sd: page[from + 2]!,
      low: page[from + 3]!,
      high: page[from + 4]!,
      residual: page[from + 5]!,
      contribution: page[from + 6]!,
      given: page[from + 7]!,
    })
  }
  const lead = page[run + LEAD]!
  const first = (it: EvidenceChannel) => (it.channel === lead ? 1 : 0)
  channels.sort((a, b) => first(b) - first(a) || b.contribution - a.contribution || a.channel - b.channel)
  return {
    onsetTick: page[run + ONSET]!,
    tick: page[run + BEST_TICK]!,
    p: state[at + BEST_P]!,
    horizonIndex: page[run + BEST_K]!,
    q: ownThreshold(plan, state, at),
    channels,
  }
}

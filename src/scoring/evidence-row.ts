import { type Page, Pool } from './page.ts'

/** Row of a patient: one line of a cache, for every frame touches it. Doubles, */
export const TICK = 0 // newest tick, NaN before the first
export const BEST_P = 1 // smallest p of the run; 1 = none
export const ALPHA = 2 // the patient's own q; 0 = the policy's
export const MINUTE = 3 // the minute whose smallest p is kept
export const MINUTE_P = 4 // smallest p of that minute
const DOUBLES = 5
/** then words. */
export const OLD = 2 * DOUBLES // ticks 32..63 ago, one bit each
export const NEW = OLD + 1 // ticks 0..31 ago, bit 0 = this one
export const STEPS = OLD + 2 // frames since the reset
export const RAISED = OLD + 3 // 0 or 1
export const CALM = OLD + 4 // scored ticks since the last p <= 10 q
const BEST = OLD + 5 // row of `plan.best`, 0 = there is no run
const ROW = DOUBLES + 3

/** Row of a run and its best frame, whose channels follow, FIELDS each. */
export const ONSET = 0 // first counting tick of the run, once it is raised
export const BEST_K = 1
export const BEST_TICK = 2
export const LEAD = 3 // channel of the test that gave BEST_P, -1 = the joint one
export const HEADER = 4
export const FIELDS = 8 // value, mean, sd, low, high, residual, contribution, given the rest; all NaN where not observed

/** Where the evidence of a model's patients stands. */
export interface EvidenceRow {
  /** doubles of one patient's row */
  readonly stateSize: number
  /** channels of the model: C */
  readonly channels: number
  /** runs of the patients who have one */
  readonly best: Pool
}

export const evidenceRow = (channels: number): EvidenceRow => ({
  channels,
  stateSize: ROW,
  best: new Pool(HEADER + FIELDS * channels),
})

/** Forget everything (a new patient at the bed): the warm-up begins again. */
export function resetEvidence(plan: EvidenceRow, state: Page, at: number): void {
  endRun(plan, state, at)
  state.fill(0, at, at + plan.stateSize)
  state[at + TICK] = Number.NaN
  state[at + BEST_P] = 1
}

/** No run is left. */
export function endRun(plan: EvidenceRow, state: Page, at: number): void {
  plan.best.give(state.words[2 * at + BEST]!)
  state.words[2 * at + BEST] = 0
  state[at + BEST_P] = 1
}

/** Where the onset of a patient's run stands, which is there from its first counting tick on. */
export const onsetOf = (plan: EvidenceRow, state: Page, at: number): number => {
  const row = state.words[2 * at + BEST]!
  return plan.best.page(row)[plan.best.at(row) + ONSET]!
}

/** The patient's row of a run, taken where there is none yet. */
export function runOf(plan: EvidenceRow, state: Page, at: number): number {
  const own = 2 * at + BEST
  if (state.words[own] === 0) {
    const row = plan.best.take()
    plan.best.page(row).fill(0, plan.best.at(row), plan.best.at(row) + plan.best.stride)
    state.words[own] = row
  }
  return state.words[own]!
}

/** How many plain numbers a patient's evidence is: the row's, in the order in which records have them, then the best frame's. */
export const evidenceNumbers = (plan: EvidenceRow): number => 14 + FIELDS * plan.channels

/** @param into written from `to` on: [evidenceNumbers(plan)]; 0 of what only a run has, where there is none */
export function readEvidence(plan: EvidenceRow, state: Page, at: number, into: Float64Array, to: number): void {
  const { words } = state
  into[to] = state[at + TICK]!
  into[to + 1] = words[2 * at + OLD]! >>> 0
  into[to + 2] = words[2 * at + NEW]! >>> 0
  into[to + 3] = words[2 * at + STEPS]!
  into[to + 4] = words[2 * at + RAISED]!
  into[to + 6] = words[2 * at + CALM]!
  into[to + 7] = state[at + BEST_P]!
  into[to + 11] = state[at + ALPHA]!
  into[to + 12] = state[at + MINUTE]!
  into[to + 13] = state[at + MINUTE_P]!
  const row = words[2 * at + BEST]!
  if (row === 0) {
    into[to + 5] = into[to + 8] = into[to + 9] = into[to + 10] = 0
    into.fill(0, to + 14, to + 14 + FIELDS * plan.channels)
    return
  }
  const page = plan.best.page(row)
  const run = plan.best.at(row)
  into[to + 5] = page[run + ONSET]!
  into[to + 8] = page[run + BEST_K]!
  into[to + 9] = page[run + BEST_TICK]!
  into[to + 10] = page[run + LEAD]!
  for (let i = 0; i < FIELDS * plan.channels; i++) into[to + 14 + i] = page[run + HEADER + i]!
}

/** The inverse of `readEvidence`. */
export function writeEvidence(plan: EvidenceRow, state: Page, at: number, from: Float64Array, next: number): void {
  endRun(plan, state, at)
  const { words } = state
  state[at + TICK] = from[next]!
  words[2 * at + OLD] = from[next + 1]!
  words[2 * at + NEW] = from[next + 2]!
  words[2 * at + STEPS] = from[next + 3]!
  words[2 * at + RAISED] = from[next + 4]!
  words[2 * at + CALM] = from[next + 6]!
  state[at + BEST_P] = from[next + 7]!
  state.set(from.subarray(next + 11, next + 14), at + ALPHA)
  if (words[2 * at + RAISED] !== 1 && state[at + BEST_P] === 1) return
  const row = runOf(plan, state, at)
  const page = plan.best.page(row)
  const to = plan.best.at(row)
  page[to + ONSET] = from[next + 5]!
  page.set(from.subarray(next + 8, next + 11), to + BEST_K)
  page.set(from.subarray(next + 14, next + 14 + FIELDS * plan.channels), to + HEADER)
}

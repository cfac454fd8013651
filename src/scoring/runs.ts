import type { SensorFacts } from './sensor-table.ts'

/** How often a patient's values of a channel change, and how long they stand still: what tells a flat line. */

/** weight of the population in how often a patient's value changes, in changes */
const CHANGES_PRIOR = 6
/** how long the run is that one meets at a random second in the population, s, and its weight in seconds */
const MET_RUN = 40
const MET_PRIOR = 60
/** a run shorter than this is none, s */
const SHORTEST_RUN = 15
/** s of silence after which a run begins anew */
const SILENT = 15

/** row of one channel; times in ticks */
export const SINCE = 0 // tick since which the value is the same; NaN before the first
const CHANGES = 1 // fading number of changes ...
const TICKS = 2 // ... in this fading number of ticks
const RUNS = 3 // fading length of the runs that ended, s ...
const SQUARES = 4 // ... and of their squares, s^2
export const RUN_FIELDS = 5

interface RunPlan {
  readonly cadenceSeconds: number
  /** share of what is known of a channel's changes that is kept after so many ticks */
  readonly keep: (passed: number) => number
}

/** Forget the runs. */
export function resetRuns(state: Float64Array, at: number): void {
  state.fill(0, at, at + RUN_FIELDS)
  state[at + SINCE] = Number.NaN
}

/**
 * Take in that a value was observed; a run that it ends goes on until whoever takes it for true sets SINCE.
 * @param passed ticks since the value before
 */
export function learnRuns(
  plan: RunPlan,
  state: Float64Array,
  at: number,
  tick: number,
  passed: number,
  changed: boolean,
): void {
  const seconds = plan.cadenceSeconds
  if (passed * seconds >= SILENT) state[at + SINCE] = tick
  const keep = plan.keep(passed)
  state[at + CHANGES] = state[at + CHANGES]! * keep + (changed ? 1 : 0)
  state[at + TICKS] = state[at + TICKS]! * keep + passed
  const run = changed ? (tick - passed - state[at + SINCE]!) * seconds + seconds : 0
  state[at + RUNS] = state[at + RUNS]! * keep + run
  state[at + SQUARES] = state[at + SQUARES]! * keep + run * run
}

/**
 * A value that stands still for longer than the patient's own values ever do: the run against the geometric mean of the
 * patient's mean run and of the run that one meets at a random second (the longer the more its runs differ), both shrunk
 * to the population's.
 */
export function isFlat(
  { cadenceSeconds }: RunPlan,
  state: Float64Array,
  at: number,
  { changing, flat }: Pick<SensorFacts, 'changing' | 'flat'>,
  tick: number,
): boolean {
  const run = (tick - state[at + SINCE]!) * cadenceSeconds
  if (run < SHORTEST_RUN) return false
  const rate = (state[at + CHANGES]! + CHANGES_PRIOR) / (state[at + TICKS]! * cadenceSeconds + CHANGES_PRIOR / changing)
  const met = (state[at + SQUARES]! + MET_PRIOR * MET_RUN) / (state[at + RUNS]! + MET_PRIOR)
  return (run * run * rate) / met >= flat!
}

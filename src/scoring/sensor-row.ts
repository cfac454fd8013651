import { LINE_FIELDS, resetLine } from './damping.ts'
import { type Page, Pool } from './page.ts'
import { PAIR_FIELDS, resetPair } from './pair.ts'
import { RUN_FIELDS, resetRuns, SINCE } from './runs.ts'

/**
 * A patient's row of sensors, each number as wide as what it holds, since patients are many. In doubles: the newest tick, the
 * pair, then room for words and bytes, then what each sensor's kind is asked, since x pressures, LINE_FIELDS x lines.
 */
export const TICK = 0 // newest tick that was sifted; NaN before the first
export const PAIR_AT = 1 // heart rate and pulse: PAIR_FIELDS
const WORDS_AT = PAIR_AT + PAIR_FIELDS

/** words */
export const KNOWN = 2 * WORDS_AT // sensors that ever gave a value, one bit each
const DOUBTS = KNOWN + 1 // row of `plan.doubts`, 0 = no newest value of any sensor is set aside
const SENSORS_AT = DOUBTS + 1
/** of each sensor, from `sensor.wordAt` on */
export const VALUE = 0 // float32: newest observed value; NaN before the first
export const SEEN = 1 // its tick
const WORDS = 2

/** bytes of each sensor, from `sensor.byteAt` on; one more before the first: every fault that stands */
export const FAULT = 0 // 0 = none
export const COUNT = 1 // observations, up to REGULAR
const BYTES = 2

/** doubles of each sensor that can be missed, or leap, from `sensor.at` on */
export const EVERY = 0 // mean ticks between observations
const CONTINUOUS_FIELDS = 1
/** then what may not stand still */
export const RUNS_AT = 1 // RUN_FIELDS
const RESTLESS_FIELDS = RUNS_AT + RUN_FIELDS
/** then those of the pair */
export const HABIT = RESTLESS_FIELDS // slow running mean of VALUE
const PAIRED_FIELDS = HABIT + 1

/**
 * Row of doubts, which a patient has while the newest value of any sensor is set aside; without one, the newest value of
 * each was taken for true. Words of each sensor:
 */
const GOOD = 0 // float32: newest value taken for true; NaN before the first
const GOOD_TICK = 1
const LEAPS = 2 // observations in a row that were set aside as leaps
const LEAPT = 3 // tick of the newest of them; of no meaning without one
const DOUBT_WORDS = 4

/** The kind of a sensor: each is asked what the kinds before it are. */
export interface SensorKind {
  /** whether its absence is missed, and its leaps are seen */
  readonly continuous: boolean
  /** undefined: it may stand still */
  readonly flat?: number
  /** whether it is one of the pair */
  readonly paired: boolean
}

/** Where in the patient's row a sensor's own begin: doubles, words, bytes. */
export interface SensorPlace {
  readonly at: number
  readonly wordAt: number
  readonly byteAt: number
}

/** A patient's row, and where in it everything stands. */
export interface SensorRow {
  /** doubles of the row */
  readonly stateSize: number
  /** byte of every fault that stands */
  readonly faultsAt: number
  /** where the trouble of the pressures begins */
  readonly pressuresAt: number
  readonly doubts: Pool
  readonly sensors: readonly (SensorKind & SensorPlace)[]
  /** where their trouble stands, and their lines; 0 = no line */
  readonly pressures: readonly { readonly sinceAt: number; readonly lineAt: number }[]
}

/** doubles of a sensor of a kind */
export const doublesOf = ({ continuous, flat, paired }: SensorKind): number =>
  paired ? PAIRED_FIELDS : flat !== undefined ? RESTLESS_FIELDS : continuous ? CONTINUOUS_FIELDS : 0

/** Places for sensors of these kinds, in their order, for so many pressures and lines. */
export function sensorPlaces(kinds: readonly SensorKind[], pressures: number, lines: number) {
  const faultsAt = 4 * (SENSORS_AT + WORDS * kinds.length)
  let next = Math.ceil((faultsAt + 1 + BYTES * kinds.length) / 8)
  const places = kinds.map((kind, s): SensorPlace => {
    const at = next
    next += doublesOf(kind)
    return { at, wordAt: SENSORS_AT + WORDS * s, byteAt: faultsAt + 1 + BYTES * s }
  })
  return {
    places,
    faultsAt,
    pressuresAt: next,
    linesAt: next + pressures,
    stateSize: next + pressures + LINE_FIELDS * lines,
    doubts: new Pool(Math.ceil((DOUBT_WORDS * kinds.length) / 2)),
  }
}

/** Forget everything (a new patient at the bed). */
export function resetSensors(plan: SensorRow, state: Page, at: number): void {
  plan.doubts.give(state.words[2 * at + DOUBTS]!)
  state.fill(0, at, at + plan.stateSize)
  state[at + TICK] = Number.NaN
  resetPair(state, at + PAIR_AT)
  for (const { sinceAt, lineAt } of plan.pressures) {
    state[at + sinceAt] = Number.NaN
    if (lineAt > 0) resetLine(state, at + lineAt)
  }
  for (const sensor of plan.sensors) {
    state.floats[2 * at + sensor.wordAt + VALUE] = Number.NaN
    if (sensor.continuous) state[at + sensor.at + EVERY] = 1
    if (sensor.flat !== undefined) resetRuns(state, at + sensor.at + RUNS_AT)
    if (sensor.paired) state[at + sensor.at + HABIT] = Number.NaN
  }
}

/** Ticks are kept modulo 2^32: so many ticks ago a word's was, as seen from a later one or its own. */
export const ticksSince = (tick: number, word: number): number => ((tick | 0) - word) >>> 0

export const newestOf = (state: Page, at: number, sensor: SensorPlace): number =>
  state.floats[2 * at + sensor.wordAt + VALUE]!

/** Tick of the newest observed value; NaN before the first. */
export function seenOf(state: Page, at: number, sensor: SensorPlace): number {
  if (Number.isNaN(newestOf(state, at, sensor))) return Number.NaN
  return state[at + TICK]! - ticksSince(state[at + TICK]!, state.words[2 * at + sensor.wordAt + SEEN]!)
}

export const faultBit = (state: Page, at: number, sensor: SensorPlace): number =>
  state.bytes[8 * at + sensor.byteAt + FAULT]!

/** Tick since which a sensor's value is the same. */
export const sameSince = (state: Page, at: number, sensor: SensorPlace): number =>
  state[at + sensor.at + RUNS_AT + SINCE]!

export const habitOf = (state: Page, at: number, sensor: SensorPlace): number => state[at + sensor.at + HABIT]!

/** Whether the newest value of any sensor is set aside. */
export const doubted = (state: Page, at: number): boolean => state.words[2 * at + DOUBTS] !== 0

/** Set the patient's doubts down, where there are none yet: of each sensor the newest value was taken for true. */
export function beginDoubts(plan: SensorRow, state: Page, at: number): void {
  if (doubted(state, at)) return
  const row = plan.doubts.take()
  state.words[2 * at + DOUBTS] = row
  const page = plan.doubts.page(row)
  for (let s = 0, own = 2 * plan.doubts.at(row); s < plan.sensors.length; s++, own += DOUBT_WORDS) {
    const { wordAt } = plan.sensors[s]!
    page.floats[own + GOOD] = state.floats[2 * at + wordAt + VALUE]!
    page.words[own + GOOD_TICK] = state.words[2 * at + wordAt + SEEN]!
    page.words[own + LEAPS] = 0
  }
}

/** No newest value is set aside any more. */
export function endDoubts(plan: SensorRow, state: Page, at: number): void {
  plan.doubts.give(state.words[2 * at + DOUBTS]!)
  state.words[2 * at + DOUBTS] = 0
}

/** where the words of a sensor stand in the patient's row of doubts */
const doubtAt = (plan: SensorRow, row: number, s: number): number => 2 * plan.doubts.at(row) + DOUBT_WORDS * s

/** Newest value of a sensor that was taken for true; NaN before the first. */
export function goodOf(plan: SensorRow, state: Page, at: number, s: number): number {
  const row = state.words[2 * at + DOUBTS]!
  if (row === 0) return newestOf(state, at, plan.sensors[s]!)
  return plan.doubts.page(row).floats[doubtAt(plan, row, s) + GOOD]!
}

/** Its tick. */
export function goodTickOf(plan: SensorRow, state: Page, at: number, s: number): number {
  const row = state.words[2 * at + DOUBTS]!
  if (row === 0) return seenOf(state, at, plan.sensors[s]!)
  if (Number.isNaN(goodOf(plan, state, at, s))) return Number.NaN
  const tick = state[at + TICK]!
  return tick - ticksSince(tick, plan.doubts.page(row).words[doubtAt(plan, row, s) + GOOD_TICK]!)
}

/** Whether the newest value of a sensor is set aside. */
export function isAside(plan: SensorRow, state: Page, at: number, s: number): boolean {
  const row = state.words[2 * at + DOUBTS]!
  const sensor = plan.sensors[s]!
  if (row === 0 || Number.isNaN(newestOf(state, at, sensor))) return false
  const page = plan.doubts.page(row)
  const own = doubtAt(plan, row, s)
  return page.words[own + GOOD_TICK] !== state.words[2 * at + sensor.wordAt + SEEN] || Number.isNaN(page.floats[own]!)
}

/** The newest value of a sensor is taken for true. */
export function trust(plan: SensorRow, state: Page, at: number, s: number): void {
  const row = state.words[2 * at + DOUBTS]!
  if (row === 0) return
  const page = plan.doubts.page(row)
  const own = doubtAt(plan, row, s)
  const { wordAt } = plan.sensors[s]!
  page.floats[own + GOOD] = state.floats[2 * at + wordAt + VALUE]!
  page.words[own + GOOD_TICK] = state.words[2 * at + wordAt + SEEN]!
  page.words[own + LEAPS] = 0
}

/** Leaps in a row of a sensor whose patient has doubts, one more or again the first. @returns how many they are */
export function countLeap(plan: SensorRow, state: Page, at: number, s: number, near: boolean, tick: number): number {
  const row = state.words[2 * at + DOUBTS]!
  const { words } = plan.doubts.page(row)
  const own = doubtAt(plan, row, s)
  const leaps = near || words[own + LEAPS] === 0 ? words[own + LEAPS]! + 1 : 1
  words[own + LEAPS] = leaps
  words[own + LEAPT] = tick | 0
  return leaps
}

/** What is set aside of a sensor whose patient has doubts. */
export function setDoubt(
  plan: SensorRow,
  state: Page,
  at: number,
  s: number,
  { good, goodTick, leaps, leapt }: Record<'good' | 'goodTick' | 'leaps' | 'leapt', number>,
): void {
  const row = state.words[2 * at + DOUBTS]!
  const page = plan.doubts.page(row)
  const own = doubtAt(plan, row, s)
  page.floats[own + GOOD] = good
  page.words[own + GOOD_TICK] = goodTick
  page.words[own + LEAPS] = leaps
  page.words[own + LEAPT] = leapt
}

/** Leaps in a row of a sensor. */
export function leapsOf(plan: SensorRow, state: Page, at: number, s: number): number {
  const row = state.words[2 * at + DOUBTS]!
  return row === 0 ? 0 : plan.doubts.page(row).words[doubtAt(plan, row, s) + LEAPS]!
}

/** Tick of the newest of them; NaN without one. */
export function leaptOf(plan: SensorRow, state: Page, at: number, s: number): number {
  const row = state.words[2 * at + DOUBTS]!
  if (leapsOf(plan, state, at, s) === 0) return Number.NaN
  const tick = state[at + TICK]!
  return tick - ticksSince(tick, plan.doubts.page(row).words[doubtAt(plan, row, s) + LEAPT]!)
}

import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { SensorFault } from '../vitals/report.ts'
import { isDamped, LINE_FIELDS, watchLine } from './damping.ts'
import type { Page } from './page.ts'
import { partPair, watchPair } from './pair.ts'
import { remembered } from './remembered.ts'
import { isFlat, learnRuns, SINCE as RUN_SINCE } from './runs.ts'
import {
  beginDoubts,
  COUNT,
  countLeap,
  doubted,
  EVERY,
  endDoubts,
  FAULT,
  faultBit,
  goodOf,
  goodTickOf,
  HABIT,
  isAside,
  KNOWN,
  newestOf,
  PAIR_AT,
  RUNS_AT,
  SEEN,
  type SensorKind,
  type SensorPlace,
  type SensorRow,
  sensorPlaces,
  TICK,
  ticksSince,
  trust,
  VALUE,
} from './sensor-row.ts'
import { LINES, PAIR, PRESSURES, SENSORS, type SensorFacts } from './sensor-table.ts'

const SINCE = RUNS_AT + RUN_SINCE

/** What can be wrong with a sensor; the bits of a channel's FAULT. */
export const MISSING = 1
export const FLAT = 2
export const LEAP = 4
/** bits of all that stands of the patient beyond those of its channels */
export const MISMATCH = 8
export const ORDER = 16
export const DAMPED = 32

/** a continuous channel is missed after this long, s, and after so many of its own intervals */
const MISSED_SECONDS = 15
const MISSED_INTERVALS = 4
/**
 * and this long where the others of its cable are gone with it, s: probes lose a finger for 8.5 s in the middle, twice an hour
 * (BIDMC), and a cuff on the same arm takes it for 35 s; a gap of that kind is over before anybody came
 */
const CABLE_SECONDS = 45
/** and of a pressure line, s: drawing blood from it, flushing and zeroing it take a minute or two (our choice) */
const LINE_SECONDS = 120
/** observations before a channel is known to be regular */
const REGULAR = 30
/** s within which a change is a leap; after a longer gap nobody knows */
const LEAP_SECONDS = 10
/** observations in a row, each near the last, after which a leap was none */
const CONFIRMED = 5
/** time constants, s: how often a channel changes; where it usually is */
const CHANGING = 600
const USUAL = 180

interface Sensor extends SensorFacts, SensorKind, SensorPlace {
  /** index in the channel table */
  readonly index: number
  /** index in `sensors` of the partner, -1 = none */
  readonly beside: number
  /** index in `sensors` of another of its cable, -1 = none */
  readonly along: number
  /** heart rate by ECG: 0 is asystole */
  readonly beats: boolean
  /** where in the row the trouble of its pressures began, 0 = it is no pressure */
  readonly sinceAt: number
  /** where in the row its line stands, which damping makes it lie about; 0 = none does */
  readonly lineAt: number
}

/** Sensor logic over a channel table: it knows no model. A patient's row: `sensor-row.ts`. */
export interface SensorPlan extends SensorRow {
  /** channels of the table: D */
  readonly width: number
  readonly cadenceSeconds: number
  /** share of what is known of a channel's changes that is kept after so many ticks */
  readonly keep: (passed: number) => number
  readonly sensors: readonly Sensor[]
  /** where the pair stands in `sensors` */
  readonly pair: readonly [number, number]
  /** [sys, dia, mean] in the channel table; where in the row their trouble began */
  readonly pressures: readonly {
    readonly name: string
    readonly three: readonly number[]
    readonly sinceAt: number
    /** the mean, in `sensors` */
    readonly mean: number
    /** where in the row its line stands; 0 = it is a cuff's */
    readonly lineAt: number
  }[]
}

const isPaired = (channel: string): boolean => PAIR.some((name) => name === channel)

export function sensorPlan(table: ChannelTable, cadenceSeconds: number): SensorPlan {
  const known = SENSORS.filter(({ channel }) => table.index.has(channel))
  const place = (name: string | undefined) => known.findIndex(({ channel }) => channel === name)
  const kinds = known.map((facts) => ({
    ...facts,
    continuous: table.channels[table.index.get(facts.channel)!]!.cadence === 'continuous',
    paired: isPaired(facts.channel),
  }))
  const { places, linesAt, ...row } = sensorPlaces(kinds, PRESSURES.length, LINES.length)
  const pressures = PRESSURES.map((name, i) => ({
    name,
    three: ['sys', 'dia', 'mean'].map((part) => table.index.get(`${name}_${part}`)!),
    sinceAt: row.pressuresAt + i,
    mean: place(`${name}_mean`),
    lineAt: LINES.includes(name) ? linesAt + LINE_FIELDS * LINES.indexOf(name) : 0,
  }))
  const sensors = kinds.map((facts, s) => {
    const index = table.index.get(facts.channel)!
    return {
      ...facts,
      index,
      ...places[s]!,
      beside: place(facts.partner),
      along: place(facts.cable),
      beats: facts.channel === 'hr',
      sinceAt: pressures.find(({ three }) => three.includes(index))?.sinceAt ?? 0,
      // the mean of a damped line is right
      lineAt: pressures.find(({ three }) => three.indexOf(index) === 0 || three.indexOf(index) === 1)?.lineAt ?? 0,
    }
  })
  return {
    ...row,
    width: table.channels.length,
    cadenceSeconds,
    keep: remembered((passed) => Math.exp((-passed * cadenceSeconds) / CHANGING)),
    sensors,
    pair: [place(PAIR[0]), place(PAIR[1])],
    pressures,
  }
}

const FAULT_NAMES: Readonly<Record<number, SensorFault>> = {
  [MISSING]: 'missing',
  [FLAT]: 'flat-line',
  [LEAP]: 'implausible-jump',
  [ORDER]: 'contradiction',
  [DAMPED]: 'damped',
}

/** What is wrong with one sensor of the plan; undefined when nothing is. */
export const faultOf = (state: Page, at: number, sensor: Sensor): SensorFault | undefined =>
  FAULT_NAMES[faultBit(state, at, sensor)]

/** every fault bit that stands for the patient */
export const faultsOf = (plan: SensorPlan, state: Page, at: number): number => state.bytes[8 * at + plan.faultsAt]!

/**
 * Look at one frame's sensors before any model does. What is set aside here (an unconfirmed leap, a flat line, pressures
 * that contradict each other) no model may take for observed; the fixed limits see it all the same.
 * @returns whether the newest value of any sensor is set aside, so that a model needs `trusted` of this row
 */
export function siftFrame(plan: SensorPlan, state: Page, at: number, frames: FrameColumns, row: number): boolean {
  const from = row * plan.width
  const tick = frames.ticks[row]!
  const { floats, words, bytes } = state
  let faults = 0
  let aside = false
  let known = words[2 * at + KNOWN]!
  state[at + TICK] = tick
  for (let i = 0; i < plan.pressures.length; i++) {
    const { three, sinceAt, mean, lineAt } = plan.pressures[i]!
    if (frames.masks[from + three[2]!] !== 1 && ((known >> mean) & 1) === 0) continue
    if (!contradict(frames, from, three)) state[at + sinceAt] = Number.NaN
    else if (Number.isNaN(state[at + sinceAt]!)) state[at + sinceAt] = tick
    if (lineAt === 0) continue
    const { masks, values } = frames
    const sys = from + three[0]!
    const dia = from + three[1]!
    const middle = from + three[2]!
    if (masks[sys] !== 1 || masks[dia] !== 1 || masks[middle] !== 1) continue
    watchLine(state, at + lineAt, tick, plan.cadenceSeconds, values[sys]!, values[dia]!, values[middle]!)
  }
  for (let s = 0; s < plan.sensors.length; s++) {
    const sensor = plan.sensors[s]!
    const observed = frames.masks[from + sensor.index] === 1
    // most patients have a few of all sensors: the rows of the others are not even looked at
    if (!observed && ((known >> s) & 1) === 0) continue
    const own = 2 * at + sensor.wordAt
    let fault = 0
    if (observed) {
      known |= 1 << s
      const value = frames.values[from + sensor.index]!
      fault = observe(plan, state, at, s, tick, value)
      if (fault === LEAP && leapsTogether(plan, sensor, frames, from)) fault = 0
      if (sensor.lineAt > 0 && isDamped(state, at + sensor.lineAt)) fault = DAMPED
      if (sensor.sinceAt > 0 && !Number.isNaN(state[at + sensor.sinceAt]!)) fault = ORDER
      if (fault !== 0) beginDoubts(plan, state, at)
      floats[own + VALUE] = value
      words[own + SEEN] = tick | 0
      if (fault === 0) trust(plan, state, at, s)
    } else if (sensor.continuous && bytes[8 * at + sensor.byteAt + COUNT]! >= REGULAR) {
      const missed = ticksSince(tick, words[own + SEEN]!)
      const cable = sensor.along >= 0 && frames.masks[from + plan.sensors[sensor.along]!.index] !== 1
      const after = cable ? (sensor.sinceAt > 0 ? LINE_SECONDS : CABLE_SECONDS) : MISSED_SECONDS
      const every = state[at + sensor.at + EVERY]!
      if (missed * plan.cadenceSeconds >= after && missed >= MISSED_INTERVALS * every) fault = MISSING
    }
    bytes[8 * at + sensor.byteAt + FAULT] = fault
    faults |= fault
    if (doubted(state, at) && isAside(plan, state, at, s)) aside = true
  }
  if (mismatch(plan, state, at, frames, from, tick)) faults |= MISMATCH
  words[2 * at + KNOWN] = known
  bytes[8 * at + plan.faultsAt] = faults
  if (!aside && doubted(state, at)) endDoubts(plan, state, at)
  return aside
}

/** Write a sifted row as a model may take it: what is set aside is not observed, and the value before it ages. */
export function trusted(plan: SensorPlan, state: Page, at: number, frames: FrameColumns, row: number): void {
  const tick = frames.ticks[row]!
  for (let s = 0; s < plan.sensors.length; s++) {
    if (!isAside(plan, state, at, s)) continue
    const i = row * plan.width + plan.sensors[s]!.index
    frames.values[i] = goodOf(plan, state, at, s)
    frames.masks[i] = 0
    frames.ages[i] = (tick - goodTickOf(plan, state, at, s)) * plan.cadenceSeconds
  }
}

/** Take an observed value in, before it stands in the row; which fault it is, if any. */
function observe(plan: SensorPlan, state: Page, at: number, s: number, tick: number, value: number): number {
  const sensor = plan.sensors[s]!
  // a cuff value stands alone
  if (!sensor.continuous) return 0
  const seconds = plan.cadenceSeconds
  const own = at + sensor.at
  const before = newestOf(state, at, sensor)
  const restless = sensor.flat !== undefined
  if (Number.isNaN(before)) {
    if (restless) state[own + SINCE] = tick
    if (sensor.paired) state[own + HABIT] = value
    return 0
  }
  const passed = ticksSince(tick, state.words[2 * at + sensor.wordAt + SEEN]!)
  const countAt = 8 * at + sensor.byteAt + COUNT
  if (state.bytes[countAt]! < REGULAR) state.bytes[countAt]!++
  state[own + EVERY]! += (passed - state[own + EVERY]!) / 10
  if (restless) learnRuns(plan, state, own + RUNS_AT, tick, passed, value !== before)
  if (sensor.paired) state[own + HABIT]! += (value - state[own + HABIT]!) * Math.min(1, (passed * seconds) / USUAL)
  if (leapt(plan, state, at, s, tick, passed, value, before)) return LEAP
  if (!restless) return 0
  if (value !== before) {
    state[own + SINCE] = tick
    return 0
  }
  return isFlat(plan, state, own + RUNS_AT, sensor, tick) ? FLAT : 0
}

/** A change that no body makes, until several values in a row confirm it. */
function leapt(
  plan: SensorPlan,
  state: Page,
  at: number,
  s: number,
  tick: number,
  passed: number,
  value: number,
  before: number,
): boolean {
  const { beats, leap } = plan.sensors[s]!
  // no heart beat with a good signal is asystole, and no artefact
  if (beats && value === 0) return false
  if (!(Math.abs(value - goodOf(plan, state, at, s)) >= leap) || passed * plan.cadenceSeconds > LEAP_SECONDS)
    return false
  beginDoubts(plan, state, at)
  return countLeap(plan, state, at, s, Math.abs(value - before) < leap / 2, tick) < CONFIRMED
}

/** Two sensors of one heart that leap to the same place: it was the heart. */
function leapsTogether(plan: SensorPlan, sensor: Sensor, frames: FrameColumns, from: number): boolean {
  if (sensor.beside < 0) return false
  const other = from + plan.sensors[sensor.beside]!.index
  return (
    frames.masks[other] === 1 && Math.abs(frames.values[other]! - frames.values[from + sensor.index]!) < sensor.leap / 3
  )
}

/** Whether heart rate and pulse are not of one heart. */
function mismatch(
  plan: SensorPlan,
  state: Page,
  at: number,
  frames: FrameColumns,
  from: number,
  tick: number,
): boolean {
  const one = plan.sensors[plan.pair[0]]!
  const other = plan.sensors[plan.pair[1]]!
  if (frames.masks[from + one.index] !== 1 || frames.masks[from + other.index] !== 1) {
    partPair(state, at + PAIR_AT)
    return false
  }
  const first = newestOf(state, at, one)
  const second = newestOf(state, at, other)
  return watchPair(state, at + PAIR_AT, tick, plan.cadenceSeconds, first, second)
}

/** whether a tick's mean pressure lies outside its systolic and diastolic value */
export function contradict(frames: FrameColumns, from: number, three: readonly number[]): boolean {
  const { masks, values } = frames
  const sys = from + three[0]!
  const dia = from + three[1]!
  const mean = from + three[2]!
  if (masks[mean] !== 1) return false
  return (masks[sys] === 1 && values[mean]! > values[sys]!) || (masks[dia] === 1 && values[mean]! < values[dia]!)
}

import { LINE_FIELDS } from './damping.ts'
import type { Page } from './page.ts'
import { PAIR_FIELDS } from './pair.ts'
import { RUN_FIELDS } from './runs.ts'
import {
  beginDoubts,
  COUNT,
  doublesOf,
  doubted,
  EVERY,
  endDoubts,
  FAULT,
  goodOf,
  goodTickOf,
  HABIT,
  KNOWN,
  leapsOf,
  leaptOf,
  PAIR_AT,
  RUNS_AT,
  SEEN,
  type SensorRow,
  setDoubt,
  TICK,
  ticksSince,
  VALUE,
} from './sensor-row.ts'

/**
 * A patient's sensors as plain numbers, which say the same in every build: every fault that stands, the pair, the sensors known;
 * of each sensor its value and tick, the newest that was taken for true, its fault, and what its kind is asked; the
 * pressures' trouble, the lines. Ticks since 1970; NaN = never.
 */
const HEAD = 1 + PAIR_FIELDS + 1
const EPISODIC = 5
/** mean ticks between observations, observations, leaps, tick of the newest */
const CONTINUOUS = 4

/** How many they are. */
export function sensorNumbers({ sensors, pressures }: SensorRow): number {
  const own = sensors.map((it) => EPISODIC + (it.continuous ? CONTINUOUS - 1 + doublesOf(it) : 0))
  const lines = pressures.filter(({ lineAt }) => lineAt > 0).length
  return HEAD + own.reduce((sum, count) => sum + count, 0) + pressures.length + LINE_FIELDS * lines
}

/** @param into written from `to` on: [sensorNumbers(plan)] */
export function readSensors(plan: SensorRow, state: Page, at: number, into: Float64Array, to: number): void {
  const { words, floats, bytes } = state
  const doubts = doubted(state, at)
  const tick = state[at + TICK]!
  into[to++] = bytes[8 * at + plan.faultsAt]!
  for (let i = 0; i < PAIR_FIELDS; i++) into[to++] = state[at + PAIR_AT + i]!
  into[to++] = words[2 * at + KNOWN]!
  for (let s = 0; s < plan.sensors.length; s++) {
    const sensor = plan.sensors[s]!
    const { continuous, flat, paired, wordAt, byteAt } = sensor
    const own = at + sensor.at
    const value = floats[2 * at + wordAt + VALUE]!
    const seen = Number.isNaN(value) ? Number.NaN : tick - ticksSince(tick, words[2 * at + wordAt + SEEN]!)
    into[to] = value
    into[to + 1] = seen
    into[to + 2] = doubts ? goodOf(plan, state, at, s) : value
    into[to + 3] = doubts ? goodTickOf(plan, state, at, s) : seen
    into[to + 4] = bytes[8 * at + byteAt + FAULT]!
    to += EPISODIC
    if (!continuous) continue
    into[to] = state[own + EVERY]!
    into[to + 1] = bytes[8 * at + byteAt + COUNT]!
    into[to + 2] = doubts ? leapsOf(plan, state, at, s) : 0
    into[to + 3] = doubts ? leaptOf(plan, state, at, s) : Number.NaN
    to += CONTINUOUS
    if (flat !== undefined) for (let i = 0; i < RUN_FIELDS; i++) into[to++] = state[own + RUNS_AT + i]!
    if (paired) into[to++] = state[own + HABIT]!
  }
  for (let i = plan.pressuresAt; i < plan.stateSize; i++) into[to++] = state[at + i]!
}

/** The inverse of `readSensors`, into a row that was used or is new. */
export function writeSensors(plan: SensorRow, state: Page, at: number, from: Float64Array, next: number): void {
  endDoubts(plan, state, at)
  state.bytes[8 * at + plan.faultsAt] = from[next++]!
  for (let i = 0; i < PAIR_FIELDS; i++) state[at + PAIR_AT + i] = from[next++]!
  state.words[2 * at + KNOWN] = from[next++]!
  const first = next
  let newest = Number.NaN
  for (const sensor of plan.sensors) {
    const seen = from[next + 1]!
    state.floats[2 * at + sensor.wordAt + VALUE] = from[next]!
    state.words[2 * at + sensor.wordAt + SEEN] = seen
    if (!(seen <= newest) && !Number.isNaN(seen)) newest = seen
    state.bytes[8 * at + sensor.byteAt + FAULT] = from[next + 4]!
    next += EPISODIC
    if (!sensor.continuous) continue
    const own = at + sensor.at
    state[own + EVERY] = from[next]!
    state.bytes[8 * at + sensor.byteAt + COUNT] = from[next + 1]!
    next += CONTINUOUS
    if (sensor.flat !== undefined) for (let i = 0; i < RUN_FIELDS; i++) state[own + RUNS_AT + i] = from[next++]!
    if (sensor.paired) state[own + HABIT] = from[next++]!
  }
  state[at + TICK] = newest
  for (let i = plan.pressuresAt; i < plan.stateSize; i++) state[at + i] = from[next++]!
  next = first
  for (let s = 0; s < plan.sensors.length; s++) {
    const sensor = plan.sensors[s]!
    const [seen, good, goodTick] = [from[next + 1]!, from[next + 2]!, from[next + 3]!]
    if (goodTick !== seen && !Number.isNaN(seen)) {
      beginDoubts(plan, state, at)
      const leaps = sensor.continuous ? from[next + EPISODIC + 2]! : 0
      const leapt = sensor.continuous ? from[next + EPISODIC + 3]! : Number.NaN
      setDoubt(plan, state, at, s, { good, goodTick, leaps, leapt })
    }
    next += EPISODIC + (sensor.continuous ? CONTINUOUS - 1 + doublesOf(sensor) : 0)
  }
}

import type { Channel } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import { OK, type Reading } from '../vitals/reading.ts'

/** Fields of a patient's grid row before its channels. */
const NEWEST = 0
const AGREED = 1
const LAST_TICK = 2
const FIELDS = 3

/**
 * The time grid of one cadence: ticks of equal length since 1970, one frame per patient and tick that has data.
 * Row of a patient: [newest event time ms, agreed stamps, last closed tick, last value x D, tick of last value x D];
 * row of its open ticks: R x [tick, value x D], a ring by tick number.
 */
export interface GridPlan {
  readonly cadenceMs: number
  readonly latenessMs: number
  /** channels of the table: D */
  readonly width: number
  /** [D] episodic and static values enter at any age, without a tick of their own */
  readonly episodic: Uint8Array
  /** open ticks kept at most: R */
  readonly openTicks: number
  readonly stateSize: number
  readonly openSize: number
}

/** What each number of a grid row is: [stateSize] */
export function gridFields(channels: readonly Channel[]): string[] {
  const each = (what: string) => channels.map(({ name }) => `${what}.${name}`)
  return ['clock.newest', 'clock.agreed', 'clock.tick', ...each('value'), ...each('tick')]
}

/** What each number of a row of open ticks is: [openSize]. A ring of another length is another ring. */
export function openFields(plan: GridPlan, channels: readonly Channel[]): string[] {
  return Array.from({ length: plan.openTicks }, (_, r) => `open.${r}/${plan.openTicks}`).flatMap((cell) => [
    `${cell}.tick`,
    ...channels.map(({ name }) => `${cell}.${name}`),
  ])
}

/** @param latenessSeconds how long a tick waits for stragglers, for sources that do not declare whole sets */
export function gridPlan(channels: readonly Channel[], cadenceSeconds: number, latenessSeconds: number): GridPlan {
  const width = channels.length
  // one tick is filling, one is cut by the watermark, and stamps reach at most one lateness ahead of it
  const openTicks = Math.ceil(latenessSeconds / cadenceSeconds) + 2
  return {
    cadenceMs: cadenceSeconds * 1000,
    latenessMs: latenessSeconds * 1000,
    width,
    episodic: Uint8Array.from(channels, (channel) => (channel.cadence === 'continuous' ? 0 : 1)),
    openTicks,
    stateSize: FIELDS + 2 * width,
    openSize: openTicks * (1 + width),
  }
}

/** Forget everything about the patient: its next reading is its first. */
export function resetGrid(plan: GridPlan, state: Float64Array, at: number): void {
  state.fill(Number.NaN, at, at + plan.stateSize)
  state[at + AGREED] = 0
}

/** No tick is open. */
export function resetOpen(plan: GridPlan, open: Float64Array, at: number): void {
  open.fill(Number.NaN, at, at + plan.openSize)
}

export const newestTime = (state: Float64Array, at: number): number => state[at + NEWEST]!
export const agreedStamps = (state: Float64Array, at: number): number => state[at + AGREED]!
export const lastTick = (state: Float64Array, at: number): number => state[at + LAST_TICK]!

/** Move the patient's clock on to an accepted event time. The parts of one set share a stamp, which agrees but once. */
export function advanceClock(state: Float64Array, at: number, time: number, agreeing: number): void {
  if (state[at + AGREED]! < agreeing && state[at + NEWEST] !== time) state[at + AGREED]!++
  if (!(state[at + NEWEST]! >= time)) state[at + NEWEST] = time
}

/** A row of a round, to be filled; good until the next is asked for. */
export interface Place {
  readonly columns: FrameColumns
  readonly row: number
}

/** Where closed ticks go: called once per frame, in tick order, to be given a row to fill. */
export type FrameRow = (tick: number) => Place

/**
 * Put a reading into its tick, and emit every tick that this closes. A whole set closes its tick, and all before it,
 * on arrival; otherwise ticks close once the watermark has passed their end. The clock must have been advanced before.
 * @param open the open ticks' page, or undefined while the patient's source has only ever sent whole sets
 * @returns false when the reading is late: its tick was closed already
 */
export function takeReading(
  plan: GridPlan,
  state: Float64Array,
  at: number,
  open: Float64Array | undefined,
  openAt: number,
  reading: Reading,
  frameRow: FrameRow,
): boolean {
  const tick = Math.floor(reading.time / plan.cadenceMs)
  if (open === undefined) {
    if (tick <= state[at + LAST_TICK]!) return false
    closeWhole(plan, state, at, reading, tick, frameRow)
    return true
  }
  const watermark = watermarkTick(plan, state, at)
  closeUpTo(plan, state, at, open, openAt, watermark, frameRow)
  const last = state[at + LAST_TICK]!
  const closed = last > watermark ? last : watermark
  const late = tick <= closed
  if (!late) openCell(plan, open, openAt, tick)
  let kept = !late
  for (let s = 0; s < reading.channels.length; s++) {
    if (reading.statuses[s] !== OK) continue
    const own = ownTick(plan, reading, s, tick)
    if (own > closed) {
      // also where only its own tick is still open: a frame before that one must not know of it
      open[openCell(plan, open, openAt, own) + 1 + reading.channels[s]!] = reading.values[s]!
    } else if (!late || plan.episodic[reading.channels[s]!] === 1) {
      keepValue(plan, state, at, reading.channels[s]!, own, reading.values[s]!)
      kept = true
    }
  }
  if (reading.complete && !late) closeUpTo(plan, state, at, open, openAt, tick, frameRow)
  return kept
}

/** The tick a sample was measured in: its own stamp where it has one (a cuff value), never after its set's. */
function ownTick(plan: GridPlan, reading: Reading, s: number, tick: number): number {
  return reading.times === undefined ? tick : Math.min(tick, Math.floor(reading.times[s]! / plan.cadenceMs))
}

/** A whole set of a source that never sends parts: straight from the reading into a frame. */
function closeWhole(
  plan: GridPlan,
  state: Float64Array,
  at: number,
  reading: Reading,
  tick: number,
  frameRow: FrameRow,
): void {
  for (let s = 0; s < reading.channels.length; s++) {
    if (reading.statuses[s] !== OK) continue
    keepValue(plan, state, at, reading.channels[s]!, ownTick(plan, reading, s, tick), reading.values[s]!)
  }
  emitFrame(plan, state, at, tick, frameRow)
}

/** The newest value of a channel wins; of two in one tick, the one that came last. */
function keepValue(
  plan: GridPlan,
  state: Float64Array,
  at: number,
  channel: number,
  tick: number,
  value: number,
): void {
  if (state[at + FIELDS + plan.width + channel]! > tick) return
  state[at + FIELDS + channel] = value
  state[at + FIELDS + plan.width + channel] = tick
}

/** What is known of the patient at `tick`: observed where the newest value is of this very tick, else carried. */
function emitFrame(plan: GridPlan, state: Float64Array, at: number, tick: number, frameRow: FrameRow): void {
  const { columns, row } = frameRow(tick)
  const { width } = plan
  const seconds = plan.cadenceMs / 1000
  const values = at + FIELDS
  const ticks = values + width
  for (let d = 0, into = row * width; d < width; d++, into++) {
    const age = tick - state[ticks + d]!
    columns.values[into] = state[values + d]!
    columns.exact[into] = state[values + d]!
    columns.masks[into] = age === 0 ? 1 : 0
    columns.ages[into] = age * seconds
  }
  state[at + LAST_TICK] = tick
}

/** The ring cell of an open tick; a cell is free once its tick is closed, so stamps within the lateness never collide. */
function openCell(plan: GridPlan, open: Float64Array, openAt: number, tick: number): number {
  const cell = openAt + (tick % plan.openTicks) * (1 + plan.width)
  open[cell] = tick
  return cell
}

/** Close every open tick up to and including `limit`, oldest first. */
function closeUpTo(
  plan: GridPlan,
  state: Float64Array,
  at: number,
  open: Float64Array,
  openAt: number,
  limit: number,
  frameRow: FrameRow,
): void {
  for (;;) {
    const cell = oldestOpen(plan, open, openAt)
    const tick = cell < 0 ? Number.NaN : open[cell]!
    if (!(tick <= limit)) return
    for (let d = 0; d < plan.width; d++) {
      const value = open[cell + 1 + d]!
      if (!Number.isNaN(value)) keepValue(plan, state, at, d, tick, value)
    }
    open.fill(Number.NaN, cell, cell + 1 + plan.width)
    emitFrame(plan, state, at, tick, frameRow)
  }
}

function oldestOpen(plan: GridPlan, open: Float64Array, openAt: number): number {
  let oldest = -1
  for (let r = 0; r < plan.openTicks; r++) {
    const cell = openAt + r * (1 + plan.width)
    if (!Number.isNaN(open[cell]!) && (oldest < 0 || open[cell]! < open[oldest]!)) oldest = cell
  }
  return oldest
}

/** The newest tick whose end the patient's watermark (newest event time minus lateness) has passed. */
function watermarkTick(plan: GridPlan, state: Float64Array, at: number): number {
  return Math.floor((state[at + NEWEST]! - plan.latenessMs) / plan.cadenceMs) - 1
}

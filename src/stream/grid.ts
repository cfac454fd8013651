import type { Page } from '../scoring/page.ts'
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
 * Row of a patient: [newest event time ms, agreed stamps, last closed tick, last value x D, NaN before the first], then in words
 * the tick of the last value x D modulo 2^32; row of its open ticks: R x [tick, value x D], a ring by tick number.
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

/** What each plain number of a patient's grid is. */
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
    stateSize: FIELDS + width + Math.ceil(width / 2),
    openSize: openTicks * (1 + width),
  }
}

/** Forget everything about the patient: its next reading is its first. */
export function resetGrid(plan: GridPlan, state: Page, at: number): void {
  state.fill(0, at, at + plan.stateSize)
  state.fill(Number.NaN, at, at + FIELDS + plan.width)
  state[at + AGREED] = 0
}

/** where the words of a row begin */
const wordsAt = ({ width }: GridPlan, at: number): number => 2 * (at + FIELDS + width)

/** A patient's grid as plain numbers: `gridFields`. @param into written from `to` on */
export function readGrid(plan: GridPlan, state: Page, at: number, into: Float64Array, to: number): void {
  const { width } = plan
  for (let i = 0; i < FIELDS + width; i++) into[to + i] = state[at + i]!
  const now = newestTick(plan, state, at)
  for (let d = 0; d < width; d++) {
    const age = ((now | 0) - state.words[wordsAt(plan, at) + d]!) >>> 0
    into[to + FIELDS + width + d] = Number.isNaN(state[at + FIELDS + d]!) ? Number.NaN : now - age
  }
}

/** The inverse of `readGrid`. */
export function writeGrid(plan: GridPlan, state: Page, at: number, from: Float64Array, next: number): void {
  const { width } = plan
  for (let i = 0; i < FIELDS + width; i++) state[at + i] = from[next + i]!
  for (let d = 0; d < width; d++) state.words[wordsAt(plan, at) + d] = from[next + FIELDS + width + d]!
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
  state: Page,
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
  const now = newestTick(plan, state, at)
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
      keepValue(plan, state, at, now, reading.channels[s]!, own, reading.values[s]!)
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
function closeWhole(plan: GridPlan, state: Page, at: number, reading: Reading, tick: number, frameRow: FrameRow): void {
  for (let s = 0; s < reading.channels.length; s++) {
    if (reading.statuses[s] !== OK) continue
    keepValue(plan, state, at, tick, reading.channels[s]!, ownTick(plan, reading, s, tick), reading.values[s]!)
  }
  emitFrame(plan, state, at, tick, frameRow)
}

/** The newest value of a channel wins; of two in one tick, the one that came last. @param now no value is of a later tick */
function keepValue(
  plan: GridPlan,
  state: Page,
  at: number,
  now: number,
  channel: number,
  tick: number,
  value: number,
): void {
  const own = wordsAt(plan, at) + channel
  if (((now | 0) - state.words[own]!) >>> 0 < now - tick && !Number.isNaN(state[at + FIELDS + channel]!)) return
  state[at + FIELDS + channel] = value
  state.words[own] = tick
}

/** What is known of the patient at `tick`: observed where the newest value is of this very tick, else carried. */
function emitFrame(plan: GridPlan, state: Page, at: number, tick: number, frameRow: FrameRow): void {
  const { columns, row } = frameRow(tick)
  const { width } = plan
  const seconds = plan.cadenceMs / 1000
  const values = at + FIELDS
  const ticks = wordsAt(plan, at)
  for (let d = 0, into = row * width; d < width; d++, into++) {
    const value = state[values + d]!
    const never = Number.isNaN(value)
    const age = ((tick | 0) - state.words[ticks + d]!) >>> 0
    columns.values[into] = value
    columns.exact[into] = value
    columns.masks[into] = age === 0 && !never ? 1 : 0
    columns.ages[into] = never ? Number.NaN : age * seconds
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
  state: Page,
  at: number,
  open: Float64Array,
  openAt: number,
  limit: number,
  frameRow: FrameRow,
): void {
  const newest = newestTick(plan, state, at)
  for (;;) {
    const cell = oldestOpen(plan, open, openAt)
    const tick = cell < 0 ? Number.NaN : open[cell]!
    if (!(tick <= limit)) return
    for (let d = 0; d < plan.width; d++) {
      const value = open[cell + 1 + d]!
      if (!Number.isNaN(value)) keepValue(plan, state, at, newest, d, tick, value)
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

/** The tick of the patient's clock. */
const newestTick = (plan: GridPlan, state: Page, at: number): number => Math.floor(state[at + NEWEST]! / plan.cadenceMs)

/** The newest tick whose end the patient's watermark (newest event time minus lateness) has passed. */
function watermarkTick(plan: GridPlan, state: Float64Array, at: number): number {
  return Math.floor((state[at + NEWEST]! - plan.latenessMs) / plan.cadenceMs) - 1
}

import type { ChannelTable } from '../vitals/channels.ts'
import type { Reading } from '../vitals/reading.ts'
import { type ClockVerdict, judge } from './clock.ts'
import { advanceClock, agreedStamps, type FrameRow, type GridPlan, gridFields, lastTick, newestTime, openFields, readGrid, resetGrid, resetOpen, takeReading, writeGrid } from './grid.ts' // biome-ignore format: one line
import type { Rounds } from './rounds.ts'
import { Rows, type SavedRows, wholeRows } from './rows.ts'
import type { Session } from './session.ts'

/** What became of a reading in its patient's grid. */
export interface Ticked {
  /** false: its tick was closed before */
  kept: boolean
  /** it moved the patient's clock, or closed a tick */
  moved: boolean
}

/** The clock and the open ticks of every patient of a ward, a row each; ticks that close become frames in the rounds. */
export class Clocks {
  readonly #grid: GridPlan
  readonly #aheadMs: number
  readonly #agreeing: number
  readonly #rounds: Rounds
  readonly #rows: Rows
  readonly #open: Rows
  /** of the reading that is being taken */
  #slot = 0
  #offset = 0
  /** what `take` gives, every time the same */
  readonly #ticked: Ticked = { kept: false, moved: false }
  readonly #frameRow: FrameRow = (tick) => {
    const place = this.#rounds.push(this.#slot, tick)
    place.columns.offsets[place.row] = this.#offset
    this.#ticked.moved = true
    return place
  }

  /**
   * @param aheadMs how far ahead of a patient's clock a stamp may be
   * @param agreeing stamps that must agree before a clock is trusted
   */
  constructor(grid: GridPlan, aheadMs: number, agreeing: number, rounds: Rounds) {
    this.#grid = grid
    this.#aheadMs = aheadMs
    this.#agreeing = agreeing
    this.#rounds = rounds
    this.#rows = new Rows(grid.stateSize)
    this.#open = new Rows(grid.openSize)
  }

  /** The rows that belong into a patient's saved state; `open` only of one whose readings come in parts. */
  saved({ channels }: ChannelTable): { readonly clocks: SavedRows; readonly open: SavedRows } {
    return {
      clocks: {
        fields: gridFields(channels),
        read: (slot, into, to) => readGrid(this.#grid, this.#rows.page(slot), this.#rows.at(slot), into, to),
        write: (slot, from, next) => writeGrid(this.#grid, this.#rows.page(slot), this.#rows.at(slot), from, next),
      },
      open: wholeRows(this.#open, openFields(this.#grid, channels)),
    }
  }

  /** A new patient on the slot. */
  reset(slot: number): void {
    resetGrid(this.#grid, this.#rows.page(slot), this.#rows.at(slot))
  }

  /** Newest event time accepted, ms; NaN before the first. */
  newest(slot: number): number {
    return newestTime(this.#rows.page(slot), this.#rows.at(slot))
  }

  judge(slot: number, time: number): ClockVerdict {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    return judge(newestTime(page, at), agreedStamps(page, at), time, this.#agreeing, this.#aheadMs)
  }

  /** A reading into its patient's grid. @returns good until the next */
  take(session: Session, reading: Reading, offset: number): Readonly<Ticked> {
    const { slot } = session
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    const before = newestTime(page, at)
    advanceClock(page, at, reading.time, this.#agreeing)
    this.#slot = slot
    this.#offset = offset
    this.#ticked.moved = newestTime(page, at) !== before
    if (!reading.complete && !session.inParts) {
      resetOpen(this.#grid, this.#open.page(slot), this.#open.at(slot))
      session.inParts = true
    }
    const open = session.inParts ? this.#open.page(slot) : undefined
    const openAt = session.inParts ? this.#open.at(slot) : 0
    this.#ticked.kept = takeReading(this.#grid, page, at, open, openAt, reading, this.#frameRow)
    return this.#ticked
  }

  /** Seconds from a time to the patient's newest closed tick. */
  behind(slot: number, time: number): number {
    return (lastTick(this.#rows.page(slot), this.#rows.at(slot)) * this.#grid.cadenceMs - time) / 1000
  }
}

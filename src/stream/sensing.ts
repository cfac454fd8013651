import { sensorConditions } from '../scoring/sensor-conditions.ts'
import { readSensors, sensorNumbers, writeSensors } from '../scoring/sensor-numbers.ts'
import { resetSensors } from '../scoring/sensor-row.ts'
import { faultOf, faultsOf, MISSING, type SensorPlan, sensorPlan, siftFrame, trusted } from '../scoring/sensors.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import { type FrameColumns, frameColumns } from '../vitals/frame.ts'
import type { FrameReport } from '../vitals/report.ts'
import { numbered, Rows, type SavedRows } from './rows.ts'

/** Of the numbers that are saved: another one is not what an older saved state means. */
const LAYOUT = 5

/** The sensors of every patient of a ward: a row each, looked at before any model. */
export class Sensing {
  readonly #table: ChannelTable
  readonly #plan: SensorPlan
  readonly #rows: Rows
  /** [rows of a round] faults of each row of the round that was sifted last */
  #faults = new Int32Array(0)
  /** rounds without what was set aside, made when first needed: while one is stepped the next may be sifted */
  readonly #clean: [FrameColumns | undefined, FrameColumns | undefined] = [undefined, undefined]
  #turn = 0

  constructor(table: ChannelTable, cadenceSeconds: number) {
    this.#table = table
    this.#plan = sensorPlan(table, cadenceSeconds)
    this.#rows = new Rows(this.#plan.stateSize)
  }

  /** The rows that belong into a patient's saved state. */
  get saved(): SavedRows {
    const rows = this.#rows
    const plan = this.#plan
    return {
      fields: numbered(`sensors/${LAYOUT}`, sensorNumbers(plan)),
      read: (slot, into, at) => readSensors(plan, rows.page(slot), rows.at(slot), into, at),
      write: (slot, from, at) => writeSensors(plan, rows.page(slot), rows.at(slot), from, at),
    }
  }

  /** A new patient on the slot. */
  reset(slot: number): void {
    resetSensors(this.#plan, this.#rows.page(slot), this.#rows.at(slot))
  }

  /**
   * Sift a round, each frame once.
   * @returns the round as models may take it: itself when nothing is set aside, else a copy that is good until the next call
   *   but one
   */
  sift(round: FrameColumns): FrameColumns {
    let clean: FrameColumns | undefined
    this.#turn = 1 - this.#turn
    if (this.#faults.length < round.count) this.#faults = new Int32Array(round.ticks.length)
    for (let row = 0; row < round.count; row++) {
      const slot = round.slots[row]!
      const page = this.#rows.page(slot)
      const at = this.#rows.at(slot)
      const aside = siftFrame(this.#plan, page, at, round, row)
      this.#faults[row] = faultsOf(this.#plan, page, at)
      if (!aside) continue
      clean ??= this.#copy(round)
      trusted(this.#plan, page, at, clean, row)
    }
    return clean ?? round
  }

  /** Whether a sensor makes something up in a row of the round that was sifted last, rather than being silent. */
  suspect(row: number): boolean {
    return (this.#faults[row]! & ~MISSING) !== 0
  }

  /** What is wrong with the sensors in a row of the round that was sifted last, added to `out`. */
  conditions(slot: number, row: number, tick: number, out: Condition[]): void {
    if (this.#faults[row] === 0) return
    sensorConditions(this.#plan, this.#table, this.#rows.page(slot), this.#rows.at(slot), tick, out)
  }

  /** What is wrong with single channels in a row of the round that was sifted last. */
  faults(slot: number, row: number): FrameReport['faults'] {
    if (this.#faults[row] === 0) return []
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    return this.#plan.sensors.flatMap((sensor) => {
      const fault = faultOf(page, at, sensor)
      return fault === undefined ? [] : [{ channel: sensor.channel, fault }]
    })
  }

  #copy(round: FrameColumns): FrameColumns {
    const rows = round.ticks.length
    const known = this.#clean[this.#turn]
    const clean = known !== undefined && known.ticks.length >= rows ? known : frameColumns(rows, this.#plan.width)
    this.#clean[this.#turn] = clean
    const { count } = round
    const cells = count * this.#plan.width
    clean.count = count
    clean.slots.set(round.slots.subarray(0, count))
    clean.ticks.set(round.ticks.subarray(0, count))
    clean.offsets.set(round.offsets.subarray(0, count))
    clean.values.set(round.values.subarray(0, cells))
    clean.masks.set(round.masks.subarray(0, cells))
    clean.ages.set(round.ages.subarray(0, cells))
    return clean
  }
}

import type { Input } from '../../stream/ports.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import { OK } from '../../vitals/reading.ts'
import type { OpenWard } from '../budget/calibration.ts'
import type { Columns } from '../faults/baselines/baseline.ts'

const MINUTE = 60_000

/** Means by the minute of every patient of a ward: what charts of slow change are given, and what strips show. */
export class MinuteMeans {
  readonly table: ChannelTable
  /** ms since 1970 of minute 0 */
  readonly start: number
  /** M */
  readonly minutes: number
  readonly #sums = new Map<string, { readonly sum: Float64Array; readonly count: Uint16Array }>()

  constructor(table: ChannelTable, start: number, hours: number) {
    this.table = table
    this.start = start
    this.minutes = Math.ceil(hours * 60)
  }

  get patients(): readonly string[] {
    return [...this.#sums.keys()].sort()
  }

  /** The same ward, noted as it passes. */
  noting(open: OpenWard): OpenWard {
    const add = (input: Input) => this.#add(input)
    return async function* (every) {
      for await (const inputs of open(every)) {
        inputs.forEach(add)
        yield inputs
      }
    }
  }

  /** [M, D] of one patient, channels as in the table; NaN where there was no value. */
  of(patient: string): Columns {
    const { sum, count } = this.#sums.get(patient)!
    return { values: sum.map((value, i) => (count[i] === 0 ? Number.NaN : value / count[i]!)), seconds: this.minutes }
  }

  #add(input: Input): void {
    if (input.kind !== 'reading') return
    const minute = Math.floor((input.time - this.start) / MINUTE)
    if (minute < 0 || minute >= this.minutes) return
    const width = this.table.channels.length
    let row = this.#sums.get(input.patientKey)
    if (row === undefined) {
      row = { sum: new Float64Array(this.minutes * width), count: new Uint16Array(this.minutes * width) }
      this.#sums.set(input.patientKey, row)
    }
    for (let i = 0; i < input.channels.length; i++) {
      if (input.statuses[i] !== OK) continue
      row.sum[minute * width + input.channels[i]!]! += input.values[i]!
      row.count[minute * width + input.channels[i]!]!++
    }
  }
}

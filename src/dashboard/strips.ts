import type { Sample, Strip } from './protocol.ts'

interface Columns {
  readonly value: Float32Array
  readonly low: Float32Array
  readonly high: Float32Array
}

/**
 * The last frames of one bed as rings: one time column, and value, low and high for each channel that ever had a value.
 * NaN where there is none.
 */
export class Strips {
  readonly #capacity: number
  /** [capacity] event time, ms */
  readonly #times: Float64Array
  readonly #columns = new Map<number, Columns>()
  #next = 0
  #count = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#times = new Float64Array(capacity)
  }

  /** @param maxAge a value older than this many seconds is not drawn: a gap is a gap */
  push(time: number, samples: readonly Sample[], maxAge: number): void {
    const at = this.#next
    this.#times[at] = time
    for (const { value, low, high } of this.#columns.values()) {
      value[at] = Number.NaN
      low[at] = Number.NaN
      high[at] = Number.NaN
    }
    for (const [channel, observed, age, from, to] of samples) {
      const columns = this.#of(channel)
      if (age <= maxAge) columns.value[at] = observed
      if (from !== null) columns.low[at] = from
      if (to !== null) columns.high[at] = to
    }
    this.#next = (at + 1) % this.#capacity
    this.#count = Math.min(this.#count + 1, this.#capacity)
  }

  /** every channel's columns, oldest first */
  view(): Strip[] {
    const first = (this.#next - this.#count + this.#capacity) % this.#capacity
    const rows = Array.from({ length: this.#count }, (_, i) => (first + i) % this.#capacity)
    const numbers = (column: Float32Array) => rows.map((at) => hundredths(column[at]!))
    const time = rows.map((at) => this.#times[at]! / 1000)
    return [...this.#columns].map(([channel, { value, low, high }]) => ({
      channel, time, value: numbers(value), low: numbers(low), high: numbers(high),
    })) // biome-ignore format: one strip, one line
  }

  #of(channel: number): Columns {
    let columns = this.#columns.get(channel)
    if (columns === undefined) {
      const empty = () => new Float32Array(this.#capacity).fill(Number.NaN)
      columns = { value: empty(), low: empty(), high: empty() }
      this.#columns.set(channel, columns)
    }
    return columns
  }
}

/** As frames are rounded on the wire; null for NaN, which JSON does not have. */
function hundredths(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100
}

import type { BedStrips, Sample, Strip } from './protocol.ts'

interface Columns {
  readonly value: Float32Array
  readonly low: Float32Array
  readonly high: Float32Array
  readonly aside: Float32Array
}

/** Strips as they are kept in a snapshot. */
export interface SavedStrips {
  readonly times: Float64Array
  readonly columns: readonly (readonly [channel: number, columns: Columns])[]
  readonly next: number
  readonly count: number
  readonly newest: number
}

/**
 * The last frames of one bed as rings: one time column, and value, low, high and the value set aside for each channel
 * that ever had a value.
 * NaN where there is none.
 */
export class Strips {
  readonly #capacity: number
  /** [capacity] event time, ms */
  readonly #times: Float64Array
  readonly #columns = new Map<number, Columns>()
  #next = 0
  #count = 0
  #newest = Number.NEGATIVE_INFINITY

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#times = new Float64Array(capacity)
  }

  /**
   * @param maxAge a value older than this many seconds is not drawn: a gap is a gap
   * @param setAside channels whose value is not taken for true
   */
  push(time: number, samples: readonly Sample[], maxAge: number, setAside: readonly number[] = []): void {
    // event time jumped back: another recording began, and the old strip is not its past
    if (this.#count > 0 && time <= this.#newest) this.#count = 0
    this.#newest = time
    const at = this.#next
    this.#times[at] = time
    for (const { value, low, high, aside } of this.#columns.values()) {
      value[at] = Number.NaN
      aside[at] = Number.NaN
      low[at] = Number.NaN
      high[at] = Number.NaN
    }
    for (const [channel, observed, age, from, to] of samples) {
      const columns = this.#of(channel)
      if (setAside.includes(channel)) columns.aside[at] = observed
      else if (age <= maxAge) columns.value[at] = observed
      if (from !== null) columns.low[at] = from
      if (to !== null) columns.high[at] = to
    }
    this.#next = (at + 1) % this.#capacity
    this.#count = Math.min(this.#count + 1, this.#capacity)
  }

  /** As they stand: what is given is theirs, and changes with them. */
  save(): SavedStrips {
    return {
      times: this.#times,
      columns: [...this.#columns],
      next: this.#next,
      count: this.#count,
      newest: this.#newest,
    }
  }

  /** Take over what was saved of strips of the same capacity. */
  load({ times, columns, next, count, newest }: SavedStrips): void {
    this.#times.set(times)
    this.#columns.clear()
    for (const [channel, { value, low, high, aside }] of columns) {
      const own = this.#of(channel)
      own.value.set(value)
      own.low.set(low)
      own.high.set(high)
      own.aside.set(aside)
    }
    this.#next = next
    this.#count = count
    this.#newest = newest
  }

  /** channels that ever had a value */
  get channels(): Iterable<number> {
    return this.#columns.keys()
  }

  /** Columns, oldest first. @param wanted of which channels; of all that ever had a value when absent */
  view(wanted: (channel: number) => boolean = () => true): BedStrips {
    const first = (this.#next - this.#count + this.#capacity) % this.#capacity
    const unrolled = (column: ArrayLike<number>): (number | null)[] => {
      const values = new Array<number | null>(this.#count)
      for (let i = 0; i < this.#count; i++) values[i] = hundredths(column[(first + i) % this.#capacity]!)
      return values
    }
    // a column of nothing is not told: two hundred beds are megabytes of it
    const told = (column: ArrayLike<number>) => {
      const values = unrolled(column)
      return values.every((value) => value === null) ? [] : values
    }
    const channels: Strip[] = []
    for (const [channel, { value, low, high, aside }] of this.#columns) {
      if (!wanted(channel)) continue
      const held = { value: told(value), low: told(low), high: told(high), aside: told(aside) }
      channels.push({ channel, ...held })
    }
    return { time: unrolled(this.#times.map((ms) => ms / 1000)) as number[], channels }
  }

  #of(channel: number): Columns {
    let columns = this.#columns.get(channel)
    if (columns === undefined) {
      const empty = () => new Float32Array(this.#capacity).fill(Number.NaN)
      columns = { value: empty(), low: empty(), high: empty(), aside: empty() }
      this.#columns.set(channel, columns)
    }
    return columns
  }
}

/** As frames are rounded on the wire; null for NaN, which JSON does not have. */
function hundredths(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100
}

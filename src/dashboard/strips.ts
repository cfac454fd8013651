import type { BedStrips, Sample, Strip } from './protocol.ts'

/** numbers of one frame of one channel: value, low, high, the value set aside */
const FIELDS = 4
const VALUE = 0
const LOW = 1
const HIGH = 2
const ASIDE = 3

/** Strips as they are kept in a snapshot. */
export interface SavedStrips {
  readonly times: Float64Array
  readonly columns: readonly (readonly [channel: number, columns: Float32Array])[]
  readonly next: number
  readonly count: number
  readonly newest: number
}

/**
 * The last frames of one bed as rings: one time column, and value, low, high and the value set aside for each channel
 * that ever had a value, side by side. NaN where there is none.
 */
export class Strips {
  readonly #capacity: number
  /** [capacity] event time, ms */
  readonly #times: Float64Array
  /** channel -> [capacity, FIELDS] */
  readonly #columns = new Map<number, Float32Array>()
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
    const from = at * FIELDS
    for (const columns of this.#columns.values()) columns.fill(Number.NaN, from, from + FIELDS)
    for (const [channel, observed, age, low, high] of samples) {
      const columns = this.#of(channel)
      if (setAside.includes(channel)) columns[from + ASIDE] = observed
      else if (age <= maxAge) columns[from + VALUE] = observed
      if (low !== null) columns[from + LOW] = low
      if (high !== null) columns[from + HIGH] = high
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
    for (const [channel, saved] of columns) this.#of(channel).set(saved)
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
    const unrolled = (at: (i: number) => number): (number | null)[] => {
      const values = new Array<number | null>(this.#count)
      for (let i = 0; i < this.#count; i++) values[i] = hundredths(at((first + i) % this.#capacity))
      return values
    }
    // a column of nothing is not told: two hundred beds are megabytes of it
    const told = (columns: Float32Array, field: number) => {
      const values = unrolled((i) => columns[i * FIELDS + field]!)
      return values.every((value) => value === null) ? [] : values
    }
    const channels: Strip[] = []
    for (const [channel, columns] of this.#columns) {
      if (!wanted(channel)) continue
      const held = { value: told(columns, VALUE), low: told(columns, LOW), high: told(columns, HIGH) }
      channels.push({ channel, ...held, aside: told(columns, ASIDE) })
    }
    return { time: unrolled((i) => this.#times[i]! / 1000) as number[], channels }
  }

  #of(channel: number): Float32Array {
    let columns = this.#columns.get(channel)
    if (columns === undefined) {
      columns = new Float32Array(this.#capacity * FIELDS).fill(Number.NaN)
      this.#columns.set(channel, columns)
    }
    return columns
  }
}

/** As frames are rounded on the wire; null for NaN, which JSON does not have. */
function hundredths(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100
}

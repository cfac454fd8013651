/** How much a record may add: a thousand times the largest value so far. */
const LARGEST_RECORD = 3

/**
 * How rare a value is among all that one series has shown before, whatever their scale and tails: with n values before it
 * of which k were at least as large, log10((n + 1) / (k + 1)). A new largest value adds `recordGain` for each power of ten
 * it lies above the old one.
 */
export class OwnHistory {
  readonly #recordGain: number
  /** [>= count] rising */
  #sorted = new Float64Array(1024)
  #count = 0

  constructor(recordGain: number) {
    this.#recordGain = recordGain
  }

  get count(): number {
    return this.#count
  }

  /** The rarity of a value before it joins the history. @param value of at least 0 */
  push(value: number): number {
    const count = this.#count
    const at = this.#firstAtLeast(value)
    const above = count - at
    let rarity = Math.log10((count + 1) / (above + 1))
    const largest = count === 0 ? 0 : this.#sorted[count - 1]!
    if (above === 0 && largest > 0) {
      rarity += this.#recordGain * Math.min(Math.log10(value / largest), LARGEST_RECORD)
    }
    if (count === this.#sorted.length) {
      const longer = new Float64Array(2 * count)
      longer.set(this.#sorted)
      this.#sorted = longer
    }
    this.#sorted.copyWithin(at + 1, at, count)
    this.#sorted[at] = value
    this.#count++
    return rarity
  }

  #firstAtLeast(value: number): number {
    let [low, high] = [0, this.#count]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
}

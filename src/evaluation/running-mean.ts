/** Mean and standard deviation of the newest values of a series, at most so many of them. */
export class RunningMean {
  readonly #values: Float64Array
  #count = 0
  #next = 0
  #sum = 0
  #squares = 0

  constructor(length: number) {
    this.#values = new Float64Array(length)
  }

  get count(): number {
    return this.#count
  }

  /** whether it holds as many values as it ever will */
  get full(): boolean {
    return this.#count === this.#values.length
  }

  /** 0 of none */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** of all that it holds, about their mean */
  get deviation(): number {
    return this.#count === 0 ? 0 : Math.sqrt(Math.max(0, this.#squares / this.#count - this.mean ** 2))
  }

  /** root of the mean square */
  get rootMeanSquare(): number {
    return this.#count === 0 ? 0 : Math.sqrt(Math.max(0, this.#squares / this.#count))
  }

  /** @returns the mean with the new value */
  push(value: number): number {
    if (this.full) {
      const oldest = this.#values[this.#next]!
      this.#sum -= oldest
      this.#squares -= oldest * oldest
    } else this.#count++
    this.#values[this.#next] = value
    this.#sum += value
    this.#squares += value * value
    this.#next = (this.#next + 1) % this.#values.length
    return this.mean
  }
}

import type { Input, InputBatch } from './ports.ts'
import type { Ward } from './ward.ts'

/** What one flush takes into the ward: its batches, in order, and where it stands in them. */
export class Taking {
  /** those that are acknowledged when the flush ends */
  readonly batches: InputBatch[] = []
  readonly #ward: Ward
  readonly #maxBatch: number
  readonly #now: () => number
  readonly #inputs: (readonly Input[])[] = []
  #inputCount = 0
  /** the next input: its batch, and its place in it */
  #batch = 0
  #at = 0

  /**
   * @param maxBatch frames that are enough to wait for a step
   * @param now wall clock, ms
   */
  constructor(ward: Ward, maxBatch: number, now: () => number) {
    this.#ward = ward
    this.#maxBatch = maxBatch
    this.#now = now
  }

  /** inputs of all batches, without what turns gave */
  get inputs(): number {
    return this.#inputCount
  }

  /** whether some are not taken yet */
  get left(): boolean {
    return this.#batch < this.batches.length
  }

  /** @param inputs the batch's, or what the turn gave */
  add(batch: InputBatch, inputs: readonly Input[]): void {
    this.batches.push(batch)
    this.#inputs.push(inputs)
    this.#inputCount += batch.inputs.length
    this.#skipTaken()
  }

  /** Hand all that is left to the ward, as far as it takes it without a drain. */
  takeAll(): void {
    this.#take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  /**
   * While a round is stepped: as many inputs as fill the next one.
   * @param more asked for further batches where these are taken
   */
  takeMeanwhile(more: () => void): void {
    const most = this.#take(this.#maxBatch, this.#maxBatch)
    if (this.left || most === 0) return
    more()
    if (this.left) this.#take(most, this.#maxBatch)
  }

  /** @returns how many of `most` it did not need, or nothing was left of */
  #take(most: number, frames: number): number {
    const ward = this.#ward
    const arrived = this.#now()
    let left = most
    while (this.left && left > 0 && ward.waiting < frames) {
      const batch = this.batches[this.#batch]!
      const input = this.#inputs[this.#batch]![this.#at]!
      if (!ward.accept(input, batch, batch.offsets[this.#at] ?? -1, arrived)) return left
      left--
      this.#at++
      this.#skipTaken()
    }
    return left
  }

  #skipTaken(): void {
    while (this.#batch < this.batches.length && this.#at >= this.#inputs[this.#batch]!.length) {
      this.batches[this.#batch]!.taken?.()
      this.#batch++
      this.#at = 0
    }
  }
}

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
  /** inputs that the next round may take */
  #budget = 0

  /**
   * @param maxBatch rows of a round
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

  /** The next round is to be filled. */
  begin(): void {
    this.#budget = this.#maxBatch
  }

  /**
   * Hand the ward what fills its next round: at most so many inputs as a round has rows, for they need not close frames.
   * @returns whether it would take more than there is
   */
  wants(): boolean {
    const ward = this.#ward
    const arrived = this.#now()
    while (this.#budget > 0 && ward.waiting < this.#maxBatch) {
      if (!this.left) return true
      const batch = this.batches[this.#batch]!
      const input = this.#inputs[this.#batch]![this.#at]!
      if (!ward.accept(input, batch, batch.offsets[this.#at] ?? -1, arrived)) return false
      this.#budget--
      this.#at++
      this.#skipTaken()
    }
    return false
  }

  #skipTaken(): void {
    while (this.#batch < this.batches.length && this.#at >= this.#inputs[this.#batch]!.length) {
      this.batches[this.#batch]!.taken?.()
      this.#batch++
      this.#at = 0
    }
  }
}

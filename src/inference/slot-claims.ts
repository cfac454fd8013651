import { VigilError } from '../errors.ts'

const FEWEST = 256

/** Which slots stand in a step in flight: no slot stands twice in one, and nobody touches them meanwhile. */
export class SlotClaims {
  /** steps in flight at most */
  readonly #most: number
  /** [slots] number of the step a slot last stood in */
  #stamps = new Float64Array(FEWEST)
  #step = 0
  /** numbers of the steps in flight: they end in the order in which they begin */
  readonly #flying: number[] = []

  constructor(most = 1) {
    this.#most = most
  }

  /** steps in flight */
  get flying(): number {
    return this.#flying.length
  }

  /**
   * Begin a step of these rows; they are locked until `release`.
   * @throws VigilError internal when as many are in flight as may be, the count does not fit, or a slot stands twice in it
   */
  claim(slots: Int32Array, count: number): void {
    if (this.flying === this.#most) throw new VigilError('internal', 'a step was asked for while another is in flight')
    if (!Number.isInteger(count) || count < 1 || count > slots.length) {
      throw new VigilError('internal', `a step of ${count} rows was asked for, with ${slots.length} slots`)
    }
    this.#step++
    for (let row = 0; row < count; row++) {
      const slot = slots[row]!
      if (slot < 0 || slot >= this.#stamps.length) this.#grow(slot)
      if (this.#stamps[slot] === this.#step) throw new VigilError('internal', `slot ${slot} stands twice in one step`)
      this.#stamps[slot] = this.#step
    }
    this.#flying.push(this.#step)
  }

  /** End the oldest step in flight. */
  release(): void {
    this.#flying.shift()
  }

  /** @throws VigilError internal when the slot stands in a step in flight, or is none */
  guard(slot: number): void {
    if (!Number.isInteger(slot) || slot < 0) throw new VigilError('internal', `there is no slot ${slot}`)
    const oldest = this.#flying[0]
    if (oldest !== undefined && this.#stamps[slot]! >= oldest) {
      throw new VigilError('internal', `slot ${slot} was touched while its step is in flight`)
    }
  }

  #grow(slot: number): void {
    if (slot < 0) throw new VigilError('internal', `there is no slot ${slot}`)
    const stamps = new Float64Array(Math.max(slot + 1, this.#stamps.length * 2))
    stamps.set(this.#stamps)
    this.#stamps = stamps
  }
}

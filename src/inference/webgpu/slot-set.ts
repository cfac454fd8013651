const FEWEST = 256

/** A set of slots, a byte each: a step adds every one of its rows, which a `Set` would take longer for than a GPU for the step. */
export class SlotSet {
  #flags = new Uint8Array(FEWEST)
  #size = 0

  get size(): number {
    return this.#size
  }

  has(slot: number): boolean {
    return this.#flags[slot] === 1
  }

  add(slot: number): void {
    if (slot >= this.#flags.length) {
      const wider = new Uint8Array(Math.max(slot + 1, 2 * this.#flags.length))
      wider.set(this.#flags)
      this.#flags = wider
    }
    if (this.#flags[slot] === 1) return
    this.#flags[slot] = 1
    this.#size++
  }

  /** @returns whether it was in it */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false
    this.#flags[slot] = 0
    this.#size--
    return true
  }

  clear(): void {
    this.#flags.fill(0)
    this.#size = 0
  }

  /** All of them, ascending. */
  slots(): Int32Array {
    const slots = new Int32Array(this.#size)
    for (let slot = 0, at = 0; at < slots.length; slot++) if (this.#flags[slot] === 1) slots[at++] = slot
    return slots
  }
}

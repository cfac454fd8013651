/** The inputs of every row that was stepped since the states were last known, in order: what brings them up to date again. */
export class InputLog {
  readonly #features: number
  /** rows kept at most */
  readonly limit: number
  /** [rows] */
  #slots = new Int32Array(1024)
  /** [rows, F] */
  #x: Float32Array
  #rows = 0
  /** [slots] number of the row from which on a slot's are needed */
  #from = new Int32Array(256)

  constructor(features: number, limit: number) {
    this.#features = features
    this.limit = limit
    this.#x = new Float32Array(1024 * features)
  }

  get rows(): number {
    return this.#rows
  }

  /**
   * Copy the inputs of a step that is under way; they count from `stepped` on.
   * @param slots [>= count]
   * @param x [>= count * F]
   */
  begin(slots: Int32Array, x: Float32Array, count: number): void {
    const rows = this.#rows + count
    if (rows > this.#slots.length) {
      const wider = new Int32Array(2 * rows)
      wider.set(this.#slots.subarray(0, this.#rows))
      this.#slots = wider
      const longer = new Float32Array(2 * rows * this.#features)
      longer.set(this.#x.subarray(0, this.#rows * this.#features))
      this.#x = longer
    }
    this.#slots.set(slots.subarray(0, count), this.#rows)
    this.#x.set(x.subarray(0, count * this.#features), this.#rows * this.#features)
  }

  /** The step that was begun is done. */
  stepped(count: number): void {
    this.#rows += count
  }

  clear(): void {
    this.#rows = 0
    this.#from.fill(0)
  }

  /** The state of a slot is known: its inputs so far are not needed any more. */
  known(slot: number): void {
    if (slot >= this.#from.length) {
      const wider = new Int32Array(Math.max(slot + 1, 2 * this.#from.length))
      wider.set(this.#from)
      this.#from = wider
    }
    this.#from[slot] = this.#rows
  }

  /**
   * The rows as steps in which no slot stands twice, each slot's in its order: the first of every slot, the second ...
   * Who shares a step changes no row, so that the fewest steps are the best.
   */
  *steps(): Generator<{ slots: Int32Array; x: Float32Array }> {
    const seen = new Map<number, number>()
    const steps: number[][] = []
    for (let nth = 0; nth < this.#rows; nth++) {
      const slot = this.#slots[nth]!
      if (nth < (this.#from[slot] ?? 0)) continue
      const step = seen.get(slot) ?? 0
      seen.set(slot, step + 1)
      if (steps[step] === undefined) steps.push([nth])
      else steps[step].push(nth)
    }
    for (const rows of steps) {
      const F = this.#features
      const x = new Float32Array(rows.length * F)
      rows.forEach((nth, row) => {
        x.set(this.#x.subarray(nth * F, (nth + 1) * F), row * F)
      })
      yield { slots: Int32Array.from(rows, (nth) => this.#slots[nth]!), x }
    }
  }
}

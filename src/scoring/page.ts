/**
 * Doubles whose memory can be seen as float32, as int32 and as bytes: rows in which every number is as wide as what it holds.
 * A row begins at a double; its numbers of other widths stand at offsets of their own, in their own widths.
 */
export class Page extends Float64Array<ArrayBuffer> {
  readonly floats: Float32Array<ArrayBuffer>
  readonly words: Int32Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>

  /** what a copy of some of it is */
  static get [Symbol.species](): Float64ArrayConstructor {
    return Float64Array
  }

  /** @param length in doubles */
  constructor(length: number) {
    super(new ArrayBuffer(8 * length))
    this.floats = new Float32Array(this.buffer)
    this.words = new Int32Array(this.buffer)
    this.bytes = new Uint8Array(this.buffer)
  }
}

/** Rows in one of a pool's pages. */
const POOL_ROWS = 64

/** Rows of what few patients have, and only for a while: each takes one when it needs it, and gives it back. */
export class Pool {
  readonly stride: number
  readonly #pages: Page[] = []
  readonly #free: number[] = []
  /** rows that were ever taken: the first is number 1, so that 0 stands for none */
  #rows = 0

  /** @param stride doubles of a row */
  constructor(stride: number) {
    this.stride = stride
  }

  /** rows that are taken */
  get taken(): number {
    return this.#rows - this.#free.length
  }

  /** @returns the number of a row, which is as whoever gave it back left it */
  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#rows % POOL_ROWS === 0) this.#pages.push(new Page(POOL_ROWS * this.stride))
    return ++this.#rows
  }

  /** @param row 0 = none, which is nothing to give back */
  give(row: number): void {
    if (row > 0) this.#free.push(row)
  }

  page(row: number): Page {
    return this.#pages[Math.floor((row - 1) / POOL_ROWS)]!
  }

  /** where a row begins in its page, in doubles */
  at(row: number): number {
    return ((row - 1) % POOL_ROWS) * this.stride
  }
}

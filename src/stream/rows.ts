/** log2 of the rows in one page: pages are allocated as patients arrive, and never moved. */
const PAGE_BITS = 10
const PAGE_ROWS = 1 << PAGE_BITS

/**
 * One row of `stride` numbers per patient slot, in pages. A pure function works on a row in place as
 * `(state: Float64Array, at: number)`; the row as bytes is the patient's saved state.
 */
export class Rows {
  readonly stride: number
  readonly #pages: Float64Array[] = []
  readonly #words: Int32Array[] = []

  constructor(stride: number) {
    this.stride = stride
  }

  /** the page that holds the slot's row, made when it is not there yet */
  page(slot: number): Float64Array {
    // small enough to be compiled into each of the many places that ask
    return this.#pages[slot >> PAGE_BITS] ?? this.#made(slot >> PAGE_BITS)
  }

  /** the memory of a slot's page, once it was made */
  words(slot: number): Int32Array {
    return this.#words[slot >> PAGE_BITS]!
  }

  /** where the slot's row begins in its page */
  at(slot: number): number {
    return (slot & (PAGE_ROWS - 1)) * this.stride
  }

  #made(page: number): Float64Array {
    while (this.#pages.length <= page) {
      const made = new Float64Array(PAGE_ROWS * this.stride)
      this.#pages.push(made)
      this.#words.push(new Int32Array(made.buffer))
    }
    return this.#pages[page]!
  }
}

/** Rows that belong into a patient's saved state, with a name for each of their numbers. */
export interface SavedRows {
  /** [rows.stride]; a name says the same in every build, and in every record */
  readonly fields: readonly string[]
  readonly rows: Rows
}

/** `count` names under one prefix, for rows that only their own version can read. */
export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}.${i}`)

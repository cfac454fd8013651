import { Page } from '../scoring/page.ts'

/** log2 of the rows in one page: pages are allocated as patients arrive, and never moved. */
const PAGE_BITS = 10
const PAGE_ROWS = 1 << PAGE_BITS

/**
 * One row of `stride` doubles per patient slot, in pages. A pure function works on a row in place as `(state: Page, at: number)`.
 */
export class Rows {
  readonly stride: number
  readonly #pages: Page[] = []

  constructor(stride: number) {
    this.stride = stride
  }

  /** the page that holds the slot's row, made when it is not there yet */
  page(slot: number): Page {
    // small enough to be compiled into each of the many places that ask
    return this.#pages[slot >> PAGE_BITS] ?? this.#made(slot >> PAGE_BITS)
  }

  /** where the slot's row begins in its page */
  at(slot: number): number {
    return (slot & (PAGE_ROWS - 1)) * this.stride
  }

  #made(page: number): Page {
    while (this.#pages.length <= page) this.#pages.push(new Page(PAGE_ROWS * this.stride))
    return this.#pages[page]!
  }
}

/** Numbers of a patient that belong into the saved state, with a name for each of them. */
export interface SavedRows {
  /** a name says the same in every build, and in every record */
  readonly fields: readonly string[]
  /** copy a slot's out: [fields.length], from `at` on */
  read(slot: number, into: Float64Array, at: number): void
  /** and in, for a slot that was reset */
  write(slot: number, from: Float64Array, at: number): void
}

/** Rows of doubles, saved as they stand. */
export const wholeRows = (rows: Rows, fields: readonly string[]): SavedRows => ({
  fields,
  read(slot, into, at) {
    const page = rows.page(slot)
    for (let i = 0, from = rows.at(slot); i < rows.stride; i++) into[at + i] = page[from + i]!
  },
  write(slot, from, at) {
    const page = rows.page(slot)
    for (let i = 0, to = rows.at(slot); i < rows.stride; i++) page[to + i] = from[at + i]!
  },
})

/** `count` names under one prefix, for rows that only their own version can read. */
export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}.${i}`)

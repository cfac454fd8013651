import { VigilError } from '../errors.ts'
import { SlotClaims } from './slot-claims.ts'

/** log2 of the rows in one page: 256 rows of a 64 x 2 network are 256 KiB. */
const PAGE_BITS = 8
const PAGE_ROWS = 1 << PAGE_BITS

/** One page of state rows, shared by the threads that step and that read: [256 * stateSize] */
export type StatePage = Float32Array<SharedArrayBuffer>

/** Where in its page, in floats, the row of a slot begins. */
export function rowAt(slot: number, stateSize: number): number {
  return (slot & (PAGE_ROWS - 1)) * stateSize
}

/** The number of the page that holds a slot's row. */
export function pageOf(slot: number): number {
  return slot >> PAGE_BITS
}

/** How many of the slots from `at` on (before `end`) follow one another in one page: rows that lie side by side. */
export function neighbours(slots: Int32Array, at: number, end: number): number {
  const slot = slots[at]!
  const most = Math.min(end - at, PAGE_ROWS - (slot & (PAGE_ROWS - 1)))
  let run = 1
  while (run < most && slots[at + run] === slot + run) run++
  return run
}

/**
 * The hidden state of every patient: one float32 row a slot, layer by layer h then c: [L * 2 * H]. Rows live in pages
 * of shared memory, added as slots grow and never moved, so a worker steps them without a message. Rows that stand in
 * a step in flight may not be touched; all others may.
 */
export class StateSlab {
  readonly stateSize: number
  readonly pages: StatePage[] = []
  readonly #added: (page: StatePage) => void
  readonly #claims: SlotClaims
  /** the rows of the newest step, as long as nobody writes one: [count] */
  #stepped = new Int32Array(0)
  #same = -1

  /**
   * @param added told of every new page, before any step can use it
   * @param flying steps in flight at most
   */
  constructor(stateSize: number, added: (page: StatePage) => void = () => {}, flying = 1) {
    this.stateSize = stateSize
    this.#added = added
    this.#claims = new SlotClaims(flying)
  }

  /** steps in flight */
  get flying(): number {
    return this.#claims.flying
  }

  /**
   * Begin a step of these rows: their pages exist afterwards, and they are locked until `release`.
   * @returns whether they are the rows of the step before, in the same order, and nobody has written a row since
   * @throws VigilError internal when as many are in flight as may be, the count does not fit, or a slot stands twice in it
   */
  claim(slots: Int32Array, count: number): boolean {
    this.#claims.claim(slots, count)
    if (this.#again(slots, count)) return true
    for (let row = 0; row < count; row++) if (pageOf(slots[row]!) >= this.pages.length) this.#addPages(slots[row]!)
    if (this.#stepped.length < count) this.#stepped = new Int32Array(count)
    this.#stepped.set(slots.subarray(0, count))
    this.#same = count
    return false
  }

  #again(slots: Int32Array, count: number): boolean {
    if (this.#same !== count) return false
    for (let row = 0; row < count; row++) if (this.#stepped[row] !== slots[row]) return false
    return true
  }

  /** End the oldest step in flight. */
  release(): void {
    this.#claims.release()
  }

  /** Zero the row of a slot. */
  reset(slot: number): void {
    this.#claims.guard(slot)
    this.#same = -1
    if (pageOf(slot) >= this.pages.length) return
    const at = rowAt(slot, this.stateSize)
    this.pages[pageOf(slot)]!.fill(0, at, at + this.stateSize)
  }

  /** Copy the row of a slot into `into`: [stateSize]; zeros where the slot was never stepped. */
  read(slot: number, into: Float32Array): void {
    this.#claims.guard(slot)
    if (pageOf(slot) >= this.pages.length) {
      into.fill(0, 0, this.stateSize)
      return
    }
    const at = rowAt(slot, this.stateSize)
    into.set(this.pages[pageOf(slot)]!.subarray(at, at + this.stateSize))
  }

  /** Copy `from` into the row of a slot: [stateSize] */
  write(slot: number, from: Float32Array): void {
    if (from.length !== this.stateSize) {
      throw new VigilError('internal', `a state row has ${this.stateSize} floats, not ${from.length}`)
    }
    this.#claims.guard(slot)
    this.#same = -1
    this.#addPages(slot)
    this.pages[pageOf(slot)]!.set(from, rowAt(slot, this.stateSize))
  }

  /** Copy rows into those of `count` slots: [>= count * stateSize]. Those of neighbours move in one copy. */
  writeRows(slots: Int32Array, from: Float32Array, count: number): void {
    for (let row = 0; row < count; row++) {
      this.#claims.guard(slots[row]!)
      this.#addPages(slots[row]!)
    }
    this.#same = -1
    for (let row = 0; row < count; ) {
      const slot = slots[row]!
      const run = neighbours(slots, row, count)
      const rows = from.subarray(row * this.stateSize, (row + run) * this.stateSize)
      this.pages[pageOf(slot)]!.set(rows, rowAt(slot, this.stateSize))
      row += run
    }
  }

  #addPages(slot: number): void {
    while (this.pages.length <= pageOf(slot)) {
      const page = new Float32Array(new SharedArrayBuffer(PAGE_ROWS * this.stateSize * Float32Array.BYTES_PER_ELEMENT))
      this.pages.push(page)
      this.#added(page)
    }
  }
}

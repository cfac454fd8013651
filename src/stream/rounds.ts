import { type FrameColumns, frameColumns } from '../vitals/frame.ts'
import type { Place } from './grid.ts'

/**
 * Frames that wait for a step, in rounds: no round holds two frames of one patient, and a patient's frames keep their
 * order over the rounds. The next round to step is the head; its columns come from a pool and go back into it.
 */
export class Rounds {
  readonly #capacity: number
  readonly #width: number
  readonly #rounds: FrameColumns[] = []
  readonly #pool: FrameColumns[] = []
  /** number of the head round; rounds are numbered for as long as the process lives */
  #head = 0
  /** [slot] first round the patient's next frame may stand in */
  #next = new Float64Array(1024)
  #frames = 0
  /** rounds that were taken and not released */
  #out = 0
  /** what `push` gives, every time the same */
  #place: { columns: FrameColumns; row: number } | undefined

  /** @param capacity rows of one round: the step engine's batch limit */
  constructor(capacity: number, width: number) {
    this.#capacity = capacity
    this.#width = width
  }

  /** frames that wait */
  get size(): number {
    return this.#frames
  }

  /** whether no frame waits or is being stepped */
  get rests(): boolean {
    return this.#frames === 0 && this.#out === 0
  }

  /** whether a frame of the patient waits, or is being stepped */
  holds(slot: number): boolean {
    return slot < this.#next.length && this.#next[slot]! > this.#head - this.#out
  }

  /** A row for the patient's next frame: in the earliest round after its last one that has room. */
  push(slot: number, tick: number): Place {
    if (slot >= this.#next.length) this.#grow(slot)
    let round = Math.max(this.#head, this.#next[slot]!)
    while (this.#at(round).count === this.#capacity) round++
    this.#next[slot] = round + 1
    const columns = this.#at(round)
    const row = columns.count++
    columns.slots[row] = slot
    columns.ticks[row] = tick
    this.#frames++
    this.#place ??= { columns, row }
    this.#place.columns = columns
    this.#place.row = row
    return this.#place
  }

  /** The head round, or undefined when nothing waits. It must be given back with `release` once it is stepped. */
  take(): FrameColumns | undefined {
    const round = this.#rounds.shift()
    if (round === undefined) return undefined
    this.#head++
    this.#out++
    this.#frames -= round.count
    return round
  }

  /** The head round, left where it is. */
  peek(): FrameColumns | undefined {
    return this.#rounds[0]
  }

  release(round: FrameColumns): void {
    round.count = 0
    this.#out--
    this.#pool.push(round)
  }

  #at(round: number): FrameColumns {
    while (this.#rounds.length <= round - this.#head) {
      this.#rounds.push(this.#pool.pop() ?? frameColumns(this.#capacity, this.#width))
    }
    return this.#rounds[round - this.#head]!
  }

  #grow(slot: number): void {
    const next = new Float64Array(Math.max(slot + 1, this.#next.length * 2))
    next.set(this.#next)
    this.#next = next
  }
}

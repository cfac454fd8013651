import type { Owned } from './owned.ts'
import type { LogRecord, LogRecords } from './port.ts'

/** Records that may wait to be worked before the client is held back. */
const MOST_AHEAD = 32_768
/** Records that wait when the ward counts as behind: about a fetch. */
const BEHIND = 4096

/** What a fetch brought of one topic's partition. */
export interface Fetch {
  readonly records: LogRecords
  /** the first offset of it that is new */
  readonly from: number
  /** wall clock, ms, when it came */
  readonly since: number
}

/** The fetches of one topic's partition, in order. */
interface Lane {
  readonly owned: Owned
  readonly topic: string
  readonly fetches: Fetch[]
}

/** Consecutive records of one topic's partition. */
export interface Portion {
  readonly owned: Owned
  readonly topic: string
  readonly records: readonly LogRecord[]
  /** next offset that is not worked once these are */
  readonly next: number
  readonly since: number
}

/**
 * What was fetched and is not worked yet: as it came, bytes, until it is handed over. Partitions take turns, so that a batch has
 * patients of all of them: a step of a thousand patients costs less than four of 250.
 */
export class Waiting {
  /** whose turn is next stands first */
  #lanes: Lane[] = []
  #handed = 0
  #unworked = 0
  #hold: { readonly until: Promise<void>; release(): void } | undefined

  /** records that are not handed over yet, at most */
  get left(): number {
    let left = 0
    for (const { fetches } of this.#lanes) for (const { records } of fetches) left += records.left
    return left
  }

  /** inputs that were handed over and the ward does not have yet */
  get handed(): number {
    return this.#handed
  }

  /** whether inputs were handed over and are not worked yet: a flush is under way, or the next thing to come */
  get working(): boolean {
    return this.#unworked > 0
  }

  /** Whether more waits than a ward that keeps up has. */
  get behind(): boolean {
    return this.#ahead > BEHIND
  }

  get #ahead(): number {
    return this.#handed + this.left
  }

  add(owned: Owned, topic: string, fetch: Fetch): void {
    const lane = this.#lanes.find((it) => it.owned === owned && it.topic === topic)
    if (lane !== undefined) lane.fetches.push(fetch)
    else this.#lanes.push({ owned, topic, fetches: [fetch] })
  }

  /**
   * About `most` records of the partition whose turn it is; undefined when nothing waits.
   * @throws VigilError when they are damaged
   */
  take(most: number): Portion | undefined {
    const lane = this.#lanes.shift()
    if (lane === undefined) return undefined
    const { owned, topic, fetches } = lane
    const { records, from, since } = fetches[0]!
    const taken = records.take(most)
    const ended = records.left === 0
    if (ended) fetches.shift()
    if (fetches.length > 0) this.#lanes.push(lane)
    const next = ended ? records.next : taken.at(-1)!.offset + 1
    // records of before a seek may still come
    const known = taken[0] !== undefined && taken[0].offset < from
    const fresh = known ? taken.filter(({ offset }) => offset >= from) : taken
    return { owned, topic, records: fresh, next: Math.max(next, from), since }
  }

  /** Forget what is of a partition that is another process's now. */
  drop(owned: Owned): void {
    this.#lanes = this.#lanes.filter((it) => it.owned !== owned)
  }

  /** So many inputs go to the pipeline. */
  hand(inputs: number): void {
    this.#handed += inputs
    this.#unworked += inputs
  }

  /** The ward has so many of them. */
  taken(inputs: number): void {
    this.#handed -= inputs
    if (this.#ahead <= MOST_AHEAD) this.release()
  }

  /** The flush that had so many of them is over. */
  worked(inputs: number): void {
    this.#unworked -= inputs
  }

  /** Resolves when there is room for another fetch, or nobody is to wait for that any more. */
  room(): Promise<void> | undefined {
    if (this.#ahead <= MOST_AHEAD) return undefined
    if (this.#hold === undefined) {
      let release = () => {}
      const until = new Promise<void>((resolve) => {
        release = () => {
          this.#hold = undefined
          resolve()
        }
      })
      this.#hold = { until, release }
    }
    return this.#hold.until
  }

  release(): void {
    this.#hold?.release()
  }
}

import type { Following, KafkaClient, LogRecord } from '../kafka/port.ts'

/** Newest records that are kept of a topic, about 6 KB each with what is made of them; of one partition at least so many. */
const KEPT = 4096
const LEAST_KEPT = 512

/** One partition, as far as somebody follows it here. */
interface Shared {
  /** in order; those from `first` to `next` are all there are */
  records: LogRecord[]
  first: number
  next: number
  /** next offset of everybody who follows, by who it is */
  readonly at: Map<symbol, number>
  wake: Set<() => void>
}

/** One who follows. */
export interface Follows {
  /** offset of its first record */
  readonly from: number
  /** records of one call of `work` */
  readonly most: number
  /** with what it reads where it is far behind: a connection that waits for nothing else */
  readonly behind: Pick<KafkaClient, 'readRange'>
  /** takes some records; the next come once it has resolved */
  work(records: readonly LogRecord[]): Promise<void>
}

export interface SharedLogOptions {
  readonly client: Pick<KafkaClient, 'follow' | 'partitions'>
  readonly topic: string
  /** newest records of a partition that are kept */
  readonly kept?: number
}

/**
 * A topic that many follow, each at its own pace: what is new is fetched once for all of them. Who is so far behind that
 * it is kept no more reads for itself until it has caught up; so nobody waits for anybody, and nothing piles up.
 */
export class SharedLog {
  readonly #options: SharedLogOptions
  readonly #kept: number
  readonly #partitions = new Map<number, Shared>()

  constructor(options: SharedLogOptions) {
    this.#options = options
    this.#kept = options.kept ?? Math.max(LEAST_KEPT, Math.floor(KEPT / options.client.partitions))
  }

  /** Fetches for all until the signal is aborted. @throws VigilError; the signal's reason */
  run(signal: AbortSignal): Promise<never> {
    return this.#options.client.follow(this.#options.topic, this.#following, signal)
  }

  readonly #following: Following = {
    positions: () => {
      const positions = new Map<number, number>()
      // the foremost sets the pace: half of what is kept is ahead of it at most
      for (const [partition, { next, at }] of this.#partitions)
        if (next - Math.max(...at.values()) < this.#kept / 2) positions.set(partition, next)
      return positions
    },
    took: (partition, { from, next, records }) => {
      const shared = this.#partitions.get(partition)
      // one who begins further on may have come meanwhile
      if (shared === undefined || shared.next !== from) return
      if (next < from) this.#from(shared, next)
      shared.next = next
      shared.records.push(...records)
      const over = shared.records.length - this.#kept
      if (over > 0) {
        shared.records.splice(0, over)
        shared.first = shared.records[0]!.offset
      }
      if (records.length > 0 || next < from) for (const wake of [...shared.wake]) wake()
    },
  }

  #from(shared: Shared, offset: number): void {
    shared.records = []
    shared.first = shared.next = offset
  }

  /**
   * Hands over what follows an offset, some records at a time.
   * @throws what `work` throws; VigilError of reading; the signal's reason
   */
  async follow(partition: number, { from, most, behind, work }: Follows, signal: AbortSignal): Promise<never> {
    const { topic } = this.#options
    const shared = this.#partitions.get(partition) ?? begun(from)
    this.#partitions.set(partition, shared)
    // who is ahead of all others sets the pace from now on
    if (from > shared.next) this.#from(shared, from)
    const me = Symbol()
    let at = from
    const move = (to: number) => {
      at = to
      shared.at.set(me, at)
    }
    const hand = async (records: readonly LogRecord[]) => {
      for (let i = 0; i < records.length; i += most) {
        signal.throwIfAborted()
        const some = records.slice(i, i + most)
        await work(some)
        move(some.at(-1)!.offset + 1)
      }
    }
    move(from)
    try {
      for (;;) {
        signal.throwIfAborted()
        // the topic was made anew
        if (at > shared.next) move(shared.first)
        if (at < shared.first) {
          const to = shared.first
          await behind.readRange(topic, partition, { from: at, to }, hand, signal)
          move(to)
          continue
        }
        const begin = beginOf(shared.records, at)
        if (begin < shared.records.length) await hand(shared.records.slice(begin, begin + most))
        else await news(shared, signal)
      }
    } finally {
      shared.at.delete(me)
      if (shared.at.size === 0) this.#partitions.delete(partition)
    }
  }
}

const begun = (from: number): Shared => ({ records: [], first: from, next: from, at: new Map(), wake: new Set() })

/** Index of the first record at or after an offset. */
function beginOf(records: readonly LogRecord[], offset: number): number {
  let [low, high] = [0, records.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (records[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Until something new is there, or the signal is aborted. */
function news(shared: Shared, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      shared.wake.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    shared.wake.add(wake)
    signal.addEventListener('abort', wake)
  })
}

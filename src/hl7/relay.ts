import { VigilError } from '../errors.ts'
import type { NewRecord, PlainWriter } from '../kafka/port.ts'

/** Records of one message, on their way. */
interface Waiting {
  readonly records: readonly NewRecord[]
  readonly since: number
  readonly written: () => void
  readonly failed: (error: VigilError) => void
}

/** Records of one write, at most. */
const MOST = 2000
/** Between two tries, ms. */
const AGAIN_MS = 250

export interface RelayOptions {
  readonly writer: PlainWriter
  /** how long a message may wait for Kafka before its sender is told to try again later, ms */
  readonly patienceMs: number
  /** a monotonic clock, ms */
  readonly now: () => number
}

/**
 * What all connections have for Kafka, in the order it came: while one write is under way the next gathers, so that many
 * small messages become few large writes. A message is written when its promise resolves, and not known to be when it rejects.
 */
export class Relay {
  readonly #options: RelayOptions
  #waiting: Waiting[] = []
  #writing = false
  #closed = false
  /** since when Kafka takes nothing; undefined while it does */
  #down: string | undefined

  constructor(options: RelayOptions) {
    this.#options = options
  }

  /** why nothing is written just now; undefined while all is well */
  get trouble(): string | undefined {
    return this.#down
  }

  /** messages that wait to be written */
  get waiting(): number {
    return this.#waiting.length
  }

  /** @throws VigilError `kafka-*` when Kafka did not take it in time: the outcome is unknown, and it may be sent again */
  put(records: readonly NewRecord[]): Promise<void> {
    if (this.#closed)
      return Promise.reject(new VigilError('kafka-unreachable', 'the gateway is ending', { retriable: true }))
    return new Promise((written, failed) => {
      this.#waiting.push({ records, since: this.#options.now(), written, failed })
      if (!this.#writing) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const taken = this.#take()
      try {
        await this.#options.writer.send(taken.flatMap(({ records }) => records))
        this.#down = undefined
        for (const { written } of taken) written()
      } catch (error) {
        const known =
          error instanceof VigilError ? error : new VigilError('kafka-failed', 'the write failed', { cause: error })
        this.#down = known.code
        const kept = taken.filter((it) => !this.#overdue(it, known))
        for (const it of taken) if (!kept.includes(it)) it.failed(known)
        // what waits behind is older than its patience too, or will be
        this.#waiting = [...kept, ...this.#waiting]
        this.#waiting = this.#waiting.filter((it) => {
          const over = this.#overdue(it, known)
          if (over) it.failed(known)
          return !over
        })
        if (this.#waiting.length > 0) await new Promise((again) => setTimeout(again, AGAIN_MS))
      }
    }
    this.#writing = false
  }

  #overdue({ since }: Waiting, error: VigilError): boolean {
    return this.#closed || !error.retriable || this.#options.now() - since > this.#options.patienceMs
  }

  #take(): Waiting[] {
    let records = 0
    let count = 0
    for (const it of this.#waiting) {
      records += it.records.length
      if (count > 0 && records > MOST) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  /** Nothing more is taken; what waits is written, or fails at the next refusal. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#writing) await new Promise((again) => setTimeout(again, 10))
  }
}

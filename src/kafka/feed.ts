import { type Observable, Subject } from 'rxjs'
import type { Input, InputBatch, Turn } from '../stream/ports.ts'
import type { Intake } from './intake.ts'
import type { Owned } from './owned.ts'
import type { LogRecord } from './port.ts'
import { Waiting } from './waiting.ts'

/** Records of one batch: where a flush may end, and a commit begin. */
const BATCH = 256
/** Flushes whose inputs are made before they are worked: the next is there when one ends, and few live long enough to be copied. */
const FLUSHES_READY = 2

export interface FeedOptions {
  /** of turns */
  readonly source: string
  /** inputs of one flush, about */
  readonly maxBatch: number
  /** Records as inputs. @throws VigilError when they are damaged */
  take(owned: Owned, topic: string, records: readonly LogRecord[]): Intake
  /** nothing can be handed over any more */
  broken(error: unknown): void
}

/** What the pipeline is given, in order: what waits, as it takes it, and turns between. */
export class Feed {
  readonly waiting = new Waiting()
  readonly #options: FeedOptions
  readonly #batches = new Subject<InputBatch>()
  #feeding: NodeJS.Immediate | undefined
  #ended = false

  constructor(options: FeedOptions) {
    this.#options = options
  }

  get batches(): Observable<InputBatch> {
    return this.#batches
  }

  /** Hand over what the pipeline works next. */
  next(): void {
    this.#feeding = undefined
    const { maxBatch, take, broken } = this.#options
    try {
      while (this.waiting.handed < FLUSHES_READY * maxBatch && !this.#ended) {
        const portion = this.waiting.take(BATCH)
        if (portion === undefined) return
        const { owned, topic, records, next, since } = portion
        this.push(owned, topic, take(owned, topic, records), next, since)
      }
    } catch (error) {
      broken(error)
    }
  }

  /**
   * Hand an intake to the pipeline.
   * @param worked where the partition's topic is to be read on once it is worked
   * @param since wall clock, ms
   */
  push(owned: Owned, topic: string, { inputs, offsets, rekeyed }: Intake, worked: number, since: number): void {
    this.waiting.hand(inputs.length)
    this.#batches.next({
      source: topic,
      partition: owned.number,
      inputs,
      offsets,
      since,
      behind: this.waiting.left,
      taken: () => {
        this.waiting.taken(inputs.length)
        // what is ready begins first: more is taken apart while that is stepped
        this.#feeding ??= setImmediate(() => this.next())
      },
      done: () => {
        this.waiting.worked(inputs.length)
        owned.worked.set(topic, worked)
        owned.rekeyed.push(...rekeyed)
      },
    })
  }

  /** Run between flushes, the ward at rest. What it gives is taken like the inputs of a batch of the partition. */
  turn<T>(
    run: () => T | Promise<T>,
    partition = 0,
    inputs: (result: T) => readonly Input[] = () => [],
    done = () => {},
  ): Promise<T> {
    return new Promise((resolve) => {
      const take = (result: T) => {
        resolve(result)
        return inputs(result)
      }
      const turn: Turn = {
        source: this.#options.source,
        partition,
        inputs: [],
        offsets: [],
        behind: this.waiting.left,
        done,
        take() {
          const result = run()
          return result instanceof Promise ? result.then(take) : take(result)
        },
      }
      this.#batches.next(turn)
    })
  }

  /** Records are handed over no more; turns still are. */
  stop(): void {
    this.#ended = true
    this.waiting.release()
  }

  complete(): void {
    this.#batches.complete()
  }

  /** What was handed over is still worked. */
  fail(error: unknown): void {
    this.#ended = true
    this.#batches.error(error)
  }
}

import { setMaxListeners } from 'node:events'
import { VigilError } from '../errors.ts'
import { deadLetter } from '../kafka/dead-letter.ts'
import { isRejection } from '../kafka/json-value.ts'
import type { GroupMember, KafkaClient, LogRecord, NewRecord, PartitionWriter } from '../kafka/port.ts'
import type { Log } from '../log.ts'
import type { DeliveryTelemetry } from '../stream/ports.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import { reject } from '../vitals/rejection.ts'
import { Breaker, type BreakerOptions } from './breaker.ts'
import { type Receiver, type Refused, type Wanted, wants } from './receiver.ts'
import type { ReadAlert } from './recent-alerts.ts'
import type { SharedLog } from './shared-log.ts'

/** Patients of one partition whose messages are on their way at the same time. */
const AT_ONCE = 16
/** Records that are worked at together by a receiver that takes one message at a time. */
const TOGETHER = 500
/** Between two tries to take a partition, ms. */
const AGAIN_MS = 500
/** How long what was delivered may wait for its commit: so much is sent again where the process dies, ms. */
const COMMIT_MS = 1000

export interface FollowerOptions {
  /** a client whose group is this receiver's alone */
  readonly client: KafkaClient
  readonly receiver: Receiver
  readonly wanted: Wanted
  /** both shared by the followers of a process */
  readonly alerts: SharedLog
  readonly read: ReadAlert
  readonly topics: { readonly alerts: string; readonly deadLetters: string }
  readonly telemetry: DeliveryTelemetry
  readonly log: Log
  readonly breaker?: BreakerOptions
}

/** One partition of the alerts: its writer, and what ends it. */
interface Held {
  readonly partition: number
  readonly lost: AbortController
  writer: PartitionWriter | undefined
  /** next offset to deliver, and the one that the group knows of */
  next: number
  committed: number
  /** dead letters of what was refused since */
  letters: NewRecord[]
  /** the newest commit; the next begins when it has ended */
  committing: Promise<void>
  timer: NodeJS.Timeout | undefined
}

/**
 * Delivers the alerts topic to one receiver: at least once, each patient's messages in order, one patient never waiting for
 * another's refusal. A position is committed with the dead letters of what was refused, at once, or else within a second;
 * what was delivered since, or was on its way, when the process died is sent again under the same id. A receiver that is down holds up nobody but itself.
 */
export class Follower {
  readonly #options: FollowerOptions
  readonly #held = new Map<number, Held>()
  readonly #breaker: Breaker
  readonly #ended: Promise<never>
  #fail: (error: VigilError) => void = () => {}
  #member: GroupMember | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#breaker = new Breaker(options.breaker)
    this.#ended = new Promise((_, fail) => {
      this.#fail = fail
    })
    this.#ended.catch(() => {})
  }

  /** rejects when the membership is lost for good */
  get ended(): Promise<never> {
    return this.#ended
  }

  async start(): Promise<void> {
    const { client, topics, log, receiver } = this.#options
    this.#member = await client.join(
      { topics: [topics.alerts] },
      {
        joined: (partitions, kept, member) => {
          this.#member = member
          const keep = new Set(kept)
          for (const held of [...this.#held.values()]) if (!keep.has(held.partition)) this.#drop(held)
          for (const partition of partitions) if (!this.#held.has(partition)) void this.#take(partition)
        },
        rebalancing: () => {
          for (const held of this.#held.values()) void this.#commit(held)
        },
        // the membership says whose a partition is; its records come by the log that all share, so it is never resumed
        records: async () => {},
        crashed: (error, willRetry) => {
          for (const held of [...this.#held.values()]) this.#drop(held)
          if (!willRetry) this.#fail(error)
          else log.warn({ receiver: receiver.name, code: error.code }, 'deliveries pause until Kafka is back')
        },
      },
    )
  }

  async close(): Promise<void> {
    const all = [...this.#held.values()]
    for (const held of all) held.lost.abort(new VigilError('sink-failed', 'the deliveries end'))
    await Promise.all(all.map((held) => this.#commit(held)))
    await this.#member?.leave()
    await Promise.all(all.map((held) => held.writer?.close()))
    this.#held.clear()
    await this.#options.receiver.close()
  }

  #drop(held: Held): void {
    this.#held.delete(held.partition)
    clearTimeout(held.timer)
    held.lost.abort(new VigilError('kafka-fenced', "the partition is another process's now"))
    void held.writer?.close()
  }

  /** Fence, go to where the group was, begin. */
  async #take(partition: number): Promise<void> {
    const { client, topics, log, receiver } = this.#options
    const lost = new AbortController()
    // every message on its way hears of it
    setMaxListeners(0, lost.signal)
    const held: Held = {
      partition,
      lost,
      writer: undefined,
      next: 0,
      committed: 0,
      letters: [],
      committing: Promise.resolve(),
      timer: undefined,
    }
    this.#held.set(partition, held)
    while (!held.lost.signal.aborted) {
      try {
        held.writer = await client.fence(partition)
        const [committed] = await client.committed([topics.alerts], partition)
        held.next = held.committed = committed ?? (await client.bounds(topics.alerts, partition)).first
        break
      } catch (error) {
        const known =
          error instanceof VigilError
            ? error
            : new VigilError('kafka-failed', 'a partition cannot be taken', { cause: error })
        if (!known.retriable) return this.#fail(known)
        log.warn(
          { receiver: receiver.name, partition, code: known.code },
          'a partition of the alerts is not delivered yet',
        )
        await new Promise((again) => setTimeout(again, AGAIN_MS))
      }
    }
    if (held.lost.signal.aborted) return void held.writer?.close()
    const { batch = 1 } = receiver
    const work = (records: readonly LogRecord[]) => this.#work(held, records)
    const follows = { from: held.next, most: batch === 1 ? TOGETHER : batch, behind: client, work }
    await this.#options.alerts.follow(partition, follows, lost.signal).catch((error) => this.#begin(held, error))
  }

  async #work(held: Held, records: readonly LogRecord[]): Promise<void> {
    const { batch = 1 } = this.#options.receiver
    const letters: NewRecord[] = []
    if (batch === 1) await this.#oneByOne(held, records, letters)
    else await this.#together(held, records, letters)
    // not before: what is committed goes with the positions
    held.letters.push(...letters)
    held.next = records.at(-1)!.offset + 1
    if (held.letters.length > 0) return this.#commit(held)
    held.timer ??= setTimeout(() => void this.#commit(held), COMMIT_MS)
  }

  /** Tell the group how far a partition is delivered, once an earlier commit has ended. */
  #commit(held: Held): Promise<void> {
    clearTimeout(held.timer)
    held.timer = undefined
    held.committing = held.committing.then(async () => {
      const { writer, partition, next, letters } = held
      if (writer === undefined || next === held.committed) return
      held.letters = []
      try {
        await writer.commit(letters, [{ topic: this.#options.topics.alerts, partition, offset: next }])
        held.committed = next
      } catch (error) {
        await this.#begin(held, error)
      }
    })
    return held.committing
  }

  /** Begin a partition again where the group is, if it is still ours: the outcome of a commit is unknown, say. */
  async #begin(held: Held, error: unknown): Promise<void> {
    if (held.lost.signal.aborted) return
    const { log, receiver } = this.#options
    const { partition } = held
    this.#drop(held)
    const confirmed = await this.#member?.confirmed()
    log.warn(
      { receiver: receiver.name, partition, code: error instanceof VigilError ? error.code : 'internal' },
      'deliveries of a partition begin again',
    )
    if (confirmed === true) void this.#take(partition)
  }

  /** Some patients at the same time, each one's in order. */
  async #oneByOne(held: Held, records: readonly LogRecord[], letters: NewRecord[]): Promise<void> {
    const queues = new Map<string, LogRecord[]>()
    for (const record of records) {
      const key = record.key?.toString() ?? ''
      const queue = queues.get(key)
      if (queue) queue.push(record)
      else queues.set(key, [record])
    }
    const waiting = [...queues.values()]
    const worker = async () => {
      for (let queue = waiting.shift(); queue !== undefined; queue = waiting.shift())
        for (const record of queue) {
          const envelope = this.#wanted(held, record, letters)
          if (envelope === undefined) continue
          const refused = await this.#until(held, 1, (signal) => this.#options.receiver.deliver(envelope, signal))
          if (refused !== undefined) letters.push(this.#refusal(held, record, refused))
        }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, queues.size) }, worker))
  }

  /** In the order of the topic. Where the receiver refuses all together, each by itself says which it is. */
  async #together(held: Held, records: readonly LogRecord[], letters: NewRecord[]): Promise<void> {
    const found = records.map((record) => this.#wanted(held, record, letters))
    const envelopes = found.filter((it) => it !== undefined)
    if (envelopes.length === 0) return
    const refused = await this.#until(held, envelopes.length, (signal) =>
      this.#options.receiver.deliverAll!(envelopes, signal),
    )
    if (refused !== undefined)
      await this.#oneByOne(
        held,
        records.filter((_, i) => found[i] !== undefined),
        letters,
      )
  }

  /** A record's message, if the receiver wants it; a dead letter when it is none. */
  #wanted(held: Held, record: LogRecord, letters: NewRecord[]): AlertEnvelope | undefined {
    const { wanted, read } = this.#options
    const envelope = read(record)
    if (isRejection(envelope)) {
      letters.push(this.#letter(held, record, 'bad-record', envelope.detail))
      return undefined
    }
    return wants(wanted, envelope) ? envelope : undefined
  }

  /** Try until the receiver has taken it, or refuses it for good. @param count messages of a try */
  async #until(
    { lost }: Held,
    count: number,
    attempt: (signal: AbortSignal) => Promise<Refused | undefined>,
  ): Promise<Refused | undefined> {
    const { receiver, telemetry, log } = this.#options
    const began = performance.now()
    const refused = await this.#breaker.run(
      () => attempt(lost.signal),
      lost.signal,
      (error) => {
        telemetry.failed(receiver.name)
        telemetry.reachable(receiver.name, !this.#breaker.open)
        log.warn(
          { receiver: receiver.name, why: error instanceof VigilError ? error.message : 'internal' },
          'an alert was not delivered; it is tried again',
        )
      },
    )
    telemetry.reachable(receiver.name, true)
    const seconds = (performance.now() - began) / 1000
    if (refused === undefined) telemetry.delivered(receiver.name, seconds, count)
    return refused
  }

  #refusal(held: Held, record: LogRecord, { answer }: Refused): NewRecord {
    return this.#letter(held, record, 'undeliverable', `${this.#options.receiver.name} answers ${answer}`)
  }

  #letter({ partition }: Held, record: LogRecord, reason: 'bad-record' | 'undeliverable', detail: string): NewRecord {
    const { telemetry, topics, receiver } = this.#options
    telemetry.refused(receiver.name)
    const place = { topic: topics.alerts, partition, offset: record.offset }
    return deadLetter(topics.deadLetters, place, [reject(reason, detail)], record)
  }
}

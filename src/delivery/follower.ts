import { VigilError } from '../errors.ts'
import { readAlert } from '../kafka/alert-record.ts'
import { deadLetter } from '../kafka/dead-letter.ts'
import { isRejection } from '../kafka/json-value.ts'
import type { GroupMember, KafkaClient, LogRecord, NewRecord, PartitionWriter } from '../kafka/port.ts'
import type { Log } from '../log.ts'
import type { DeliveryTelemetry } from '../stream/ports.ts'
import { reject } from '../vitals/rejection.ts'
import { Breaker, type BreakerOptions } from './breaker.ts'
import { type Receiver, type Wanted, wants } from './receiver.ts'

/** Patients of one partition whose messages are on their way at the same time. */
const AT_ONCE = 16
/** Between two tries to take a partition, ms. */
const AGAIN_MS = 500

export interface FollowerOptions {
  /** a client whose group is this receiver's alone */
  readonly client: KafkaClient
  readonly receiver: Receiver
  readonly wanted: Wanted
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
  next: number
}

/**
 * Delivers the alerts topic to one receiver: at least once, each patient's messages in order, one patient never waiting for
 * another's refusal. A position is committed with the dead letters of what was refused; what was on its way when the process
 * died is sent again under the same id. A receiver that is down holds up nobody but itself.
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
          for (const partition of partitions) {
            const held = this.#held.get(partition)
            if (held === undefined) void this.#take(partition)
            else member.seek(topics.alerts, partition, held.next)
          }
        },
        rebalancing: () => {},
        records: (_topic, partition, records) => this.#work(partition, records),
        crashed: (error, willRetry) => {
          for (const held of [...this.#held.values()]) this.#drop(held)
          if (!willRetry) this.#fail(error)
          else log.warn({ receiver: receiver.name, code: error.code }, 'deliveries pause until Kafka is back')
        },
      },
    )
  }

  async close(): Promise<void> {
    for (const held of this.#held.values()) held.lost.abort(new VigilError('sink-failed', 'the deliveries end'))
    await this.#member?.leave()
    await Promise.all([...this.#held.values()].map((held) => held.writer?.close()))
    this.#held.clear()
    await this.#options.receiver.close()
  }

  #drop(held: Held): void {
    this.#held.delete(held.partition)
    held.lost.abort(new VigilError('kafka-fenced', "the partition is another process's now"))
    void held.writer?.close()
  }

  /** Fence, go to where the group was, begin. */
  async #take(partition: number): Promise<void> {
    const { client, topics, log, receiver } = this.#options
    const held: Held = { partition, lost: new AbortController(), writer: undefined, next: 0 }
    this.#held.set(partition, held)
    while (!held.lost.signal.aborted) {
      try {
        held.writer = await client.fence(partition)
        const [committed] = await client.committed([topics.alerts], partition)
        held.next = committed ?? (await client.bounds(topics.alerts, partition)).first
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
    this.#member?.seek(topics.alerts, partition, held.next)
    this.#member?.resume(topics.alerts, partition)
  }

  async #work(partition: number, records: readonly LogRecord[]): Promise<void> {
    const held = this.#held.get(partition)
    const due = held === undefined ? [] : records.filter(({ offset }) => offset >= held.next)
    if (held?.writer === undefined || due.length === 0) return
    const { topics, log, receiver } = this.#options
    try {
      const letters = await this.#deliverAll(held, due)
      const next = due.at(-1)!.offset + 1
      await held.writer.commit(letters, [{ topic: topics.alerts, partition, offset: next }])
      held.next = next
    } catch (error) {
      if (held.lost.signal.aborted) return
      // the outcome of a commit is unknown: begin again where the group is, if the partition is still ours
      this.#drop(held)
      const confirmed = await this.#member?.confirmed()
      log.warn(
        { receiver: receiver.name, partition, code: error instanceof VigilError ? error.code : 'internal' },
        'deliveries of a partition begin again',
      )
      if (confirmed === true) {
        this.#member?.pause(topics.alerts, partition)
        void this.#take(partition)
      }
    }
  }

  /** @returns dead letters of what was refused */
  async #deliverAll(held: Held, records: readonly LogRecord[]): Promise<NewRecord[]> {
    const letters: NewRecord[] = []
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
          const letter = await this.#deliver(held, record)
          if (letter !== undefined) letters.push(letter)
        }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, queues.size) }, worker))
    return letters
  }

  async #deliver({ partition, lost }: Held, record: LogRecord): Promise<NewRecord | undefined> {
    const { receiver, wanted, telemetry, topics, log } = this.#options
    const letter = (reason: 'bad-record' | 'undeliverable', detail: string) => {
      telemetry.refused(receiver.name)
      const place = { topic: topics.alerts, partition, offset: record.offset }
      return deadLetter(topics.deadLetters, place, [reject(reason, detail)], record)
    }
    const envelope = readAlert(record)
    if (isRejection(envelope)) return letter('bad-record', envelope.detail)
    if (!wants(wanted, envelope)) return undefined
    const began = performance.now()
    const refused = await this.#breaker.run(
      () => receiver.deliver(envelope, lost.signal),
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
    if (refused !== undefined) return letter('undeliverable', `${receiver.name} answers ${refused.answer}`)
    telemetry.delivered(receiver.name, (performance.now() - began) / 1000)
    return undefined
  }
}

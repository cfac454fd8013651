import { setTimeout as sleep } from 'node:timers/promises'
import { VigilError } from '../../errors.ts'
import type { Settings } from '../../vitals/settings.ts'
import type { End, GroupEvents, GroupMember, GroupOptions } from '../port.ts'
import { type Held, stickyAssigner } from './assigner.ts'
import type { FetchOfRecords } from './fetch-patch.ts'
import type { Consumer, EachBatchPayload, Kafka } from './library.ts'

/**
 * ms a broker waits for the first record of a fetch while a partition is paused. New records end the wait, so this bounds no
 * latency but that of a resumed or sought partition. Where none is paused it is `SETTLED_WAIT_MS`.
 */
const MAX_WAIT_MS = 200
/** ms after which a topic that got more partitions is noticed at the latest */
const METADATA_MS = 15_000
/**
 * How long a generation waits for members that live and are slow, in session timeouts. One who is dead holds nobody up:
 * its session ends first. With one session timeout, members of a starved machine throw each other out for ever.
 */
const REBALANCE_SESSIONS = 3
/** crashes in a row, without a record in between, after which an unknown error is taken for one that stays */
const TRIES = 5
/** ms before the first and the later restarts */
const RESTART_MS = [100, 500, 1000, 2000]
/** Workers that handle batches; more than this many partitions share them. */
const MOST_WORKERS = 256

export interface JoinContext {
  readonly kafka: Kafka
  readonly settings: Settings['kafka']
  /** partitions of the topics */
  readonly partitions: number
  /** the coded error for one of kafkajs */
  explain(error: unknown): Promise<VigilError>
}

/** ms for which a first join is tried again before it counts as failed */
const FIRST_JOIN_MS = 8000

/** ms for which the end waits for a consumer that is just joining */
const STARTING_MS = 4000

const keyOf = (topic: string, partition: number) => `${topic}/${partition}`

/**
 * A member of the group, and its consumer. kafkajs' own restarts are off: it gives up where a coordinator is only being
 * elected, and forgets pauses where it does restart. Each crash makes a new consumer, whose partitions are all new.
 */
class Member implements GroupMember {
  readonly #context: JoinContext
  readonly #topics: readonly string[]
  readonly #events: GroupEvents
  readonly #held: Held = { partitions: [], since: 0, memberId: undefined }
  /** keys of topic and partition of which no batch may begin */
  readonly #paused = new Set<string>()
  /** begin of each pending call of `records` */
  readonly #busy = new Map<symbol, number>()
  /** by key of topic and partition, as the newest fetch was told */
  readonly #ends = new Map<string, End>()
  readonly #confirming = new Set<{ left: number; done: (confirmed: boolean) => void }>()
  #consumer: Consumer | undefined
  /** as whom it has its partitions; undefined after a crash */
  #memberId: string | undefined
  #announced = false
  #leaving = false
  #crashes = 0
  #restart: NodeJS.Timeout | undefined
  #starting: Promise<void> | undefined
  #polled: number | undefined
  #heard: number | undefined
  readonly #begun = Date.now()
  /** the first join succeeded or failed */
  #settled = false
  #settle: { resolve: () => void; reject: (error: VigilError) => void } | undefined
  /** resolves with the first generation */
  readonly first: Promise<void>

  constructor(context: JoinContext, options: GroupOptions, events: GroupEvents) {
    this.#context = context
    this.#topics = options.topics
    this.#events = events
    this.first = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const { kafka, settings } = this.#context
    const consumer = kafka.consumer({
      groupId: settings.group,
      partitionAssigners: [stickyAssigner(this.#held, (fetches) => this.#fetched(fetches))],
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_SESSIONS * settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatIntervalMs,
      maxWaitTimeInMs: MAX_WAIT_MS,
      metadataMaxAge: METADATA_MS,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: async () => false },
    })
    this.#consumer = consumer
    const { GROUP_JOIN, REBALANCING, HEARTBEAT, FETCH, CRASH } = consumer.events
    const current = () => this.#consumer === consumer && !this.#leaving
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (current()) this.#joined(payload.memberId, Object.values(payload.memberAssignment).flat())
    })
    consumer.on(REBALANCING, () => current() && this.#rebalancing())
    consumer.on(HEARTBEAT, () => current() && this.#beat())
    consumer.on(FETCH, () => {
      this.#polled = Date.now()
    })
    consumer.on(CRASH, ({ payload }) => current() && this.#crashed(payload.error))
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [...this.#topics], fromBeginning: settings.start === 'earliest' })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: Math.min(MOST_WORKERS, this.#context.partitions * this.#topics.length),
        eachBatch: (payload) => this.#batch(payload),
      })
    } catch (error) {
      if (current()) await this.#crashed(error)
    }
  }

  #fetched(fetches: readonly FetchOfRecords[]): void {
    const at = Date.now()
    for (const { topic, partition, end } of fetches) this.#ends.set(keyOf(topic, partition), { next: end, at })
  }

  #joined(memberId: string, assigned: readonly number[]): void {
    const partitions = [...new Set(assigned)].sort((a, b) => a - b)
    const before = new Set(memberId === this.#memberId ? this.#held.partitions : [])
    const kept = partitions.filter((partition) => before.has(partition))
    this.#memberId = memberId
    this.#held.memberId = memberId
    this.#held.partitions = partitions
    this.#held.since = Date.now()
    this.#announced = false
    this.#confirm(false)
    this.#pause(
      this.#topics,
      partitions.filter((partition) => !before.has(partition)),
    )
    this.#heard = Date.now()
    try {
      if (partitions.some((partition) => partition >= this.#context.partitions))
        throw new VigilError(
          'kafka-topics',
          `a topic got more than ${this.#context.partitions} partitions, so patients have moved to others: stop all of the group, and give every topic as many`,
        )
      this.#events.joined(partitions, kept, this)
    } catch (error) {
      throw new HandlerFailure(error)
    }
    this.#settled = true
    this.#settle?.resolve()
  }

  #rebalancing(): void {
    if (this.#announced) return
    this.#announced = true
    this.#events.rebalancing()
  }

  #beat(): void {
    this.#heard = Date.now()
    for (const waiting of this.#confirming)
      if (--waiting.left === 0) {
        this.#confirming.delete(waiting)
        waiting.done(true)
      }
  }

  #confirm(confirmed: boolean): void {
    for (const { done } of this.#confirming) done(confirmed)
    this.#confirming.clear()
  }

  async #batch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch
    const refused = this.#paused.has(keyOf(topic, partition)) || !this.#held.partitions.includes(partition)
    if (refused || !isRunning() || isStale()) return
    const pending = Symbol()
    let failure: unknown
    const beating = setInterval(() => {
      heartbeat().catch((error: unknown) => {
        failure ??= error
        this.#rebalancing()
      })
      // kafkajs sends no more than one an interval, whatever it is asked for.
    }, this.#context.settings.heartbeatIntervalMs / 2)
    this.#busy.set(pending, Date.now())
    try {
      await this.#events.records(topic, partition, (batch as unknown as FetchOfRecords).records)
    } catch (cause) {
      throw new HandlerFailure(cause)
    } finally {
      clearInterval(beating)
      this.#busy.delete(pending)
    }
    this.#crashes = 0
    resolveOffset(batch.lastOffset())
    if (failure) throw failure
  }

  async #crashed(cause: unknown): Promise<void> {
    const handler = handlerFailure(cause)
    const error = handler ?? (await this.#context.explain(cause))
    if (this.#leaving) return
    const old = this.#consumer
    const lost = this.#memberId !== undefined
    this.#consumer = undefined
    this.#memberId = undefined
    this.#confirm(false)
    await old?.disconnect().catch(() => undefined)
    const hopeless =
      handler !== undefined ||
      ['kafka-auth', 'kafka-unauthorised', 'kafka-unsupported'].includes(error.code) ||
      (error.code !== 'kafka-unreachable' && ++this.#crashes >= TRIES)
    if (this.#leaving) return
    if (!this.#settled && (hopeless || Date.now() - this.#begun > FIRST_JOIN_MS)) {
      this.#settled = true
      this.#leaving = true
      this.#settle?.reject(error)
      return
    }
    if (lost || (hopeless && this.#settled)) this.#events.crashed(error, !hopeless)
    if (hopeless) return
    const wait = RESTART_MS[Math.min(this.#crashes, RESTART_MS.length - 1)]
    this.#restart = setTimeout(() => void this.start(), wait)
  }

  /** Tell the consumer, unless it is just being made anew: then nothing of it is this member's. */
  #tell(partition: number, call: (consumer: Consumer) => void): void {
    if (!this.#consumer || !this.#held.partitions.includes(partition)) return
    try {
      call(this.#consumer)
    } catch {
      // kafkajs stopped it and will say so in a CRASH event
    }
  }

  #pause(topics: readonly string[], partitions: number[]): void {
    for (const topic of topics) for (const partition of partitions) this.#paused.add(keyOf(topic, partition))
    if (partitions.length > 0) this.#consumer?.pause(topics.map((topic) => ({ topic, partitions })))
  }

  pause(topic: string, partition: number): void {
    this.#tell(partition, () => this.#pause([topic], [partition]))
  }

  resume(topic: string, partition: number): void {
    this.#tell(partition, (consumer) => {
      this.#paused.delete(keyOf(topic, partition))
      consumer.resume([{ topic, partitions: [partition] }])
    })
  }

  seek(topic: string, partition: number, offset: number): void {
    this.#tell(partition, (consumer) => consumer.seek({ topic, partition, offset: String(offset) }))
  }

  confirmed(): Promise<boolean> {
    if (!this.#consumer || this.#leaving) return Promise.resolve(false)
    return new Promise((done) => this.#confirming.add({ left: 2, done }))
  }

  pulse() {
    const [busySince] = this.#busy.values()
    return { polled: this.#polled, heard: this.#heard, busySince }
  }

  end(topic: string, partition: number): End | undefined {
    return this.#ends.get(keyOf(topic, partition))
  }

  async leave(): Promise<void> {
    if (this.#leaving) return
    this.#leaving = true
    clearTimeout(this.#restart)
    this.#confirm(false)
    // kafkajs takes no notice of an end that comes before its consumer has begun, and goes on then
    await Promise.race([this.#starting, sleep(STARTING_MS, undefined, { ref: false })])
    await this.#consumer?.disconnect().catch(() => undefined)
    this.#held.partitions = []
  }
}

/** Marks an error as the caller's own; not by `cause`, which kafkajs unwraps. */
class HandlerFailure extends Error {
  /** for kafkajs: trying again is of no use */
  readonly retriable = false
  readonly failure: unknown

  constructor(failure: unknown) {
    super('a handler failed')
    this.failure = failure
  }
}

function handlerFailure(error: unknown): VigilError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!(at instanceof HandlerFailure)) continue
    if (at.failure instanceof VigilError) return at.failure
    return new VigilError('internal', at.message, { cause: at.failure })
  }
  return undefined
}

/**
 * Become a member of the group; resolves with the first generation.
 * @throws VigilError when the first join fails
 */
export async function joinGroup(
  context: JoinContext,
  options: GroupOptions,
  events: GroupEvents,
): Promise<GroupMember> {
  const member = new Member(context, options, events)
  await Promise.all([member.first, member.start()])
  return member
}

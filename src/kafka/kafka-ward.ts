import { setTimeout } from 'node:timers/promises'
import { defer, finalize } from 'rxjs'
import { VigilError } from '../errors.ts'
import type { Check, Committer, Input, Source } from '../stream/ports.ts'
import type { PolicySettings } from '../vitals/policy.ts'
import { Commits } from './commits.ts'
import { Feed } from './feed.ts'
import { type Intake, takeRecords } from './intake.ts'
import type { KafkaWardOptions } from './kafka-ward-options.ts'
import { load } from './load.ts'
import { readModelOrder } from './model-order-record.ts'
import { Owned } from './owned.ts'
import { adoptPolicy, changePolicy } from './policies.ts'
import type { GroupEvents, GroupMember, LogRecord, LogRecords, PlainWriter } from './port.ts'
import { type Around, Promotions } from './promotions.ts'
import { type Restored, restore } from './restore.ts'
import { OVERDUE_SECONDS } from './self-test.ts'
import { topicName } from './topics.ts'
import type { Fetch } from './waiting.ts'

/** A fetch or a handler that takes so long hangs, s. */
const HANGING_SECONDS = 60
/** A commit that fails so fails in every partition, until somebody changes something. */
const HOPELESS: ReadonlySet<string> = new Set(['kafka-auth', 'kafka-unauthorised', 'kafka-unsupported'])
/** After a failure a partition is taken back after 0.1, 0.2, 0.4 ... seconds, at most so late. */
const LONGEST_PAUSE_MS = 5000

/**
 * Kafka around a ward: a source of what the group assigns to this process, and the committer of what comes out. Each
 * partition is fenced, restored, worked and committed by itself; the others do not wait for it.
 */
export class KafkaWard implements GroupEvents {
  readonly committer: Committer
  readonly #options: KafkaWardOptions
  readonly #commits: Commits
  readonly #promotions: Promotions | undefined
  readonly #owned = new Map<number, Owned>()
  readonly #feed: Feed
  readonly #topics: readonly [string, ...string[]]
  #joining: Promise<GroupMember | undefined> = Promise.resolve(undefined)
  #member: GroupMember | undefined
  /** partitions that the group's newest generation gave this process */
  #assigned: readonly number[] = []
  #stopping = false
  #broken = false
  #unhear = () => {}
  /** resolves when the pipeline takes nothing any more */
  readonly #unheard = new Promise<undefined>((resolve) => {
    this.#unhear = () => resolve(undefined)
  })

  /** @param plain for alerts that leave at least once; undefined: they leave in transactions */
  constructor(options: KafkaWardOptions, plain?: PlainWriter) {
    const { ward, settings, telemetry, now } = options
    this.#options = options
    const { promotions } = options
    const readings = topicName(settings.topicPrefix, 'readings')
    this.#topics = [readings, ...options.controls.keys(), ...(promotions ? [promotions.topics.models] : [])]
    this.#feed = new Feed({
      source: readings,
      maxBatch: options.maxBatch,
      take: (...of) => this.#take(...of),
      broken: (error) => this.#break(error),
    })
    const turn: Around['turn'] = (owned, take, done) =>
      void this.#feed.turn(take, owned.number, (inputs) => inputs, done)
    const around = { turn, all: () => this.#owned.values() }
    this.#promotions = promotions && new Promotions({ ...options, ...promotions }, around)
    this.#commits = new Commits({
      prefix: settings.topicPrefix,
      state: ward.state,
      telemetry,
      plain,
      commitIntervalMs: settings.commitIntervalMs,
      stateIntervalMs: settings.stateIntervalMs,
      owned: (partition) => this.#owned.get(partition),
      all: () => this.#owned.values(),
      failed: (owned, error) => this.#failed(owned, error),
      behind: () => this.#feed.waiting.behind,
      end: (partition) => this.end(readings, partition)?.next,
      wake: () => this.#feed.waiting.working || this.#feed.turn(() => {}),
      now,
    })
    this.committer = this.#commits
  }

  /** What the group assigns to this process, from the subscription to `stop`. Errors when the membership is lost for good. */
  readonly source: Source = defer(() => {
    // told of after the pipeline has subscribed
    queueMicrotask(() => this.#join())
    return this.#feed.batches.pipe(finalize(this.#unhear))
  })

  /** Partitions of this process by where they are in their life. */
  get partitions(): { readonly restoring: number; readonly live: number } {
    const live = this.live.length
    return { live, restoring: this.#owned.size - live }
  }

  /** The live partitions' numbers and, by topic, the next offset each will work. */
  get live(): { readonly partition: number; readonly worked: ReadonlyMap<string, number> }[] {
    return [...this.#owned.values()].filter((it) => it.live).map((it) => ({ partition: it.number, worked: it.worked }))
  }

  /** As of the member; undefined where there is none. */
  readonly end: GroupMember['end'] = (topic, partition) => this.#member?.end(topic, partition)

  /** Patients whose state is newer than their record. */
  get unsaved(): number {
    const { state } = this.#options.ward
    return this.live.reduce((sum, { partition }) => sum + state.unsaved(partition).size, 0)
  }

  /** Whether a self-test alert is missing that should have been committed by now. */
  get selfTestOverdue(): boolean {
    const now = this.#options.now()
    return [...this.#owned.values()].some((it) => it.live && now - it.selfTestedAt > OVERDUE_SECONDS * 1000)
  }

  /** Whether every partition that the group gave this process is watched. */
  ready(): Check {
    if (this.#member === undefined) return { ok: false, reason: 'not yet a member of the group' }
    const { live, restoring } = this.partitions
    return { ok: restoring === 0, reason: `${live} partitions live, ${restoring} on their way` }
  }

  /** Whether the membership is for good, and neither the brokers nor a handler hang. */
  alive(): Check {
    if (this.#broken) return { ok: false, reason: 'the membership is lost for good' }
    const pulse = this.#member?.pulse()
    if (pulse === undefined) return { ok: true, reason: 'not yet a member of the group' }
    const ago = (at: number | undefined) => (at === undefined ? 0 : (this.#options.now() - at) / 1000)
    const [polled, busy] = [ago(pulse.polled), ago(pulse.busySince)]
    const reason = `last fetch ${polled.toFixed(1)} s ago, oldest handler ${busy.toFixed(1)} s old`
    return { ok: Math.max(polled, busy) < HANGING_SECONDS, reason }
  }

  /** Take nothing in any more, save everything, leave the group; the source completes. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    this.#feed.stop()
    if (!this.#broken) await Promise.all([...this.#owned.values()].map((owned) => this.#settle(owned)))
    // whoever is still on its way into the group leaves it as soon as it is there
    await (this.#member ?? (await this.#joining))?.leave()
    const owned = [...this.#owned.values()]
    for (const it of owned) it.lose()
    await Promise.all(owned.map((it) => it.writer?.close()))
    this.#commits.close()
    this.#promotions?.close()
    this.#feed.complete()
  }

  /** Every partition is under another policy from here on. @throws VigilError config-invalid; nothing changes then */
  async changePolicy(settings: PolicySettings): Promise<void> {
    const change = () => changePolicy([...this.#owned.values()], settings, this.#options)
    const { refused } = await this.#feed.turn(change, 0, ({ entries }) => entries)
    if (refused !== undefined) throw refused
  }

  /** Commit a partition with the ward at rest; where nobody works any more, nothing of it can be. */
  async #settle(owned: Owned): Promise<void> {
    for (;;) {
      await owned.committing
      const turn = this.#feed.turn(async () => (await this.#commits.settle(owned)) ?? 'again')
      const done = await Promise.race([turn, this.#unheard])
      if (done !== 'again') return done?.settled
    }
  }

  #join(): void {
    this.#joining = this.#options.client.join({ topics: this.#topics }, this).catch((error: unknown) => {
      this.#break(error)
      return undefined
    })
  }

  /** The world is broken for good: what was taken in is still worked and delivered. */
  #break(error: unknown): void {
    this.#broken = true
    this.#feed.fail(error)
  }

  joined(partitions: readonly number[], kept: readonly number[], member: GroupMember): void {
    this.#options.telemetry.rebalanced()
    this.#member = member
    if (this.#stopping) return
    this.#assigned = partitions
    for (const owned of [...this.#owned.values()]) if (!kept.includes(owned.number)) this.#lose(owned)
    for (const partition of partitions) {
      const owned = this.#owned.get(partition)
      if (owned === undefined) void this.#adopt(new Owned(partition))
      else if (owned.open) this.#seek(owned)
    }
    this.#tell()
  }

  rebalancing(): void {
    for (const owned of this.#owned.values()) owned.waitsSince ??= 0
    void this.#feed.turn(() => {})
  }

  async records(topic: string, partition: number, records: LogRecords): Promise<void> {
    const owned = this.#owned.get(partition)
    const from = owned?.fetched.get(topic)
    if (owned === undefined || from === undefined || !owned.open || this.#stopping || records.next <= from) return
    owned.fetched.set(topic, records.next)
    const since = this.#options.now()
    if (topic === this.#options.promotions?.topics.models) return this.#orders(owned, topic, { records, from, since })
    this.#feed.waiting.add(owned, topic, { records, from, since })
    this.#feed.next()
    await this.#feed.waiting.room()
  }

  /** What is ordered about the models; an order that cannot be read is a dead letter, like any input. */
  #orders(owned: Owned, topic: string, { records, from, since }: Fetch): void {
    for (const record of records.take(records.left)) {
      if (record.offset < from) continue
      const worked = record.offset + 1
      const order = readModelOrder(topic, record)
      if (!('kind' in order)) this.#promotions!.ordered(owned, order, () => owned.worked.set(topic, worked))
      else {
        owned.originals.set(order, record)
        const intake = { inputs: [order], offsets: [record.offset], rekeyed: [], misplaced: 0 }
        owned.ordering = owned.ordering.then(() => this.#feed.push(owned, topic, intake, worked, since))
      }
    }
  }

  crashed(error: VigilError, willRetry: boolean): void {
    this.#options.log.warn({ code: error.code, willRetry }, `the membership is lost: ${error.message}`)
    this.#assigned = []
    for (const owned of [...this.#owned.values()]) this.#lose(owned)
    this.#tell()
    if (!willRetry) this.#break(error)
  }

  #take(owned: Owned, topic: string, records: readonly LogRecord[]): Intake {
    const { decode, controls, partitions, telemetry } = this.#options
    const intake = takeRecords(owned, topic, partitions, records, controls.get(topic) ?? decode)
    if (intake.misplaced > 0) telemetry.misplaced(intake.misplaced)
    if (intake.rekeyed.length > 0) telemetry.rekeyed(intake.rekeyed.length)
    return intake
  }

  /** Fence, restore, seek, resume; again after a failure that may pass, for as long as the partition is this process's. */
  async #adopt(owned: Owned, pauseMs = 0): Promise<void> {
    const { client, settings, log, telemetry } = this.#options
    this.#owned.set(owned.number, owned)
    this.#tell()
    try {
      await setTimeout(pauseMs, undefined, { signal: owned.lost.signal })
      const began = performance.now()
      const changelog = topicName(settings.topicPrefix, 'state')
      const restored = await restore(owned, { client, topics: this.#topics, changelog, start: settings.start })
      owned.writer = restored.writer
      for (const loss of restored.losses) log.error({ partition: owned.number }, loss)
      await this.#promotions?.prepare(owned, restored.changelog)
      const load = () => this.#load(owned, restored)
      await this.#feed.turn(load, owned.number, (entries) => entries)
      // read again: the group may have taken it away while it waited its turn
      if (!owned.live) return await restored.writer.close()
      owned.open = true
      this.#seek(owned)
      for (const topic of this.#topics) this.#member?.resume(topic, owned.number)
      const seconds = (performance.now() - began) / 1000
      telemetry.restored(seconds, restored.changelog.bytes)
      log.info({ partition: owned.number, patients: restored.changelog.states.size, seconds }, 'partition restored')
      this.#tell()
    } catch (error) {
      if (owned.phase === 'lost' || this.#stopping) return
      const broken =
        error instanceof VigilError ? error : new VigilError('internal', 'a restore failed', { cause: error })
      if (broken.retriable || broken.code === 'kafka-fenced') this.#again(owned, broken)
      else this.#break(broken)
    }
  }

  /** Take the restored patients into the ward. @returns what is to be said of those that others watch from here on */
  #load(owned: Owned, restored: Restored): readonly Input[] {
    if (owned.phase === 'lost') return []
    owned.phase = 'live'
    this.#promotions?.adopt(owned)
    const entries = load(owned, restored, { ...this.#options, source: this.#topics[0] })
    return [
      ...entries,
      ...adoptPolicy(owned, restored.changelog, this.#options),
      ...(this.#promotions?.adopted(owned) ?? []),
    ]
  }

  #seek(owned: Owned): void {
    for (const [topic, next] of owned.fetched) this.#member?.seek(topic, owned.number, next)
  }

  /** It is another process's now, or must be read back: its patients leave the ward before anything new of it comes. */
  #lose(owned: Owned): void {
    const { ward } = this.#options
    owned.lose()
    this.#feed.waiting.drop(owned)
    this.#owned.delete(owned.number)
    for (const topic of this.#topics) this.#member?.pause(topic, owned.number)
    void this.#feed.turn(() => ward.state.leave(owned.number))
    const { writer, committing = Promise.resolve() } = owned
    void committing.then(() => writer?.close())
  }

  /** The outcome of a failed commit is unknown: what the changelog says counts, not what the ward remembers. */
  #failed(owned: Owned, error: VigilError): void {
    const { log, telemetry } = this.#options
    telemetry.aborted(error.code)
    if (owned.phase === 'lost') return
    const about = { partition: owned.number, code: error.code }
    log.warn(about, `a commit failed, the partition is read back: ${error.message}`)
    if (HOPELESS.has(error.code)) this.#break(error)
    else this.#again(owned, error)
  }

  /**
   * Take a partition again that is still this process's as far as the group has told. Who was fenced first hears the
   * coordinator confirm that: a process that slept through the loss of its partitions takes nothing from its successor.
   */
  #again(owned: Owned, error: VigilError): void {
    this.#lose(owned)
    const failures = owned.failures + 1
    const pauseMs = Math.min(LONGEST_PAUSE_MS, 50 * 2 ** failures)
    const adopt = () => {
      const { number: partition } = owned
      const ours = this.#assigned.includes(partition) && !this.#owned.has(partition)
      if (ours && !this.#stopping) void this.#adopt(new Owned(partition, failures), pauseMs)
    }
    if (error.code !== 'kafka-fenced') adopt()
    else void this.#member?.confirmed().then((confirmed) => confirmed && adopt())
  }

  #tell(): void {
    this.#options.telemetry.partitions(this.partitions)
  }
}

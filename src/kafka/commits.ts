import { VigilError } from '../errors.ts'
import type { Committer, KafkaTelemetry, Output } from '../stream/ports.ts'
import type { WardState } from '../stream/ward-state.ts'
import type { AlertEnvelope } from '../vitals/alert.ts'
import { alertRecord } from './alert-record.ts'
import type { Owned } from './owned.ts'
import type { PlainWriter } from './port.ts'
import { selfTestSeconds } from './self-test.ts'
import { topicName } from './topics.ts'
import { takeTransaction } from './transaction.ts'

export interface CommitOptions {
  readonly prefix: string
  readonly state: WardState
  readonly telemetry: KafkaTelemetry
  /** alerts leave by it, at least once, before their transaction; undefined: they leave in it, exactly once */
  readonly plain: PlainWriter | undefined
  /** longest time between two commits of a partition that moved, ms */
  readonly commitIntervalMs: number
  /** longest age of an unsaved state, ms; a ward that is far behind takes longer */
  readonly stateIntervalMs: number
  /** the live partition of this number */
  readonly owned: (partition: number) => Owned | undefined
  readonly all: () => Iterable<Owned>
  /** a commit failed: the partition's memory is not to be trusted any more */
  readonly failed: (owned: Owned, error: VigilError) => void
  /** more waits than the ward can work: what comes out is late already, and commits cost the thread that steps */
  readonly behind: () => boolean
  /** the next offset of a partition's readings as its log stood at the newest fetch; undefined before the first */
  readonly end: (partition: number) => number | undefined
  /** make the pipeline flush soon, though nothing arrives; where it is about to anyway, nothing happens */
  readonly wake: () => void
  /** wall clock, ms */
  readonly now: () => number
}

/** Outputs of a partition that wait before the pipeline does. */
const MOST_WAITING = 20_000
/** States saved in one commit at most: encoding blocks the thread. */
const MOST_STATES = 1000
/** Half the time they have: the other half is for a commit that takes long. */
const AT_EASE = 0.5
/** A ward that is behind has no time to save a state twice as often as it must. */
const BEHIND = 0.8
/**
 * Saving would be a quarter of its work, and by a clock on the wall the more for each reading the slower it is. A crash costs it
 * the work of so many intervals again.
 */
const FAR_BEHIND = 4
/** At the pace since the last commit, what waits takes so long, ms. */
const FAR_BEHIND_MS = 1000

/**
 * When each partition is committed: at once after an alert, else at the commit interval; at most one commit of a partition is
 * in flight: alerts that come meanwhile wait for each other. While it is, the ward works on, and what comes out waits for the next one.
 */
export class Commits implements Committer {
  readonly #options: CommitOptions
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(options: CommitOptions) {
    this.#options = options
  }

  /** A commit is due, or what was said would not be late if it left now. */
  due(says: number): boolean {
    const { all, behind, now } = this.#options
    if (says > 0 && !behind()) return true
    const at = now()
    for (const owned of all()) if (owned.live && owned.committing === undefined && at >= this.#due(owned)) return true
    return false
  }

  flushed(outputs: readonly Output[]): Promise<void> | void {
    const now = this.#options.now()
    for (const output of outputs) this.#keep(output, now)
    this.#sendAhead(outputs)
    let full: Promise<void> | undefined
    let next = Number.POSITIVE_INFINITY
    const due: Owned[] = []
    for (const owned of this.#options.all()) {
      if (!owned.live) continue
      if (owned.committing !== undefined) {
        if (owned.outputs.length > MOST_WAITING) full = owned.committing
        continue
      }
      const at = this.#due(owned)
      if (now >= at) due.push(owned)
      else next = Math.min(next, at)
    }
    this.#arm(next, now)
    const commit = () => {
      for (const owned of due)
        if (owned.live && owned.committing === undefined) this.#commit(owned, this.#quota(owned, now), now)
    }
    const fetched = due.length > 0 ? this.#options.state.fetch() : undefined
    if (fetched !== undefined) return Promise.all([full, fetched.then(commit)]).then(() => {})
    commit()
    return full
  }

  /**
   * Commit everything of a partition, its unsaved states too. Only while the ward is at rest.
   * @returns undefined where a commit is in flight: to be asked again after it
   */
  async settle(owned: Owned): Promise<{ readonly settled: Promise<void> } | undefined> {
    if (owned.committing !== undefined) return undefined
    await this.#options.state.fetch()
    return { settled: owned.live ? this.#commit(owned, Number.POSITIVE_INFINITY, this.#options.now()) : NOTHING }
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #keep(output: Output, now: number): void {
    const partition = output.kind === 'alert' ? output.envelope.trace.partition : output.partition
    const owned = this.#options.owned(partition)
    if (owned === undefined || !owned.live) return
    owned.outputs.push(output)
    if (output.kind !== 'alert') return
    owned.waitsSince ??= now
  }

  /** Alerts that leave at least once go at once; each partition's next commit waits until they are safe. */
  #sendAhead(outputs: readonly Output[]): void {
    const { plain, prefix, owned } = this.#options
    if (plain === undefined) return
    const alerts = outputs.flatMap((it) => (it.kind === 'alert' ? [it.envelope] : []))
    const live = alerts.filter(({ trace }) => owned(trace.partition)?.live)
    if (live.length === 0) return
    const sent = plain.send(live.map((envelope) => alertRecord(prefix, envelope.trace.partition, envelope)))
    for (const partition of new Set(live.map(({ trace }) => trace.partition))) {
      const of = owned(partition)!
      of.sending = Promise.all([of.sending, sent])
      of.sending.catch(() => {}) // said by the commit that waits for it
    }
  }

  /** When the partition is to be committed: wall clock, ms. */
  #due(owned: Owned): number {
    const { commitIntervalMs } = this.#options
    const interval = owned.committedAt + (owned.moved ? commitIntervalMs : this.#untilOld(owned))
    if (owned.waitsSince === undefined || (this.#options.behind() && owned.waitsSince > 0)) return interval
    return Math.min(interval, owned.waitsSince)
  }

  /** When states are to be saved though nothing moves any more, from the last commit on, ms. */
  #untilOld(owned: Owned): number {
    const { state, stateIntervalMs } = this.#options
    return state.unsaved(owned.number).size > 0 ? stateIntervalMs / 2 : Number.POSITIVE_INFINITY
  }

  /** States to save beside those with outputs: so many that none grows older than it may, and no burst comes of it. */
  #quota(owned: Owned, now: number): number {
    const unsaved = this.#options.state.unsaved(owned.number)
    const elapsed = Math.max(1, now - owned.committedAt)
    const within = this.#intervals(owned, elapsed) * this.#options.stateIntervalMs
    return Math.min(MOST_STATES, Math.ceil((unsaved.size * elapsed) / within))
  }

  /**
   * Within how many of the intervals that a state may be old all that are unsaved are saved.
   * @param elapsed since the partition's last commit, ms
   */
  #intervals(owned: Owned, elapsed: number): number {
    const { behind, end, prefix } = this.#options
    if (!behind()) return AT_EASE
    const readings = topicName(prefix, 'readings')
    const worked = owned.worked.get(readings) ?? 0
    const left = (end(owned.number) ?? worked) - worked
    const lately = Math.max(0, worked - (owned.committed.get(readings) ?? 0))
    return left * elapsed > FAR_BEHIND_MS * lately ? FAR_BEHIND : BEHIND
  }

  #commit(owned: Owned, quota: number, now: number): Promise<void> {
    const { prefix, state, plain, telemetry, failed, wake } = this.#options
    owned.committedAt = now
    const began = performance.now()
    const { records, positions, alerts, letters, states } = takeTransaction(owned, {
      prefix,
      state,
      withAlerts: plain === undefined,
      quota,
    })
    const run = async () => {
      try {
        await owned.sending
        await owned.writer!.commit(records, positions)
        owned.failures = 0
        telemetry.committed((performance.now() - began) / 1000, states, records.length)
        for (const reason of letters) telemetry.deadLetter(reason, 1)
        this.#selfTested(owned, alerts)
      } catch (error) {
        failed(owned, broken(error))
      } finally {
        owned.committing = undefined
        if (owned.live) wake()
      }
    }
    owned.committing = run()
    return owned.committing
  }

  #selfTested(owned: Owned, alerts: readonly AlertEnvelope[]): void {
    const now = this.#options.now()
    for (const alert of alerts) {
      const seconds = selfTestSeconds(alert, now)
      if (seconds === undefined) continue
      owned.selfTestedAt = now
      this.#options.telemetry.selfTest(seconds)
    }
  }

  /** One timer for whichever partition is due next. */
  #arm(at: number, now: number): void {
    if (at === this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    if (at === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY
        this.#options.wake()
      },
      Math.max(0, at - now),
    )
  }
}

const NOTHING = Promise.resolve()

function broken(error: unknown): VigilError {
  return error instanceof VigilError ? error : new VigilError('internal', 'a commit failed', { cause: error })
}

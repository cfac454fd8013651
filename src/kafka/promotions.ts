import { VigilError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Band } from '../stream/band.ts'
import type { Detector } from '../stream/detector.ts'
import type { Input, VersionTelemetry } from '../stream/ports.ts'
import { follow, type Step, seenBy } from '../stream/succession.ts'
import type { Ward } from '../stream/ward.ts'
import type { WardOptions } from '../stream/ward-options.ts'
import type { JournalEntry, SeenBy } from '../vitals/journal.ts'
import type { ModelOrder } from '../vitals/model-order.ts'
import type { Succession } from '../vitals/succession.ts'
import type { DriftReason } from '../vitals/tallied.ts'
import type { Changelog } from './changelog.ts'
import type { Decode } from './intake.ts'
import { Lookout } from './lookout.ts'
import { OpenVersions } from './open-versions.ts'
import type { Owned } from './owned.ts'
import type { KafkaClient, PlainWriter } from './port.ts'
import { WarmUp, warmUpSeconds } from './warm-up.ts'

export interface PromotionOptions {
  readonly client: Pick<KafkaClient, 'partitions' | 'readRange' | 'offsetAt'>
  readonly ward: Ward
  readonly like: Pick<WardOptions, 'table' | 'settings' | 'maxBatch'>
  /** how long a former champion runs beside its successor, ms */
  readonly windowMs: number
  /** how long after its promotion a champion is held to its band, ms */
  readonly closelyMs: number
  readonly band: Band
  /** the readings' topic, and that of the orders */
  readonly topics: { readonly readings: string; readonly models: string }
  readonly decode: Decode
  /** Open a version, NAME@VERSION, as one more detector of the ward. @throws VigilError where it does not fit */
  readonly open: (id: string) => Promise<Detector>
  /** the version that the registry calls the challenger of a model, NAME@VERSION */
  readonly challenger: (name: string) => Promise<string | undefined>
  /** the champion of a model went back by itself: the registry is to know */
  readonly wentBack: (name: string) => Promise<void>
  /** told once a minute why a champion is no longer what it was made for: nothing, or why */
  readonly drifted: (name: string, version: string, reasons: readonly DriftReason[]) => Promise<void>
  /** told of the champions, whenever one changes */
  readonly serving: (champions: readonly Detector[]) => void
  readonly plain: PlainWriter
  readonly telemetry: VersionTelemetry
  readonly log: Log
  /** wall clock, ms */
  readonly now: () => number
}

/** What the ward around does for it. */
export interface Around {
  /** Run at a partition's turn, the ward at rest, whoever has the partition then; what it gives is taken like inputs. */
  turn(owned: Owned, take: () => readonly Input[] | Promise<readonly Input[]>, done?: () => void): void
  all(): Iterable<Owned>
}

/** Readings that may be left to be worked when the ward rests for a version that is being warmed: about 20 ms. */
const SHORT = 2000
/** How long the ward rests for them, ms, about: then it goes on, and the version is warmed a little longer. */
const REST_MS = 300
/** After a warm-up that failed it is begun again so much later, ms. */
const AGAIN_MS = 10_000

/**
 * Who watches, and who will: the versions of each detector's model in the partitions of this process. What becomes of them
 * stands in the journal of every patient, after the reading that it names; what is begun stands in the changelog.
 */
export class Promotions {
  readonly #options: PromotionOptions
  readonly #around: Around
  readonly #versions: OpenVersions
  readonly #lookout: Lookout
  /** one after the other: each warm-up has an engine of its own */
  #warming: Promise<void> = Promise.resolve()
  /** warm-ups that wait or run */
  #toWarm = 0
  #scout: Detector | undefined
  #closed = false

  constructor(options: PromotionOptions, around: Around) {
    this.#options = options
    this.#around = around
    this.#versions = new OpenVersions(options.ward.versions, options.open)
    this.#lookout = new Lookout({
      ...options,
      versions: options.ward.versions,
      all: () => around.all(),
      topic: options.topics.models,
      partitions: options.client.partitions,
      step: (owned, detector, step) => this.#askFor(owned, detector, step),
    })
  }

  close(): void {
    this.#closed = true
    this.#lookout.close()
  }

  /** What a restored partition's patients are seen by is opened, before they are loaded. @throws VigilError */
  async prepare(owned: Owned, { successions }: Pick<Changelog, 'successions'>): Promise<void> {
    const { ward, log } = this.#options
    for (const { id: origin, manifest } of ward.versions.configured) {
      const { detector } = manifest
      if (ward.versions.pinned.has(detector)) continue
      const known = successions.get(detector)
      const anew: Succession = { origin, champion: origin }
      owned.successions.set(detector, known ?? anew)
      try {
        await this.#open(known ?? anew)
      } catch (error) {
        log.error({ code: codeOf(error), partition: owned.number }, `${detector} begins anew: ${wordsOf(error)}`)
        owned.successions.set(detector, anew)
        await this.#open(anew)
      }
      owned.successionsKept = owned.successions.get(detector) === known
    }
  }

  async #open(succession: Succession): Promise<void> {
    const { champion, shadow } = seenBy(succession)
    await this.#versions.open(champion)
    if (shadow !== undefined) await this.#versions.open(shadow)
  }

  /** The ward is at rest, and the partition's patients come next. */
  adopt(owned: Owned): void {
    const { versions } = this.#options.ward
    const origins: Record<string, SeenBy> = {}
    for (const [detector, succession] of owned.successions) {
      const { champion, shadow } = seenBy(succession)
      this.#versions.work(champion, shadow, succession.origin)
      const { origin } = succession
      const named = versions.configured.some(({ id }) => id === origin)
      if (!named && versions.find(origin) !== undefined) origins[detector] = { champion: origin }
    }
    versions.begin(owned.number, Object.keys(origins).length > 0 ? origins : undefined)
    this.#newcomers(owned)
  }

  /** The restored patients are there. @returns what is to be said of those whom other versions see than the partition's */
  adopted(owned: Owned): readonly JournalEntry[] {
    const entries = [...owned.successions.keys()].flatMap((detector) => this.#entries(owned, detector))
    for (const detector of owned.successions.keys()) this.#goOn(owned, detector)
    this.#serving()
    return entries
  }

  /** An order was read: it is followed between two flushes, with the position that passes it. */
  ordered(owned: Owned, { detector, action, model, by, reason }: ModelOrder, done: () => void): void {
    const { log, telemetry } = this.#options
    const opens = action === 'shadow' || action === 'promote'
    // opened before its turn, so that the ward need not rest for it
    const opened = opens ? this.#versions.open(model).then(() => undefined, wordsOf) : Promise.resolve(undefined)
    owned.ordering = Promise.all([opened, owned.ordering]).then(([refused]) =>
      this.#around.turn(
        owned,
        () => {
          // the next owner reads it
          if (!owned.live) return []
          const entries = refused ?? this.#step(owned, detector, { action, model })
          const followed = typeof entries !== 'string'
          telemetry.ordered(action, followed ? 'done' : 'refused')
          const about = { partition: owned.number, detector, action, model, by, reason }
          if (followed) log.info(about, 'an order for a model')
          else log.warn(about, `an order for a model is not followed: ${entries}`)
          return followed ? entries : []
        },
        done,
      ),
    )
  }

  /** Take a step at the partition's turn, where nobody ordered it. */
  #askFor(owned: Owned, detector: string, step: Step): void {
    this.#around.turn(owned, () => taken(this.#step(owned, detector, step)))
  }

  /** One step, the ward at rest. @returns entries of the patients for whom it changes something, or why it changes nothing */
  #step(
    owned: Owned,
    detector: string,
    step: Step,
    warm: ReadonlyMap<string, number> = new Map(),
  ): readonly JournalEntry[] | string {
    const { now, windowMs, telemetry, log } = this.#options
    const before = owned.successions.get(detector)
    if (!owned.live) return "the partition is another process's now"
    if (before === undefined) return `no model of ${detector} serves here whose version is left open`
    const after = follow(before, step, now(), windowMs)
    if ('refused' in after) return after.refused
    owned.successions.set(detector, after)
    owned.successionsKept = false
    const { champion, shadow } = seenBy(after)
    this.#versions.work(champion, shadow)
    this.#newcomers(owned)
    if (champion !== before.champion) {
      this.#lookout.promoted()
      telemetry.promoted(detector, step.action === 'rollback' ? 'back' : 'forth')
      log.warn({ partition: owned.number, detector, champion, before: before.champion }, 'another champion')
      this.#serving()
    }
    const entries = this.#entries(owned, detector, warm)
    this.#goOn(owned, detector)
    return entries
  }

  /** Who sees patients who are new, where that is not what saw the first. */
  #newcomers(owned: Owned): void {
    const { newcomers } = this.#options.ward
    const seen: Record<string, SeenBy> = {}
    for (const [detector, succession] of owned.successions) {
      const by = seenBy(succession)
      if (by.champion !== succession.origin || by.shadow !== undefined) seen[detector] = by
    }
    if (Object.keys(seen).length > 0) newcomers.set(owned.number, seen)
    else newcomers.delete(owned.number)
  }

  /** @param warm patient key -> the offset from which on the version that is new was warmed */
  #entries(owned: Owned, detector: string, warm: ReadonlyMap<string, number> = new Map()): JournalEntry[] {
    const { ward, now } = this.#options
    const succession = owned.successions.get(detector)!
    const target = seenBy(succession)
    return ward.state.here(owned.number).flatMap((session): JournalEntry[] => {
      const { champion, shadow } = session.seenBy?.[detector] ?? { champion: succession.origin }
      if (champion === target.champion && shadow === target.shadow) return []
      const { patientKey, lastOffset, admittedAt } = session
      const newest = ward.state.newest(session)
      const at = Number.isNaN(newest) ? (admittedAt ?? now()) : newest
      const from = warm.get(patientKey)
      const warmed = from === undefined ? {} : { warmedFrom: from }
      const head = { kind: 'journal', patientKey, at, afterOffset: lastOffset } as const
      return [{ ...head, entry: 'seen-by', detector, ...target, ...warmed }]
    })
  }

  /** What a succession waits for is begun; what no patient is seen by any more is closed, once that is so. */
  #goOn(owned: Owned, detector: string): void {
    const { beside } = owned.successions.get(detector)!
    if (beside !== undefined && !beside.warm) {
      this.#toWarm++
      this.#warming = this.#warming.then(() => this.#warm(owned, detector, beside.model))
    }
    this.#around.turn(owned, () => {
      this.#versions.release(this.#around.all())
      return []
    })
  }

  #serving(): void {
    const { ward, serving } = this.#options
    const champions = new Set<Detector>()
    for (const { successions } of this.#around.all())
      for (const { champion } of successions.values()) {
        const detector = ward.versions.find(champion)
        if (detector !== undefined) champions.add(detector)
      }
    for (const it of ward.versions.configured) if (ward.versions.pinned.has(it.manifest.detector)) champions.add(it)
    if (champions.size > 0) serving([...champions])
  }

  /** Work the readings of before in the background, and the last of them with the ward at rest, where the version begins. */
  async #warm(owned: Owned, detector: string, model: string): Promise<void> {
    const { client, like, decode, topics, telemetry, log, now } = this.#options
    const wanted = () => {
      const beside = owned.successions.get(detector)?.beside
      return !this.#closed && owned.phase !== 'lost' && beside?.model === model && !beside.warm
    }
    const { number: partition } = owned
    const began = performance.now()
    try {
      if (!wanted()) return
      const version = await this.#versions.open(model)
      const warmUp = new WarmUp(await this.#scouting(model), like, partition, decode)
      const first = await client.offsetAt(topics.readings, partition, now() - 1000 * warmUpSeconds(version.manifest))
      let next = first
      const readTo = (to: number, signal: AbortSignal) =>
        client.readRange(
          topics.readings,
          partition,
          { from: next, to },
          async (records) => {
            await warmUp.take(records)
            next = records.at(-1)!.offset + 1
          },
          signal,
        )
      const worked = () => owned.worked.get(topics.readings) ?? 0
      const { signal } = owned.lost
      const join = async (): Promise<readonly Input[]> => {
        if (!wanted()) return []
        const late = AbortSignal.timeout(REST_MS)
        try {
          await readTo(worked(), AbortSignal.any([signal, late]))
        } catch (error) {
          if (late.aborted) return []
          throw error
        }
        if (!wanted()) return []
        const warm = this.#put(owned, version, warmUp, first)
        return taken(this.#step(owned, detector, { action: 'warmed', model }, warm))
      }
      while (wanted()) {
        const to = worked()
        if (to - next > SHORT) {
          await readTo(to, signal)
          next = Math.max(next, to)
        } else await this.#atRest(owned, join)
      }
      const seconds = (performance.now() - began) / 1000
      telemetry.warmed(seconds, warmUp.readings)
      log.info({ partition, model, seconds, readings: warmUp.readings }, 'a version was warmed')
    } catch (error) {
      if (!wanted()) return
      log.error({ partition, model, code: codeOf(error) }, `a warm-up failed: ${wordsOf(error)}`)
      setTimeout(() => wanted() && this.#goOn(owned, detector), AGAIN_MS).unref()
    } finally {
      if (--this.#toWarm === 0) await this.#scouting(undefined)
    }
  }

  /** The copy of a version that works the readings of before, kept as long as partitions wait for it. */
  async #scouting(model: string): Promise<Detector>
  async #scouting(model: undefined): Promise<undefined>
  async #scouting(model: string | undefined): Promise<Detector | undefined> {
    if (this.#scout?.id === model) return this.#scout
    await this.#scout?.engine.close()
    this.#scout = undefined
    this.#scout = model === undefined ? undefined : await this.#options.open(model)
    return this.#scout
  }

  /** Run something at the partition's turn. It rejects as that does; the ward goes on. */
  #atRest(owned: Owned, run: () => Promise<readonly Input[]>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#around.turn(owned, async () => {
        try {
          return await run()
        } catch (error) {
          reject(error)
          return []
        } finally {
          resolve()
        }
      })
    })
  }

  /** Put what a version knows of the patients into its rows of the ward. @returns patient key -> offset it was warmed from */
  #put(owned: Owned, version: Detector, warmUp: WarmUp, first: number): Map<string, number> {
    const { ward } = this.#options
    const warm = new Map<string, number>()
    for (const session of ward.state.here(owned.number)) {
      const known = warmUp.known(session, ward.state.newest(session))
      if (known === undefined) continue
      version.put(session.slot, known)
      warm.set(session.patientKey, first)
    }
    return warm
  }
}

const taken = (entries: readonly JournalEntry[] | string): readonly JournalEntry[] =>
  typeof entries === 'string' ? [] : entries
const codeOf = (error: unknown): string => (error instanceof VigilError ? error.code : 'internal')
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

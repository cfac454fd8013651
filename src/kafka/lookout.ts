import { VigilError } from '../errors.ts'
import type { Log } from '../log.ts'
import { driftFigures, driftReasons } from '../scoring/drift-reasons.ts'
import { ENOUGH } from '../scoring/stability.ts'
import { type Band, outOfBand } from '../stream/band.ts'
import type { VersionTelemetry } from '../stream/ports.ts'
import { type Step, seenBy } from '../stream/succession.ts'
import { together } from '../stream/tally.ts'
import type { Versions } from '../stream/versions.ts'
import type { Succession } from '../vitals/succession.ts'
import type { DriftReason, Tallied } from '../vitals/tallied.ts'
import { modelOrderRecord } from './model-order-record.ts'
import type { Owned } from './owned.ts'
import type { PlainWriter } from './port.ts'

export interface LookoutOptions {
  readonly versions: Versions
  readonly all: () => Iterable<Owned>
  /** how long after its promotion a champion is held to its band, ms */
  readonly closelyMs: number
  readonly band: Band
  /** the version that the registry calls the challenger of a model, NAME@VERSION */
  readonly challenger: (name: string) => Promise<string | undefined>
  /** the champion of a model went back by itself: the registry is to know */
  readonly wentBack: (name: string) => Promise<void>
  /** told once a minute why a champion is no longer what it was made for: nothing, or why */
  readonly drifted: (name: string, version: string, reasons: readonly DriftReason[]) => Promise<void>
  /** take a step in a partition, at its turn */
  readonly step: (owned: Owned, detector: string, step: Step) => void
  readonly plain: PlainWriter
  /** the topic of orders, and its partitions */
  readonly topic: string
  readonly partitions: number
  readonly telemetry: VersionTelemetry
  readonly log: Log
  /** wall clock, ms */
  readonly now: () => number
}

/** How often versions are looked at, and the registry is asked for a challenger, ms. */
const LOOK_MS = 1000
const ASK_MS = 30_000
/** How often drift is told, and over how long it is counted, ms. */
const DRIFT_MS = 60_000
const DRIFT_SPAN_MS = 3_600_000

/**
 * Looks at the versions at work once a second: what they did goes to the metrics; a former champion whose time is over is
 * released; a champion that was promoted a short while ago and leaves its band goes back, in every partition.
 */
export class Lookout {
  readonly #options: LookoutOptions
  /** version -> what it did since the newest promotion */
  readonly #sums = new Map<string, Tallied>()
  readonly #goneBack = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #askedAt = 0
  #driftedAt = 0
  #driftSince = 0
  #looking = false

  constructor(options: LookoutOptions) {
    this.#options = options
    this.#timer = setInterval(() => {
      if (this.#looking) return
      this.#looking = true
      void this.#look().finally(() => {
        this.#looking = false
      })
    }, LOOK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Another champion from here on: what was counted before says nothing of it. */
  promoted(): void {
    this.#sums.clear()
  }

  async #look(): Promise<void> {
    const { all, now } = this.#options
    const live = [...all()].filter((it) => it.live)
    this.#count(live)
    for (const owned of live) {
      for (const [detector, succession] of owned.successions) {
        const { beside } = succession
        if (beside?.until !== undefined && beside.until <= now())
          this.#options.step(owned, detector, { action: 'release', model: beside.model })
        await this.#judge(detector, succession)
      }
    }
    await this.#drift(live)
    if (live.length === 0 || now() - this.#askedAt < ASK_MS) return
    this.#askedAt = now()
    await this.#ask(live)
  }

  #count(live: readonly Owned[]): void {
    const { versions, telemetry } = this.#options
    const inShadow = new Set(live.flatMap((it) => [...it.successions.values()].map((each) => seenBy(each).shadow)))
    for (const { id, manifest, tally } of versions.all) {
      const counted = tally.take()
      telemetry.counted(manifest, inShadow.has(id) ? 'shadow' : 'champion', counted)
      const before = this.#sums.get(id)
      this.#sums.set(id, before === undefined ? counted : together(before, counted))
    }
  }

  /** What drifts is the ward under its champions; a version in shadow is measured beside them. */
  async #drift(live: readonly Owned[]): Promise<void> {
    const { versions, telemetry, now, drifted } = this.#options
    if (this.#driftSince === 0) this.#driftSince = now()
    if (now() - this.#driftedAt < DRIFT_MS) return
    this.#driftedAt = now()
    const anew = now() - this.#driftSince >= DRIFT_SPAN_MS
    if (anew) this.#driftSince = now()
    const champions = new Set(live.flatMap((it) => [...it.successions.values()].map(({ champion }) => champion)))
    for (const detector of versions.all) {
      const { id, manifest, drift } = detector
      const { name, version, horizons, grid } = manifest
      const seconds = horizons.map((ticks) => ticks * grid.cadenceSeconds)
      const figures = driftFigures(drift, seconds)
      const reasons = driftReasons(figures, drift.frames)
      telemetry.drifted(manifest, figures, reasons.length)
      if (champions.has(id) && drift.frames >= ENOUGH) await drifted(name, version, reasons)
      if (anew) detector.forgetDrift()
    }
  }

  async #judge(detector: string, { champion, beside, promotedAt }: Succession): Promise<void> {
    const { closelyMs, band, now, log, plain, topic, partitions, wentBack } = this.#options
    if (beside?.role !== 'former' || promotedAt === undefined || now() - promotedAt > closelyMs) return
    const [own, former] = [this.#sums.get(champion), this.#sums.get(beside.model)]
    if (own === undefined || former === undefined || this.#goneBack.has(champion)) return
    const reason = outOfBand(own, former, band)
    if (reason === undefined) return
    this.#goneBack.add(champion)
    log.error({ detector, champion, back: beside.model }, `out of its band: ${reason}`)
    const order = { detector, action: 'rollback', model: champion, at: now(), by: 'vigil', reason } as const
    try {
      await plain.send(Array.from({ length: partitions }, (_, it) => modelOrderRecord(topic, it, order)))
    } catch (error) {
      this.#goneBack.delete(champion)
      log.error({ code: codeOf(error) }, `the order to go back was not written: ${(error as Error).message}`)
      return
    }
    await wentBack(champion.split('@')[0]!).catch((error: unknown) =>
      log.warn({ code: codeOf(error) }, `the registry still names ${champion}: ${(error as Error).message}`),
    )
  }

  /** A challenger that the registry names goes into shadow, unless it was sent away before. */
  async #ask(live: readonly Owned[]): Promise<void> {
    const { versions, challenger, step, log } = this.#options
    for (const { manifest } of versions.configured) {
      const { name, detector } = manifest
      const model = await challenger(name).catch((error: unknown) => {
        log.warn({ code: codeOf(error) }, `the registry does not say who challenges ${name}`)
        return undefined
      })
      if (model === undefined) continue
      for (const owned of live) {
        const { champion, beside, left } = owned.successions.get(detector) ?? {}
        if (champion === undefined || champion === model || beside !== undefined || left?.includes(model)) continue
        step(owned, detector, { action: 'shadow', model })
      }
    }
  }
}

const codeOf = (error: unknown): string => (error instanceof VigilError ? error.code : 'internal')

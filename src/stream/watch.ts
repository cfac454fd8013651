import { type AlertContext, advance, endAlert, endAll, NO_ALERTS } from '../alerts/lifecycle.ts'
import { checkLimits, type LimitPlan, limitPlan, resetLimits } from '../scoring/limits.ts'
import { checkNews2, NEWS2_STATE_SIZE, type News2Plan, news2, news2Plan, resetNews2 } from '../scoring/news2.ts'
import { SENSORS_DETECTOR } from '../scoring/sensor-conditions.ts'
import { timeOfDay } from '../scoring/sentence.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Settings } from '../vitals/settings.ts'
import type { Watching } from '../vitals/watching.ts'
import type { Detector } from './detector.ts'
import { Rows } from './rows.ts'
import { Sensing } from './sensing.ts'
import { beginsAgain, type Session } from './sessions.ts'

/** Version of the rules that are not models: limits, NEWS2, signal. */
const RULES_VERSION = '1'
const SIGNAL_LOST = 'signal-lost'

export type WatchSettings = Pick<Settings, 'limits' | 'alerts' | 'stream'>

/**
 * What is said of one patient at one tick: every detector, the sensors, the fixed limits and NEWS2 beside them, then the
 * life of the patient's alerts. Detectors see a round without what the sensors set aside; limits and NEWS2 see it all, so
 * that nothing can silence a limit.
 */
export class Watch {
  readonly #table: ChannelTable
  readonly #detectors: readonly Detector[]
  readonly #settings: WatchSettings
  readonly #limits: LimitPlan
  readonly #news2: News2Plan
  /** [limits, NEWS2] */
  readonly #rows: Rows
  readonly #sources: Readonly<Record<string, AlertBody['source']>>
  readonly #sensing: Sensing
  readonly #conditions: Condition[] = []
  /** the round that was sifted last, as the detectors see it */
  #trusted: FrameColumns | undefined

  constructor(table: ChannelTable, detectors: readonly Detector[], settings: WatchSettings, cadenceSeconds: number) {
    this.#table = table
    this.#detectors = detectors
    this.#settings = settings
    this.#limits = limitPlan(settings.limits.adult, table)
    this.#news2 = news2Plan(table)
    this.#rows = new Rows(this.#limits.stateSize + NEWS2_STATE_SIZE)
    this.#sensing = new Sensing(table, cadenceSeconds)
    this.#sources = alertSources(detectors, settings)
  }

  /** A new patient on the slot. */
  reset(slot: number): void {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    resetLimits(this.#limits, page, at)
    resetNews2(page, at + this.#limits.stateSize)
    this.#sensing.reset(slot)
    for (const detector of this.#detectors) detector.reset(slot)
  }

  /** Look at the sensors of a round, once and before anything else; the round as detectors may take it. */
  sift(round: FrameColumns): FrameColumns {
    this.#trusted = this.#sensing.sift(round)
    return this.#trusted
  }

  /**
   * Look at one frame of a patient, of the round that was sifted last.
   * @param time event time of its tick, ms
   * @param wanted whether somebody wants to see the frame with its scores
   * @returns what its alerts have to say, and the report if wanted
   */
  frame(session: Session, frames: FrameColumns, row: number, time: number, wanted: boolean): Seen {
    const page = this.#rows.page(session.slot)
    const at = this.#rows.at(session.slot)
    const conditions = this.#conditions
    conditions.length = 0
    const trusted = this.#trusted!
    const reports = []
    this.#sensing.conditions(session.slot, row, frames.ticks[row]!, conditions)
    const suspect = this.#sensing.suspect(row)
    for (const detector of this.#detectors) {
      detector.score(trusted, row, suspect, conditions)
      if (wanted) reports.push(detector.report(trusted, row))
    }
    const models = conditions.length
    checkLimits(this.#limits, page, at, frames, row, time, conditions)
    const limitAlarm = conditions.length > models
    const score = news2(this.#news2, frames, row)
    checkNews2(page, at + this.#limits.stateSize, score, time, conditions)
    const watching = this.#watching(session.slot, frames, row)
    const bodies: AlertBody[] = []
    if (conditions.length > 0 || session.open !== undefined) {
      const context = this.#context(session, {
        warmupSteps: this.#warmupLeft(session.slot),
        missingChannels: this.#missing(frames, row),
        staleSeconds: this.#stale(frames, row),
        news2: { score: score.score, missing: [...score.missing] },
        limitAlarm,
      })
      if (session.lostAt !== undefined)
        this.#keep(session, endAlert(context, session.open ?? NO_ALERTS, SIGNAL_LOST, time), bodies)
      this.#keep(session, advance(context, session.open ?? NO_ALERTS, conditions, time), bodies)
    }
    session.lostAt = undefined
    if (!wanted) return { watching, bodies, report: undefined }
    const report: FrameReport = {
      kind: 'frame',
      patientKey: session.patientKey,
      unit: session.unit,
      bed: session.bed,
      time,
      watching,
      news2: { score: score.score, missing: score.missing },
      values: this.#table.channels.map((_, d) => orNull(frames.values[row * this.#table.channels.length + d]!)),
      ages: this.#table.channels.map((_, d) => orNull(frames.ages[row * this.#table.channels.length + d]!)),
      detectors: reports,
    }
    return { watching, bodies, report }
  }

  /**
   * The wall clock found the bed silent: a technical alert that stays until a frame arrives. The other alerts stand as
   * they are: that nobody sees their cause is no sign that it is gone.
   */
  signalLost(session: Session, at: number, silentSeconds: number): readonly AlertBody[] {
    const time = Math.round(at)
    session.lostAt = time
    const missing = this.#detectors.flatMap((detector) => detector.manifest.channels)
    const context = this.#context(session, {
      warmupSteps: this.#warmupLeft(session.slot),
      missingChannels: [...new Set(missing)],
      staleSeconds: silentSeconds,
      limitAlarm: false,
    })
    const open = session.open ?? NO_ALERTS
    const own = open.filter(({ code }) => code === SIGNAL_LOST)
    const others = open.filter(({ code }) => code !== SIGNAL_LOST)
    const result = advance(context, own, [silent(time, silentSeconds)], time)
    session.open = [...others, ...result.open]
    return result.bodies
  }

  /** Discharge (`end`), or another patient at the bed (`reset`): every open alert closes. */
  close(session: Session, time: number, phase: 'end' | 'reset'): readonly AlertBody[] {
    const context = this.#context(session, { warmupSteps: 0, missingChannels: [], staleSeconds: 0, limitAlarm: false })
    const bodies: AlertBody[] = []
    this.#keep(session, endAll(context, session.open ?? NO_ALERTS, Math.round(time), phase), bodies)
    return bodies
  }

  #keep(session: Session, result: ReturnType<typeof advance>, bodies: AlertBody[]): void {
    session.open = result.open.length > 0 ? result.open : undefined
    bodies.push(...result.bodies)
  }

  #context(session: Session, frame: AlertContext['frame']): AlertContext {
    return {
      subject: {
        patientKey: session.patientKey,
        ...(session.encounter !== undefined && { encounterKey: session.encounter }),
        ...(session.unit !== undefined && { unit: session.unit }),
        ...(session.bed !== undefined && { bed: session.bed }),
      },
      sources: this.#sources,
      frame,
      clearSeconds: this.#settings.alerts.clearSeconds,
      continueSeconds: this.#settings.alerts.continueSeconds,
      again: (code, onset) => beginsAgain(session, code, onset),
    }
  }

  #watching(slot: number, frames: FrameColumns, row: number): Watching {
    if (this.#detectors.length === 0) return 'degraded'
    let degraded = false
    for (const detector of this.#detectors) {
      if (detector.steps(slot) <= detector.manifest.warmupSteps) return 'warming'
      degraded ||= detector.degraded(frames, row, this.#settings.stream.staleSeconds)
    }
    return degraded ? 'degraded' : 'watching'
  }

  /** frames until the last detector may raise */
  #warmupLeft(slot: number): number {
    let left = 0
    for (const detector of this.#detectors) left = Math.max(left, detector.manifest.warmupSteps - detector.steps(slot))
    return left
  }

  #missing(frames: FrameColumns, row: number): string[] {
    const { staleSeconds } = this.#settings.stream
    return [...new Set(this.#detectors.flatMap((detector) => detector.missing(frames, row, staleSeconds)))]
  }

  /** age of the oldest value that any channel of the patient still carries, seconds; episodic ones left out */
  #stale(frames: FrameColumns, row: number): number {
    let oldest = 0
    this.#table.channels.forEach((channel, d) => {
      const age = frames.ages[row * this.#table.channels.length + d]!
      if (channel.cadence === 'continuous' && age > oldest) oldest = age
    })
    return oldest
  }
}

/** What a tick made visible. */
export interface Seen {
  readonly watching: Watching
  readonly bodies: readonly AlertBody[]
  readonly report: FrameReport | undefined
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

function silent(at: number, silentSeconds: number): Condition {
  return {
    detector: 'signal',
    code: SIGNAL_LOST,
    kind: 'technical',
    priority: 'medium',
    label: `No signal since ${timeOfDay(at - silentSeconds * 1000)}: the bed is not watched`,
    onset: at - silentSeconds * 1000,
    channels: [],
    score: undefined,
    explanation: { text: `Nothing arrived from this bed for ${Math.round(silentSeconds)} s.`, method: 'wall clock' },
    latching: true,
  }
}

function alertSources(detectors: readonly Detector[], settings: WatchSettings): Record<string, AlertBody['source']> {
  const { set, version } = settings.limits
  const rule = (detector: string, thresholds: AlertBody['source']['thresholds']): [string, AlertBody['source']] => [
    detector,
    { detector, version: RULES_VERSION, thresholds },
  ]
  const models = detectors.map(({ manifest }): [string, AlertBody['source']] => [
    manifest.detector,
    {
      detector: manifest.detector,
      version: manifest.version,
      model: { name: manifest.name, version: manifest.version, sha256: manifest.graph.sha256 },
      thresholds: { set: 'manifest', version: manifest.version },
    },
  ])
  return Object.fromEntries([
    ...models,
    rule('limits', { set, version }),
    rule(SENSORS_DETECTOR, { set: 'bidmc-1.0.0', version: '1' }),
    rule('news2', { set: 'rcp-2017', version: '1' }),
    rule('signal', { set, version }),
  ])
}

import { acknowledge, type Deed } from '../alerts/acknowledgement.ts'
import {
  type Advance,
  type AlertContext,
  advance,
  endAlert,
  endAll,
  endSome,
  NO_ALERTS,
  NO_CALLS,
} from '../alerts/lifecycle.ts'
import type { VigilError } from '../errors.ts'
import { checkLimits, type LimitPlan, limitPlan, resetLimits } from '../scoring/limits.ts'
import { checkNews2, NEWS2_STATE_SIZE, type News2Plan, news2, news2Plan, resetNews2 } from '../scoring/news2.ts'
import { SENSORS_DETECTOR } from '../scoring/sensor-conditions.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { WatchedBy } from '../vitals/journal.ts'
import { PROFILES, type Profile } from '../vitals/profile.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Settings } from '../vitals/settings.ts'
import type { Watching } from '../vitals/watching.ts'
import type { Detector } from './detector.ts'
import { type Lane, laneSource } from './lane.ts'
import type { OpinionDetector } from './opinion-detector.ts'
import type { Hours, RiskDetector } from './risk-detector.ts'
import { numbered, Rows, type SavedRows } from './rows.ts'
import { Sensing } from './sensing.ts'
import { beginsAgain, type Session } from './sessions.ts'
import { modelFailed, SIGNAL_LOST, signalLost, staleBed } from './signal.ts'

/** Version of the rules that are not models: limits, NEWS2, signal. */
const RULES_VERSION = '1'
/** a bed is stale when its channels are so many times older than makes a channel missing */
const STALE_BED = 3

export type WatchSettings = Pick<Settings, 'limits' | 'alerts' | 'stream'>

/**
 * What is said of one patient at one tick: every detector, the sensors, the fixed limits and NEWS2 beside them, then the
 * life of the patient's alerts. Detectors see a round without what the sensors set aside; limits and NEWS2 see it all, so
 * that nothing can silence a limit.
 */
export class Watch {
  readonly #table: ChannelTable
  readonly #detectors: readonly Detector[]
  /** those of them that say anything */
  readonly #champions: readonly Detector[]
  readonly #risks: readonly RiskDetector[]
  readonly #opinions: readonly OpinionDetector[]
  readonly #lanes: readonly Lane[]
  readonly #settings: WatchSettings
  readonly #limits: Readonly<Record<Profile, LimitPlan>>
  /** doubles of a row of limits: the same for every profile */
  readonly #limitsSize: number
  readonly #staleBedSeconds: number
  readonly #news2: News2Plan
  readonly #rows: Rows // [limits, NEWS2]
  readonly #sources: Readonly<Record<string, AlertBody['source']>>
  readonly #sensing: Sensing
  readonly #conditions: Condition[] = []
  /** what shadows would say */
  readonly #unsaid: Condition[] = []
  /** the round that was sifted last, as the detectors see it */
  #trusted: FrameColumns | undefined

  constructor(
    table: ChannelTable,
    detectors: readonly Detector[],
    risks: readonly RiskDetector[],
    opinions: readonly OpinionDetector[],
    settings: WatchSettings,
    cadenceSeconds: number,
  ) {
    this.#table = table
    this.#detectors = detectors
    this.#champions = detectors.filter(({ role }) => role === 'champion')
    this.#risks = risks
    this.#opinions = opinions
    this.#lanes = [...detectors, ...risks, ...opinions]
    this.#settings = settings
    this.#limits = limitPlans(settings.limits, table)
    this.#limitsSize = this.#limits.adult.stateSize
    const cadences = detectors.map(({ manifest }) => manifest.grid.cadenceSeconds)
    this.#staleBedSeconds = STALE_BED * Math.max(settings.stream.staleSeconds, ...cadences)
    this.#news2 = news2Plan(table)
    this.#rows = new Rows(this.#limitsSize + NEWS2_STATE_SIZE)
    this.#sensing = new Sensing(table, cadenceSeconds)
    this.#sources = alertSources(this.#lanes, settings)
  }

  /** The rows that belong into a patient's saved state. */
  get saved(): readonly SavedRows[] {
    const fields = [...this.#limits.adult.fields, ...numbered(`news2/${RULES_VERSION}`, NEWS2_STATE_SIZE)]
    return [{ rows: this.#rows, fields }, this.#sensing.saved]
  }

  /** A new patient on the slot. */
  reset(slot: number): void {
    this.#resetRules(slot)
    this.#sensing.reset(slot)
    for (const lane of this.#lanes) lane.reset(slot)
  }

  #resetRules(slot: number): void {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    resetLimits(this.#limits.adult, page, at)
    resetNews2(page, at + this.#limitsSize)
  }

  /** Other limits hold from here on: what was held against the old ones says nothing of these. */
  age(session: Session, profile: Profile): void {
    if (session.profile === profile) return
    session.profile = profile
    this.#resetRules(session.slot)
  }

  #profile(session: Session): Profile {
    return session.profile ?? this.#settings.limits.assumed
  }

  /**
   * Look at the sensors of a round, once and before anything else; then every model begins to step: detectors and
   * reconstructors with what is left, hourly models with the frames as they came.
   */
  async step(round: FrameColumns): Promise<Stepped> {
    const trusted = this.#sensing.sift(round)
    this.#trusted = trusted
    const forecasts = this.#detectors.map((detector) => detector.step(trusted))
    const slower = [...this.#risks.map((it) => it.step(round)), ...this.#opinions.map((it) => it.step(trusted))]
    return { forecasts: await Promise.all(forecasts), risks: await Promise.all(slower) }
  }

  /**
   * Look at one frame of a patient, of the round that is being stepped.
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
    // a procedure is no time to learn how the patient is
    const suspect = this.#sensing.suspect(row) || (session.mutedUntil !== undefined && time < session.mutedUntil)
    for (const detector of this.#detectors) {
      detector.score(trusted, row, suspect, detector.role === 'champion' ? conditions : this.#unsaid)
      if (wanted) reports.push(detector.report(trusted, row))
    }
    this.#unsaid.length = 0
    for (const risk of this.#risks) if (risk.role === 'champion') risk.conditions(session.slot, conditions)
    const models = conditions.length
    const profile = this.#profile(session)
    checkLimits(this.#limits[profile], page, at, frames, row, time, conditions)
    const limitAlarm = conditions.length > models
    // NEWS2 is for adults
    const score = profile === 'adult' ? news2(this.#news2, frames, row) : undefined
    if (score !== undefined) checkNews2(page, at + this.#limitsSize, score, time, conditions)
    const watching = this.#watching(session.slot, frames, row)
    if (watching !== 'watching') {
      const stale = staleBed(this.#table, frames, row, time, this.#staleBedSeconds)
      if (stale !== undefined) conditions.push(stale)
    }
    if (session.mutedUntil !== undefined && time >= session.mutedUntil) session.mutedUntil = undefined
    const bodies: AlertBody[] = []
    if (conditions.length > 0 || session.open !== undefined) {
      const context = this.#context(session, {
        warmupSteps: this.#warmupLeft(session.slot),
        missingChannels: this.#missing(frames, row),
        staleSeconds: this.#stale(frames, row),
        ...(score && { news2: { score: score.score, missing: [...score.missing] } }),
        limitAlarm,
      })
      if (session.lostAt !== undefined)
        keep(session, endAlert(context, session.open ?? NO_ALERTS, SIGNAL_LOST, time), bodies)
      this.#disown(session, context, time, bodies)
      keep(session, advance(context, session.open ?? NO_ALERTS, conditions, time), bodies)
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
      news2: score === undefined ? null : { score: score.score, missing: score.missing },
      values: this.#table.channels.map((_, d) => orNull(frames.values[row * this.#table.channels.length + d]!)),
      ages: this.#table.channels.map((_, d) => orNull(frames.ages[row * this.#table.channels.length + d]!)),
      faults: this.#sensing.faults(session.slot, row),
      mutedUntil: session.mutedUntil ?? null,
      detectors: reports,
      ...(this.#risks.length > 0 && { risks: this.#risks.map((risk) => risk.report(session.slot)) }),
      ...(this.#opinions.length > 0 && { opinions: this.#opinions.map((opinion) => opinion.report(session.slot)) }),
    }
    return { watching, bodies, report }
  }

  /**
   * The wall clock found the bed silent, or silent still: a technical alert that stays until a frame arrives. The other
   * alerts stand, and are sent again when it is time: that nobody sees their cause is no sign that it is gone.
   */
  signalLost(session: Session, at: number, silentSeconds: number): readonly AlertBody[] {
    const time = Math.round(at)
    session.lostAt = time
    const missing = this.#champions.flatMap((detector) => detector.manifest.channels)
    const context = this.#context(session, {
      warmupSteps: this.#warmupLeft(session.slot),
      missingChannels: [...new Set(missing)],
      staleSeconds: silentSeconds,
      limitAlarm: false,
    })
    const lost = [signalLost(time, silentSeconds)]
    return keep(session, advance({ ...context, blind: true }, session.open ?? NO_ALERTS, lost, time))
  }

  /** The engine of a model fails the patient: said at once, and until `modelBack`. What it had raised nobody watches. */
  modelFailed(session: Session, model: string, at: number): readonly AlertBody[] {
    const detector = this.#detectors.find(({ id }) => id === model)
    const time = Math.round(at)
    detector?.fail(session.slot, time)
    if (detector?.role !== 'champion') return []
    const context = this.#context(session, this.#unseen(session))
    const bodies: AlertBody[] = []
    this.#disown(session, context, time, bodies)
    const failed = [modelFailed(detector.manifest.detector, detector.failedAt(session.slot))]
    return keep(session, advance({ ...context, blind: true }, session.open ?? NO_ALERTS, failed, time), bodies)
  }

  /** The engine works again: the model begins cold with the patient. */
  modelBack(session: Session, model: string): void {
    this.#detectors.find(({ id }) => id === model)?.reset(session.slot)
  }

  /** Alerts of a model that fails are over without being known to have ended. */
  #disown(session: Session, context: AlertContext, time: number, bodies: AlertBody[]): void {
    for (const detector of this.#champions) {
      if (Number.isNaN(detector.failedAt(session.slot))) continue
      const own = ({ detector: by }: { readonly detector: string }) => by === detector.manifest.detector
      keep(session, endSome(context, session.open ?? NO_ALERTS, own, time, 'reset'), bodies)
    }
  }

  /** What somebody did about an open alert; changes nothing but who is called. */
  acknowledge(session: Session, alertId: string, deed: Deed, time: number): readonly AlertBody[] {
    const context = this.#context(session, this.#unseen(session))
    return keep(session, acknowledge(context, session.open ?? NO_ALERTS, alertId, deed, Math.round(time)))
  }

  /** Discharge (`end`), or another patient at the bed (`reset`): every open alert closes. */
  close(session: Session, time: number, phase: 'end' | 'reset'): readonly AlertBody[] {
    const context = this.#context(session, NOTHING)
    const bodies = keep(session, endAll(context, session.open ?? NO_ALERTS, Math.round(time), phase))
    session.calls = undefined
    return bodies
  }

  /**
   * Other models from here on: each that is named begins cold, and what its forerunner raised, or a model that is gone,
   * is reset. Limits and everything else go on.
   */
  watchedBy(session: Session, { models }: WatchedBy, time: number): readonly AlertBody[] {
    const named = new Map(models.map(({ detector, sha256 }) => [detector, sha256]))
    const champions = this.#lanes.filter(({ role }) => role === 'champion')
    for (const lane of champions) if (named.has(lane.manifest.detector)) lane.reset(session.slot)
    const serves = (it: string) => champions.some(({ manifest }) => manifest.detector === it)
    const other = ({ model, detector }: AlertBody['source']) =>
      model !== undefined && (named.has(detector) ? named.get(detector) !== model.sha256 : !serves(detector))
    const context = this.#context(session, NOTHING)
    return keep(
      session,
      endSome(context, session.open ?? NO_ALERTS, ({ source }) => other(source), Math.round(time), 'reset'),
    )
  }

  #unseen(session: Session): Unaged {
    return { ...NOTHING, warmupSteps: this.#warmupLeft(session.slot) }
  }

  #context(session: Session, frame: Unaged): AlertContext {
    const { clearSeconds, continueSeconds, silenceSeconds, unansweredSeconds } = this.#settings.alerts
    return {
      subject: {
        patientKey: session.patientKey,
        ...(session.encounter !== undefined && { encounterKey: session.encounter }),
        ...(session.unit !== undefined && { unit: session.unit }),
        ...(session.bed !== undefined && { bed: session.bed }),
      },
      sources: this.#sources,
      frame: { ...frame, profile: { name: this.#profile(session), assumed: session.profile === undefined } },
      clearSeconds,
      continueSeconds,
      silenceSeconds,
      unansweredSeconds,
      ...(session.mutedUntil !== undefined && { mutedUntil: session.mutedUntil }),
      calls: session.calls ?? NO_CALLS,
      again: (code, onset) => beginsAgain(session, code, onset),
    }
  }

  #watching(slot: number, frames: FrameColumns, row: number): Watching {
    if (this.#champions.length === 0) return 'degraded'
    let degraded = false
    for (const detector of this.#champions) {
      if (!Number.isNaN(detector.failedAt(slot))) return 'degraded'
      if (detector.steps(slot) <= detector.manifest.warmupSteps) return 'warming'
      degraded ||= detector.degraded(frames, row, this.#settings.stream.staleSeconds)
    }
    return degraded ? 'degraded' : 'watching'
  }

  /** frames until the last detector may raise */
  #warmupLeft(slot: number): number {
    let left = 0
    for (const detector of this.#champions) left = Math.max(left, detector.manifest.warmupSteps - detector.steps(slot))
    return left
  }

  #missing(frames: FrameColumns, row: number): string[] {
    const { staleSeconds } = this.#settings.stream
    return [...new Set(this.#champions.flatMap((detector) => detector.missing(frames, row, staleSeconds)))]
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

/** What the lanes made of a round. */
export interface Stepped {
  /** of each detector, [count * forecastSize], or why it has none */
  readonly forecasts: readonly (Float32Array | VigilError)[]
  /** of each hourly model, then of each reconstructor */
  readonly risks: readonly Hours[]
}

/** What a tick made visible. */
export interface Seen {
  readonly watching: Watching
  readonly bodies: readonly AlertBody[]
  readonly report: FrameReport | undefined
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

/** An alert's context, as long as nobody looked up whose limits are held. */
type Unaged = Omit<AlertContext['frame'], 'profile'>

/** What stands beside an alert that no frame is about. */
const NOTHING: Unaged = { warmupSteps: 0, missingChannels: [], staleSeconds: 0, limitAlarm: false }

/** The session after a step of its alerts. @returns what they said, appended to `bodies` where given */
function keep(
  session: Session,
  { open, calls, bodies: said }: Advance,
  bodies: AlertBody[] = [],
): readonly AlertBody[] {
  session.open = open.length > 0 ? open : undefined
  session.calls = calls === NO_CALLS ? undefined : calls
  bodies.push(...said)
  return bodies
}

function limitPlans({ adult, child, neonate }: Settings['limits'], table: ChannelTable): Record<Profile, LimitPlan> {
  const profiles = { ...child, adult, neonate }
  const plans = PROFILES.map((profile) => [profile, limitPlan(profiles[profile], table)] as const)
  return Object.fromEntries(plans) as Record<Profile, LimitPlan>
}

function alertSources(lanes: readonly Lane[], settings: WatchSettings): Record<string, AlertBody['source']> {
  const { set, version } = settings.limits
  const rule = (detector: string, thresholds: AlertBody['source']['thresholds']): [string, AlertBody['source']] => [
    detector,
    { detector, version: RULES_VERSION, thresholds },
  ]
  const models = lanes
    .filter(({ role }) => role === 'champion')
    .map((lane): [string, AlertBody['source']] => [lane.manifest.detector, laneSource(lane)])
  return Object.fromEntries([
    ...models,
    rule('limits', { set, version }),
    rule(SENSORS_DETECTOR, { set: 'bidmc-1.0.0', version: '1' }),
    rule('news2', { set: 'rcp-2017', version: '1' }),
    rule('signal', { set, version }),
  ])
}

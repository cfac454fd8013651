import { acknowledge, type Deed } from '../alerts/acknowledgement.ts'
import { type AlertContext, advance, endAlert, endAll, endSome, NO_ALERTS } from '../alerts/lifecycle.ts'
import { VigilError } from '../errors.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { EntryOf, WatchedBy } from '../vitals/journal.ts'
import type { Profile } from '../vitals/profile.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Watching } from '../vitals/watching.ts'
import type { Lane, Slower } from './lane.ts'
import type { OpinionDetector } from './opinion-detector.ts'
import type { Policies } from './policies.ts'
import type { RiskDetector } from './risk-detector.ts'
import type { SavedRows } from './rows.ts'
import { Rules } from './rules.ts'
import { Sensing } from './sensing.ts'
import type { Session } from './session.ts'
import { keep } from './sessions.ts'
import { modelFailed, SIGNAL_LOST, signalLost, staleBed } from './signal.ts'
import { alertSources, type WatchSettings } from './sources.ts'
import { type Begun, forecast, type Stepped, stepSlower } from './stepped.ts'
import { NOTHING, TickContext, type Unaged } from './tick-context.ts'
import type { Versions } from './versions.ts'

/** what most frames have to say, and what nobody asked of them; never written to */
const NO_BODIES: readonly AlertBody[] = []
const NO_REPORTS: FrameReport['detectors'][number][] = []

/** a bed is stale when its channels are so many times older than makes a channel missing */
const STALE_BED = 3

/**
 * What is said of one patient at one tick: every detector, the sensors, the fixed limits and NEWS2 beside them, then the
 * life of the patient's alerts. Detectors see a round without what the sensors set aside; limits and NEWS2 see it all, so
 * that nothing can silence a limit.
 */
export class Watch {
  readonly #table: ChannelTable
  readonly #versions: Versions
  readonly #risks: readonly RiskDetector[]
  readonly #opinions: readonly OpinionDetector[]
  readonly #slower: readonly Slower[]
  readonly #settings: Pick<WatchSettings, 'stream'>
  readonly #policies: Policies
  readonly #staleBedSeconds: number
  readonly #rules: Rules
  readonly #sensing: Sensing
  readonly #conditions: Condition[] = []
  /** what a version in shadow says, which nobody hears */
  readonly #unheard: Condition[] = []
  /** what `frame` gives, every time the same */
  readonly #seen: Seen = { watching: 'warming', bodies: NO_BODIES, report: undefined }
  /** the round whose turn it is, as the detectors see it */
  #trusted: FrameColumns | undefined

  constructor(
    table: ChannelTable,
    versions: Versions,
    risks: readonly RiskDetector[],
    opinions: readonly OpinionDetector[],
    settings: Pick<WatchSettings, 'stream'>,
    policies: Policies,
    cadenceSeconds: number,
  ) {
    this.#table = table
    this.#versions = versions
    this.#risks = risks
    this.#opinions = opinions
    this.#slower = [...risks, ...opinions]
    this.#settings = settings
    this.#policies = policies
    this.#rules = new Rules(policies, table)
    const cadences = versions.configured.map(({ manifest }) => manifest.grid.cadenceSeconds)
    this.#staleBedSeconds = STALE_BED * Math.max(settings.stream.staleSeconds, ...cadences)
    this.#sensing = new Sensing(table, cadenceSeconds)
  }

  /** The rows that belong into a patient's saved state. */
  get saved(): readonly SavedRows[] {
    return [this.#rules.saved, this.#sensing.saved]
  }

  /** A new patient on the slot. */
  reset(slot: number): void {
    this.#rules.reset(slot)
    this.#sensing.reset(slot)
    for (const lane of [...this.#versions.all, ...this.#slower]) lane.reset(slot)
  }

  age(session: Session, profile: Profile): void {
    this.#rules.age(session, profile)
  }

  policy(session: Session, entry: EntryOf<'policy'>): void {
    this.#rules.policy(session, entry)
  }

  /** Look at the sensors of a round, once and before anything else; then the forecasters begin to step what is left of it. */
  begin(round: FrameColumns): Begun {
    const trusted = this.#sensing.sift(round)
    const forecasts = forecast(this.#versions.all, trusted)
    // heard when its turn comes
    forecasts.catch(() => {})
    return { round, trusted, forecasts }
  }

  /** Whether a round may begin while the one before it is stepped. */
  mayBegin(round: FrameColumns): boolean {
    for (const detector of this.#versions.all) if (!detector.mayGoAhead(round)) return false
    return true
  }

  /**
   * A round's turn has come, the one before it is settled: hourly models take the frames as they came, reconstructors what the
   * sensors left. Its frames may be looked at from here on.
   */
  step({ round, trusted, forecasts }: Begun): Promise<Stepped> {
    this.#trusted = trusted
    const slower = stepSlower(this.#risks, this.#opinions, round, trusted)
    const stepped = Promise.all([forecasts, slower]).then(([forecasts, slower]) => ({ forecasts, slower }))
    // heard once the round is scored; not even then, where that throws
    stepped.catch(() => {})
    return stepped
  }

  /**
   * Look at one frame of a patient, of the round that is being stepped.
   * @param time event time of its tick, ms
   * @param wanted whether somebody wants to see the frame with its scores
   * @returns what its alerts have to say, and the report if wanted; good until the next frame
   */
  frame(session: Session, frames: FrameColumns, row: number, time: number, wanted: boolean): Readonly<Seen> {
    const conditions = this.#conditions
    empty(conditions)
    const trusted = this.#trusted!
    const reports: FrameReport['detectors'][number][] = wanted ? [] : NO_REPORTS
    this.#sensing.conditions(session.slot, row, frames.ticks[row]!, conditions)
    // a procedure is no time to learn how the patient is
    const suspect = this.#sensing.suspect(row) || (session.mutedUntil !== undefined && time < session.mutedUntil)
    const seers = this.#versions.of(session)
    for (let i = 0; i < seers.champions.length; i++) {
      const champion = seers.champions[i]!
      champion.score(trusted, row, suspect, conditions)
      if (wanted) reports.push(champion.report(trusted, row))
      const shadow = seers.shadows[i]
      if (shadow === undefined) continue
      empty(this.#unheard)
      shadow.score(trusted, row, suspect, this.#unheard)
      shadow.tally.beside(champion.raised(session.slot), shadow.raised(session.slot))
    }
    for (const risk of this.#risks) if (risk.role === 'champion') risk.conditions(session.slot, conditions)
    const limitAlarm = this.#rules.check(session, frames, row, time, conditions)
    const watching = this.#watching(session, frames, row)
    if (watching !== 'watching') {
      const stale = staleBed(this.#table, frames, row, time, this.#staleBedSeconds)
      if (stale !== undefined) conditions.push(stale)
    }
    if (session.mutedUntil !== undefined && time >= session.mutedUntil) session.mutedUntil = undefined
    const seen = this.#seen
    seen.watching = watching
    const quiet = conditions.length === 0 && session.open === undefined
    seen.bodies = quiet ? NO_BODIES : this.#alerts(session, frames, row, time, limitAlarm)
    session.lostAt = undefined
    seen.report = wanted ? this.#report(session, frames, row, time, reports) : undefined
    return seen
  }

  /** What the alerts of a patient have to say of a frame, whose conditions are gathered. */
  #alerts(session: Session, frames: FrameColumns, row: number, time: number, limitAlarm: boolean): AlertBody[] {
    const bodies: AlertBody[] = []
    const context = this.#context(session, () => {
      const news2 = this.#rules.news2(session, frames, row)
      return {
        warmupSteps: this.#warmupLeft(session),
        missingChannels: this.#missing(session, frames, row),
        staleSeconds: this.#stale(frames, row),
        ...(news2 !== undefined && { news2 }),
        limitAlarm,
      }
    })
    if (session.lostAt !== undefined)
      keep(session, endAlert(context, session.open ?? NO_ALERTS, SIGNAL_LOST, time), bodies)
    this.#disown(session, context, time, bodies)
    keep(session, advance(context, session.open ?? NO_ALERTS, this.#conditions, time), bodies)
    return bodies
  }

  #report(
    session: Session,
    frames: FrameColumns,
    row: number,
    time: number,
    detectors: FrameReport['detectors'],
  ): FrameReport {
    const { channels } = this.#table
    const from = row * channels.length
    return {
      kind: 'frame',
      patientKey: session.patientKey,
      unit: session.unit,
      bed: session.bed,
      time,
      watching: this.#seen.watching,
      news2: this.#rules.news2(session, frames, row) ?? null,
      values: channels.map((_, d) => orNull(frames.values[from + d]!)),
      ages: channels.map((_, d) => orNull(frames.ages[from + d]!)),
      faults: this.#sensing.faults(session.slot, row),
      mutedUntil: session.mutedUntil ?? null,
      detectors,
      ...(this.#risks.length > 0 && { risks: this.#risks.map((risk) => risk.report(session.slot)) }),
      ...(this.#opinions.length > 0 && { opinions: this.#opinions.map((opinion) => opinion.report(session.slot)) }),
    }
  }

  /**
   * The wall clock found the bed silent, or silent still: a technical alert that stays until a frame arrives. The other
   * alerts stand, and are sent again when it is time: that nobody sees their cause is no sign that it is gone.
   */
  signalLost(session: Session, at: number, silentSeconds: number): readonly AlertBody[] {
    const time = Math.round(at)
    session.lostAt = time
    const missing = this.#versions.of(session).champions.flatMap((detector) => detector.manifest.channels)
    const beside = () => ({
      warmupSteps: this.#warmupLeft(session),
      missingChannels: [...new Set(missing)],
      staleSeconds: silentSeconds,
      limitAlarm: false,
    })
    const lost = [signalLost(time, silentSeconds)]
    return keep(session, advance(this.#context(session, beside, true), session.open ?? NO_ALERTS, lost, time))
  }

  /** The engine of a model fails the patient: said at once, and until `modelBack`. What it had raised nobody watches. */
  modelFailed(session: Session, model: string, at: number): readonly AlertBody[] {
    const lane = this.#find(model)
    const time = Math.round(at)
    lane?.fail(session.slot, time)
    if (lane === undefined || !this.#raising(session).includes(lane)) return []
    const bodies: AlertBody[] = []
    this.#disown(session, this.#context(session, this.#unseen(session)), time, bodies)
    const context = this.#context(session, this.#unseen(session), true)
    const gives = this.#slower.some((it) => it === lane) ? 'risk' : 'forecast'
    const failed = [modelFailed(lane.manifest.detector, lane.failedAt(session.slot), gives)]
    return keep(session, advance(context, session.open ?? NO_ALERTS, failed, time), bodies)
  }

  /** The engine works again: the model begins cold with the patient. */
  modelBack(session: Session, model: string): void {
    this.#find(model)?.back(session.slot)
  }

  /** @param model NAME@VERSION */
  #find(model: string): Lane | undefined {
    return this.#versions.find(model) ?? this.#slower.find(({ id }) => id === model)
  }

  /** Alerts of a model that fails are over without being known to have ended. */
  #disown(session: Session, context: AlertContext, time: number, bodies: AlertBody[]): void {
    for (const lane of this.#raising(session)) {
      if (Number.isNaN(lane.failedAt(session.slot))) continue
      const own = ({ detector: by }: { readonly detector: string }) => by === lane.manifest.detector
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
    const context = this.#context(session, () => NOTHING)
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
    const still = Object.entries(session.seenBy ?? {}).filter(([detector]) => !named.has(detector))
    session.seenBy = still.length > 0 ? Object.fromEntries(still) : undefined
    const champions = this.#raising(session)
    for (const lane of champions) if (named.has(lane.manifest.detector)) lane.reset(session.slot)
    const serves = (it: string) => champions.some(({ manifest }) => manifest.detector === it)
    const other = ({ model, detector }: AlertBody['source']) =>
      model !== undefined && (named.has(detector) ? named.get(detector) !== model.sha256 : !serves(detector))
    const context = this.#context(session, () => NOTHING)
    return keep(
      session,
      endSome(context, session.open ?? NO_ALERTS, ({ source }) => other(source), Math.round(time), 'reset'),
    )
  }

  /**
   * Other versions see the patient from here on: open alerts, limits and everything else go on. One that is new begins
   * cold, unless it was put there with what the patient's readings of before made of it.
   */
  seenBy(session: Session, { detector, champion, shadow, warmedFrom }: EntryOf<'seen-by'>): void {
    const before = this.#versions.of(session).all
    const next = { champion, ...(shadow !== undefined && { shadow }) }
    const missing = [champion, shadow].find((id) => id !== undefined && this.#versions.find(id) === undefined)
    // a ward on Kafka opens what its orders name before; a recording may name what nobody opened
    if (missing !== undefined)
      throw new VigilError('model-not-found', `the journal says that patients are seen by ${missing} from here on, and it is not open: serve that version (--model ${missing})`, { place: missing }) // biome-ignore format: one sentence
    session.seenBy = { ...session.seenBy, [detector]: next }
    if (warmedFrom !== undefined) return
    for (const version of this.#versions.of(session).all) if (!before.includes(version)) version.reset(session.slot)
  }

  /** The lanes that raise the patient's alerts. */
  #raising(session: Session): readonly Lane[] {
    return [...this.#versions.of(session).champions, ...this.#slower.filter(({ role }) => role === 'champion')]
  }

  #sourcesOf(session: Session): Readonly<Record<string, AlertBody['source']>> {
    const seers = this.#versions.of(session)
    const policy = this.#policies.of(session)
    const known = policy.sources.get(seers)
    if (known !== undefined) return known
    const sources = alertSources(this.#raising(session), policy)
    policy.sources.set(seers, sources)
    return sources
  }

  #unseen(session: Session): () => Unaged {
    return () => ({ ...NOTHING, warmupSteps: this.#warmupLeft(session) })
  }

  /** @param blind nobody sees the patient */
  #context(session: Session, beside: () => Unaged, blind?: true): AlertContext {
    return new TickContext({
      session,
      alerts: this.#policies.of(session).alerts,
      profile: this.#rules.profile(session),
      sources: this.#sourcesOf(session),
      beside,
      ...(blind && { blind }),
    })
  }

  /** By the versions that raise the patient's alerts. */
  #watching(session: Session, frames: FrameColumns, row: number): Watching {
    const { champions } = this.#versions.of(session)
    let degraded = champions.length === 0
    const { slot } = session
    for (const detector of champions) {
      if (!Number.isNaN(detector.failedAt(slot))) return 'degraded'
      if (detector.steps(slot) <= detector.manifest.warmupSteps) return 'warming'
      if (detector.degraded(frames, row, this.#settings.stream.staleSeconds)) degraded = true
    }
    for (const it of this.#slower) if (it.role === 'champion' && !Number.isNaN(it.failedAt(slot))) degraded = true
    return degraded ? 'degraded' : 'watching'
  }

  /** frames until the last detector may raise */
  #warmupLeft(session: Session): number {
    let left = 0
    for (const detector of this.#versions.of(session).champions)
      left = Math.max(left, detector.manifest.warmupSteps - detector.steps(session.slot))
    return left
  }

  #missing(session: Session, frames: FrameColumns, row: number): string[] {
    const { staleSeconds } = this.#settings.stream
    const { champions } = this.#versions.of(session)
    return [...new Set(champions.flatMap((detector) => detector.missing(frames, row, staleSeconds)))]
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
interface Seen {
  watching: Watching
  bodies: readonly AlertBody[]
  report: FrameReport | undefined
}

/** Setting the length of an array is a call out of compiled code, and nearly all of these are empty. */
function empty(conditions: Condition[]): void {
  if (conditions.length > 0) conditions.length = 0
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

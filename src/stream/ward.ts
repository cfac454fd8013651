import type { Control } from '../vitals/control.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { JournalEntry, SeenBy } from '../vitals/journal.ts'
import { keyedByBed, type Reading } from '../vitals/reading.ts'
import type { Rejection } from '../vitals/rejection.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Watching } from '../vitals/watching.ts'
import { applyEntry, type Bedside } from './apply-entry.ts'
import { Clocks } from './bed-clocks.ts'
import { agrees, witnesses } from './clock.ts'
import { recoveries, type Settling, settle } from './failing.ts'
import type { GridPlan } from './grid.ts'
import { judgeControl } from './judge-control.ts'
import type { Slower } from './lane.ts'
import { Outbox } from './outbox.ts'
import { Policies } from './policies.ts'
import type { Input, InputBatch, Output } from './ports.ts'
import { Rounds } from './rounds.ts'
import { SavedPatients } from './saved-patients.ts'
import { NONE_ASIDE, type Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { silence } from './silence.ts'
import { again, type Begun } from './stepped.ts'
import { Versions } from './versions.ts'
import { finestCadence, wardGrid } from './ward-grid.ts'
import type { WardOptions } from './ward-options.ts'
import { WardState } from './ward-state.ts'
import { Watch } from './watch.ts'
import { another, elsewhere, strange } from './whose.ts'

const NOTHING = () => {}

/** Readings set aside of one patient at most: a clock that stands still far ahead must not fill the memory. */
const MOST_ASIDE = 256

/**
 * All patients of this process. Inputs go in, in order; frames that they close wait in rounds; `drain` scores and steps
 * them; outputs are taken by the pipeline. A patient's future is a function of its own journal and of nothing else.
 */
export class Ward {
  /** the patients' state as records; only while the ward is at rest */
  readonly state: WardState
  readonly versions: Versions
  /** partition -> detector -> the versions that see a patient who is new there; those of the settings where none stand */
  readonly newcomers = new Map<number, Readonly<Record<string, SeenBy>>>()
  readonly policies: Policies
  /** partitions whose first patients were under another policy: who is new there is told of the one that holds */
  readonly toldOfPolicy = new Set<number>()
  readonly #options: WardOptions
  readonly #grid: GridPlan
  readonly #aheadMs: number
  readonly #sessions = new Sessions()
  readonly #clocks: Clocks
  readonly #rounds: Rounds
  readonly #watch: Watch
  readonly #slower: readonly Slower[]
  readonly #bedside: Bedside
  readonly #settling: Settling
  readonly #out: Outbox
  #source = ''
  #arrived = 0
  /** readings taken since the metrics were last told */
  #taken = 0

  /** @throws VigilError `config-invalid` when the detectors' grids differ */
  constructor(options: WardOptions) {
    const { detectors, table, settings, risks = [], opinions = [] } = options
    this.#options = options
    this.versions = new Versions(detectors, options.pinned)
    this.#grid = wardGrid(table, detectors)
    // a source that speaks once an hour is always an hour ahead of its clock
    this.#aheadMs = Math.max(settings.stream.aheadSeconds, 2 * finestCadence(detectors, risks)) * 1000
    this.#rounds = new Rounds(options.maxBatch, this.#grid.width)
    this.#clocks = new Clocks(this.#grid, this.#aheadMs, settings.stream.agreeing, this.#rounds)
    this.#slower = [...risks, ...opinions]
    this.policies = new Policies(settings, table)
    this.#watch = new Watch(table, this.versions, risks, opinions, settings, this.policies, this.cadenceSeconds)
    this.#out = new Outbox(options)
    const { telemetry, fallsBack = false } = options
    const { cadenceMs } = this.#grid
    this.#settling = { telemetry, fallsBack, cadenceMs, sessions: this.#sessions, versions: this.versions }
    this.#bedside = {
      watch: this.#watch,
      newest: (session) => this.#clocks.newest(session.slot),
      say: (session, bodies, offset) => this.#out.alerts(session, bodies, offset),
      restart: (session, time) => this.#restart(session, time, true),
      leave: (...leaving) => this.#leave(...leaving),
      blind: (session) => this.#see(session, 'blind'),
    }
    const saved = new SavedPatients({
      table,
      versions: this.versions,
      slower: this.#slower,
      policies: this.policies,
      rules: this.#watch.saved,
      ...this.#clocks.saved(table),
    })
    this.state = new WardState(
      this.#sessions,
      saved,
      (session) => this.#clear(session),
      this.#bedside.newest,
      (patientKey) => options.tap?.left(patientKey),
    )
  }

  /** length of a tick, seconds */
  get cadenceSeconds(): number {
    return this.#grid.cadenceMs / 1000
  }

  /** beds by watching state */
  get watching(): Readonly<Record<Watching, number>> {
    return this.#sessions.counts
  }

  /** readings held back in the patients' state: set aside */
  get held(): number {
    return this.#sessions.held
  }

  /** frames that wait for a step */
  get waiting(): number {
    return this.#rounds.size
  }

  /** outputs since the last `takeOutputs` */
  get says(): number {
    return this.#out.size
  }

  /** What came out since the last call. */
  takeOutputs(): readonly Output[] {
    return this.#out.take()
  }

  /**
   * Take one input; while a round is stepped, too.
   * @param arrived wall clock, ms: for the silence watch only
   * @returns false when frames that wait or are stepped must be settled first; nothing was taken then
   */
  accept(input: Input, batch: InputBatch, offset: number, arrived: number): boolean {
    this.#source = batch.source
    this.#arrived = arrived
    if (input.kind === 'rejection') {
      this.#out.letter(input, batch.partition, offset)
      return true
    }
    if (input.kind === 'journal' || input.kind === 'control') {
      if (!this.#rounds.rests) return false
      if (input.kind === 'journal') this.#apply(input, batch.partition)
      else this.#control(input, batch.partition, offset)
      return true
    }
    const known = this.#sessions.known(input.patientKey)
    const why = known && this.#strange(known, input, batch.partition)
    if (known !== undefined && why !== undefined) {
      // its state knows that this one was refused, if it stands in this partition: it is not refused again after a restart
      const here = known.partition === batch.partition ? known : undefined
      if (here !== undefined) here.lastOffset = offset
      this.#out.letter({ ...why, source: batch.source }, batch.partition, offset, here?.patientKey)
      return true
    }
    const here = known?.departedAt === undefined ? known : undefined
    const session = here ?? this.#newcomer(input.patientKey, input.mode, batch.partition, input.time, offset - 1)
    const verdict = this.#clocks.judge(session.slot, input.time)
    // another patient or another mode at the key, or a clock that began on a wrong stamp: everything begins anew
    const person = another(session, input)
    const anew = verdict === 'restart' || person || (session.mode !== input.mode && this.#heard(session))
    if (anew && !this.#rounds.rests) return false
    if (anew) this.#restart(session, input.time, person)
    // what waits was said of the patient as it lay then
    if (this.#rounds.holds(session.slot) && elsewhere(session, input)) return false
    session.encounter = input.encounter ?? session.encounter
    session.unit = input.unit ?? session.unit
    session.bed = input.bed ?? session.bed
    session.mode = input.mode
    session.source = batch.source
    session.partition = batch.partition
    session.lastOffset = offset
    if (session.unsavedFrom < 0) this.state.unsaved(batch.partition).changed(session, offset)
    // a clock that begins anew accepts its first stamp
    if (anew || verdict === 'accept') this.#accepted(session, input, offset)
    else this.#setAside(session, input, offset)
    return true
  }

  /** What the clock on the wall finds: silent beds, and models that work again. */
  verdicts(now: number, seconds: number): JournalEntry[] {
    const back = recoveries(this.versions, this.#slower, this.#sessions.all(), this.#bedside.newest)
    return [...this.silent(now, seconds), ...back]
  }

  /** Beds from which nothing arrived for too long, and patients to forget, as the journal entries that say so. */
  silent(now: number, seconds: number): JournalEntry[] {
    const { forgetHours } = this.#options.settings.stream
    const rules = { seconds, againSeconds: this.policies.current.alerts.continueSeconds, forgetHours }
    return silence(this.#sessions.all(), this.#bedside.newest, now, rules)
  }

  /**
   * Score and step every frame that waits, round by round; scoring runs while the engines step.
   * @param meanwhile called once a round is scored and while it is stepped: the time to `accept` what comes next
   * @returns frames that were stepped
   */
  async drain(meanwhile: () => void | Promise<void> = NOTHING): Promise<number> {
    let frames = 0
    const { telemetry } = this.#options
    for (let begun = this.#begin(), next: Begun | undefined; begun !== undefined; begun = next ?? this.#begin()) {
      const { round } = begun
      const stepping = this.#watch.step(begun)
      if (this.#options.scoring !== false) this.#score(round)
      const filled = meanwhile()
      if (filled !== undefined) await filled
      next = this.#beginAhead()
      const stepped = await stepping
      const sound = stepped.forecasts.every(({ made }) => made.sound)
      // whoever gave no number begins cold, and nobody may be touched in the middle of a step
      if (next !== undefined && !sound) await next.forecasts
      // by the input that closed the frame: the patient may have sent more since
      for (const entry of settle(this.#settling, round, stepped)) this.#apply(entry, 0, entry.afterOffset)
      if (next !== undefined && !sound) next = again(next)
      frames += round.count
      this.#rounds.release(round)
    }
    if (this.#taken > 0) telemetry.readings(this.#taken)
    this.#taken = 0
    if (frames > 0) telemetry.frames(frames)
    return frames
  }

  #begin(): Begun | undefined {
    const round = this.#rounds.take()
    return round && this.#watch.begin(round)
  }

  /** The next round, where it may begin while one is stepped. */
  #beginAhead(): Begun | undefined {
    const round = this.#rounds.peek()
    return round !== undefined && this.#watch.mayBegin(round) ? this.#begin() : undefined
  }

  /**
   * A patient who was not here, or is back: of what remained nothing goes on.
   * @param at event time, ms, and the offset after which: of the entry that says who sees the patient, where one must
   */
  #newcomer(patientKey: string, mode: Session['mode'], partition: number, at: number, afterOffset: number): Session {
    const gone = this.#sessions.known(patientKey)
    if (gone !== undefined) this.#drop(gone)
    const session = this.#sessions.open(patientKey, mode, this.#source, partition)
    this.#clear(session)
    for (const [detector, seenBy] of Object.entries(this.newcomers.get(partition) ?? {}))
      this.#apply({ kind: 'journal', patientKey, at, afterOffset, entry: 'seen-by', detector, ...seenBy }, partition)
    if (this.toldOfPolicy.has(partition))
      this.#apply({ kind: 'journal', patientKey, at, afterOffset, entry: 'policy', ...this.policies.said() }, partition)
    return session
  }

  #drop(session: Session): void {
    this.state.unsaved(session.partition).settled(session)
    this.#sessions.drop(session)
  }

  #heard(session: Session): boolean {
    return !Number.isNaN(this.#bedside.newest(session))
  }

  /** Why a reading is none of the patient at its key; undefined when it is. */
  #strange(session: Session, reading: Reading, from: number): Rejection | undefined {
    const { partitioned, settings } = this.#options
    const partition = partitioned === true ? from : undefined
    const otherMode = reading.mode !== session.mode && this.#heard(session)
    return strange(session, reading, partition, settings.stream.departedSeconds, otherMode)
  }

  #clear(session: Session): void {
    const { slot } = session
    this.#clocks.reset(slot)
    session.inParts = false
    session.aside = NONE_ASIDE
    session.lostAt = undefined
    session.mutedUntil = undefined
    session.arrived = this.#arrived
    this.#watch.reset(slot)
  }

  /** @param person whether it is another patient, and not only another beginning of the same */
  #restart(session: Session, time: number, person: boolean): void {
    this.#out.alerts(session, this.#watch.close(session, time, 'reset'), session.lastOffset)
    this.#refuse(session, session.aside)
    this.#clear(session)
    if (person && keyedByBed(session.patientKey)) session.profile = undefined
  }

  /** @param mark whether what remains is to know stragglers */
  #leave(session: Session, time: number, phase: 'end' | 'reset', mark: boolean): void {
    this.#out.alerts(session, this.#watch.close(session, time, phase), session.lastOffset)
    this.#refuse(session, session.aside)
    if (!mark) {
      this.#drop(session)
      return
    }
    const newest = this.#bedside.newest(session)
    const { patientKey, mode, source, partition, lastOffset } = session
    this.#drop(session)
    const remains = this.#sessions.open(patientKey, mode, source, partition)
    this.#clear(remains)
    remains.lastOffset = lastOffset
    // a discharge that is dated ahead must not blind whoever still lies there
    const until = Math.min(Math.max(time, newest), newest + this.#aheadMs)
    remains.departedAt = Math.round(Number.isNaN(newest) ? time : until)
    this.#sessions.departed(remains)
  }

  /** In time: into the grid; what was set aside before it stood alone. */
  #accepted(session: Session, reading: Reading, offset: number): void {
    if (session.aside.length > 0) {
      this.#refuse(session, session.aside)
      session.aside = NONE_ASIDE
    }
    this.#take(session, reading, offset)
  }

  /** Far ahead of the patient's clock: aside until others agree, then all of them into the grid. */
  #setAside(session: Session, reading: Reading, offset: number): void {
    const times = session.aside.map((held) => held.reading.time)
    const agreeing = agrees(times, reading.time, this.#aheadMs)
    if (!agreeing) this.#refuse(session, session.aside)
    const held = [...(agreeing ? session.aside : []), { reading, offset }]
    const agreed = witnesses(held.map((it) => it.reading.time)) >= this.#options.settings.stream.agreeing
    if (!agreed && held.length > MOST_ASIDE) this.#refuse(session, held.splice(0, 1))
    session.aside = agreed ? NONE_ASIDE : held
    if (!agreed) return
    held.sort((a, b) => a.reading.time - b.reading.time || a.offset - b.offset)
    for (const each of held) this.#take(session, each.reading, each.offset)
  }

  #take(session: Session, reading: Reading, offset: number): void {
    const { kept, moved } = this.#clocks.take(session, reading, offset)
    // a monitor whose clock stands still closes no tick: nobody sees its patient
    if (kept && moved) session.arrived = this.#arrived
    if (kept) this.#taken++
    else this.#out.late(session, offset, this.#clocks.behind(session.slot, reading.time))
  }

  #refuse(session: Session, aside: Session['aside']): void {
    this.#out.alone(session, aside, this.#options.settings.stream.agreeing - 1)
  }

  /** A control message becomes an entry by being applied. */
  #control(control: Control, partition: number, offset: number): void {
    const session = this.#sessions.find(control.patientKey)
    const newest = session === undefined ? Number.NaN : this.#bedside.newest(session)
    const { longestPauseSeconds } = this.policies.current.alerts
    const judged = judgeControl(control, session, newest, longestPauseSeconds)
    if (judged.kind === 'journal') this.#apply(judged, partition)
    else this.#out.letter({ ...judged, source: this.#source }, partition, offset, undefined, control)
  }

  /** @param offset of the input that is behind it, where that is not the patient's newest */
  #apply(entry: JournalEntry, partition: number, offset?: number): void {
    const { patientKey } = entry
    const known = this.#sessions.known(patientKey)
    this.#out.entry(entry, known?.partition ?? partition)
    const here = known !== undefined && known.departedAt === undefined
    if (here) applyEntry(entry, known, this.#bedside, offset)
    else if (entry.entry === 'admit' || entry.entry === 'seen-by' || entry.entry === 'policy')
      applyEntry(entry, this.#newcomer(patientKey, 'live', partition, entry.at, entry.afterOffset), this.#bedside)
    else if (entry.entry === 'forgotten' && known !== undefined) this.#drop(known)
  }

  #score(round: FrameColumns): void {
    const { tap } = this.#options
    const reports: FrameReport[] = []
    for (let row = 0; row < round.count; row++) {
      const session = this.#sessions.at(round.slots[row]!)
      const time = round.ticks[row]! * this.#grid.cadenceMs
      const wanted = tap?.wants(session.patientKey, time) ?? false
      const { bodies, watching, report } = this.#watch.frame(session, round, row, time, wanted)
      this.#see(session, watching)
      if (bodies.length > 0) this.#out.alerts(session, bodies, round.offsets[row]!)
      if (report !== undefined) reports.push(report)
    }
    if (reports.length > 0) tap?.frames(reports)
  }

  #see(session: Session, watching: Watching): void {
    if (session.watching === watching) return
    this.#sessions.watch(session, watching)
    this.#options.tap?.watchingChanged(session.patientKey, watching)
  }
}

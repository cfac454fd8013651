import { VigilError } from '../errors.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Reading } from '../vitals/reading.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Watching } from '../vitals/watching.ts'
import { agrees, judge, witnesses } from './clock.ts'
import type { Detector } from './detector.ts'
import {
  advanceClock,
  agreedStamps,
  type GridPlan,
  gridPlan,
  lastTick,
  newestTime,
  resetGrid,
  resetOpen,
  takeReading,
} from './grid.ts'
import type { FrameTap, Input, InputBatch, Output, Telemetry } from './ports.ts'
import { Rounds } from './rounds.ts'
import { Rows } from './rows.ts'
import { type Session, Sessions } from './sessions.ts'
import { Watch, type WatchSettings } from './watch.ts'

export interface WardOptions {
  readonly table: ChannelTable
  /** all of one grid cadence */
  readonly detectors: readonly Detector[]
  readonly settings: WatchSettings
  /** rows of a round: the step engines' batch limit */
  readonly maxBatch: number
  readonly telemetry: Telemetry
  readonly tap: FrameTap | undefined
  /** this process, in envelopes */
  readonly instance: string
  /** wall clock for envelopes, ms since 1970 */
  readonly now: () => number
}

/** Readings set aside of one patient at most: a clock that stands still far ahead must not fill the memory. */
const MOST_ASIDE = 256
/** Grid of a ward that has no model: limits alone. */
const LIMITS_GRID = { cadenceSeconds: 1, latenessSeconds: 2 }

/**
 * All patients of this process. Inputs go in, in order; frames that they close wait in rounds; `drain` scores and steps
 * them; outputs are taken by the pipeline. A patient's future is a function of its own journal and of nothing else.
 */
export class Ward {
  readonly #options: WardOptions
  readonly #grid: GridPlan
  readonly #aheadMs: number
  readonly #sessions = new Sessions()
  readonly #clocks: Rows
  readonly #open: Rows
  readonly #rounds: Rounds
  readonly #watch: Watch
  #outputs: Output[] = []
  #source = ''
  #arrived = 0

  /** @throws VigilError `config-invalid` when the detectors' grids differ */
  constructor(options: WardOptions) {
    const { detectors, table, settings } = options
    const grids = detectors.length > 0 ? detectors.map(({ manifest }) => manifest.grid) : [LIMITS_GRID]
    const cadences = new Set(grids.map((grid) => grid.cadenceSeconds))
    if (cadences.size > 1) {
      throw new VigilError(
        'config-invalid',
        `models.serve: models of ${[...cadences].join(' s and ')} s cadence cannot share a ward`,
      )
    }
    const { cadenceSeconds } = grids[0]!
    this.#options = options
    this.#grid = gridPlan(table.channels, cadenceSeconds, Math.max(...grids.map((grid) => grid.latenessSeconds)))
    // a source that speaks once an hour is always an hour ahead of its clock
    this.#aheadMs = Math.max(settings.stream.aheadSeconds, 2 * cadenceSeconds) * 1000
    this.#clocks = new Rows(this.#grid.stateSize)
    this.#open = new Rows(this.#grid.openSize)
    this.#rounds = new Rounds(options.maxBatch, this.#grid.width)
    this.#watch = new Watch(table, detectors, settings, cadenceSeconds)
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
    let held = 0
    for (const session of this.#sessions.all()) held += session.aside.length
    return held
  }

  /** What came out since the last call. */
  takeOutputs(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  /**
   * Take one input.
   * @param arrived wall clock, ms: for the silence watch only
   * @returns false when frames that wait must be drained first; nothing was taken then
   */
  accept(input: Input, batch: InputBatch, offset: number, arrived: number): boolean {
    this.#source = batch.source
    this.#arrived = arrived
    if (input.kind === 'rejection') {
      this.#options.telemetry.rejected(input.reason, 1)
      this.#outputs.push({ kind: 'dead-letter', rejection: input, partition: batch.partition, offset })
      return true
    }
    if (input.kind === 'journal') {
      if (this.#rounds.size > 0) return false
      this.#apply(input, batch.partition)
      return true
    }
    const session = this.#sessionOf(input, batch.partition)
    const verdict = this.#judge(session, input)
    // another patient at the key, or a clock that began on a wrong stamp: everything begins anew
    const anew = verdict === 'restart' || another(session, input)
    if (anew) {
      if (this.#rounds.size > 0) return false
      this.#restart(session, input.time)
    }
    // what waits was said of the patient as it lay then
    if (this.#rounds.waits(session.slot) && elsewhere(session, input)) return false
    session.encounter = input.encounter ?? session.encounter
    session.unit = input.unit ?? session.unit
    session.bed = input.bed ?? session.bed
    session.mode = input.mode
    session.source = batch.source
    session.partition = batch.partition
    session.lastOffset = offset
    // a clock that begins anew accepts its first stamp
    if (anew || verdict === 'accept') this.#accepted(session, input, offset)
    else this.#setAside(session, input, offset)
    return true
  }

  /** Beds from which nothing arrived for too long, as the journal entries that say so. */
  silent(now: number, seconds: number): JournalEntry[] {
    const entries: JournalEntry[] = []
    for (const session of this.#sessions.all()) {
      const silentMs = now - session.arrived
      if (session.lostAt !== undefined || silentMs < seconds * 1000) continue
      const newest = newestTime(this.#clocks.page(session.slot), this.#clocks.at(session.slot))
      const from = Number.isNaN(newest) ? session.admittedAt : newest
      entries.push({
        kind: 'journal',
        patientKey: session.patientKey,
        at: Math.round(from + silentMs),
        afterOffset: session.lastOffset,
        entry: 'signal-lost',
        silentSeconds: Math.round(silentMs / 1000),
      })
    }
    return entries
  }

  /** Score and step every frame that waits, round by round; scoring runs while the engines step. */
  async drain(): Promise<number> {
    let frames = 0
    const { detectors, telemetry } = this.#options
    for (let round = this.#rounds.take(); round !== undefined; round = this.#rounds.take()) {
      const began = performance.now()
      const trusted = this.#watch.sift(round)
      const stepping = Promise.all(detectors.map((detector) => detector.step(trusted)))
      this.#score(round)
      const forecasts = await stepping
      detectors.forEach((detector, i) => {
        detector.remember(round, forecasts[i]!)
        telemetry.stepped(detector.engine.provider, round.count, (performance.now() - began) / 1000)
      })
      telemetry.frames(round.count)
      frames += round.count
      this.#rounds.release(round)
    }
    return frames
  }

  #sessionOf(reading: Reading, partition: number): Session {
    const known = this.#sessions.find(reading.patientKey)
    if (known !== undefined) return known
    const session = this.#sessions.open(reading.patientKey, reading.mode, this.#source, partition)
    this.#clear(session)
    return session
  }

  #clear(session: Session): void {
    const { slot } = session
    resetGrid(this.#grid, this.#clocks.page(slot), this.#clocks.at(slot))
    session.inParts = false
    session.aside = []
    session.lostAt = undefined
    session.arrived = this.#arrived
    this.#watch.reset(slot)
  }

  #judge(session: Session, reading: Reading): ReturnType<typeof judge> {
    const page = this.#clocks.page(session.slot)
    const at = this.#clocks.at(session.slot)
    const { agreeing } = this.#options.settings.stream
    return judge(newestTime(page, at), agreedStamps(page, at), reading.time, agreeing, this.#aheadMs)
  }

  #restart(session: Session, time: number): void {
    this.#say(session, this.#watch.close(session, time, 'reset'), session.lastOffset)
    this.#refuse(session, session.aside)
    this.#clear(session)
  }

  /** In time: into the grid; what was set aside before it stood alone. */
  #accepted(session: Session, reading: Reading, offset: number): void {
    if (session.aside.length > 0) {
      this.#refuse(session, session.aside)
      session.aside = []
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
    session.aside = agreed ? [] : held
    if (!agreed) return
    held.sort((a, b) => a.reading.time - b.reading.time || a.offset - b.offset)
    for (const each of held) this.#take(session, each.reading, each.offset)
  }

  #take(session: Session, reading: Reading, offset: number): void {
    const { slot } = session
    const page = this.#clocks.page(slot)
    const at = this.#clocks.at(slot)
    const before = newestTime(page, at)
    advanceClock(page, at, reading.time, this.#options.settings.stream.agreeing)
    let moved = newestTime(page, at) !== before
    if (!reading.complete && !session.inParts) {
      resetOpen(this.#grid, this.#open.page(slot), this.#open.at(slot))
      session.inParts = true
    }
    const open = session.inParts ? this.#open.page(slot) : undefined
    const openAt = session.inParts ? this.#open.at(slot) : 0
    const kept = takeReading(this.#grid, page, at, open, openAt, reading, (tick) => {
      const place = this.#rounds.push(slot, tick)
      place.columns.offsets[place.row] = offset
      moved = true
      return place
    })
    // a monitor whose clock stands still closes no tick: nobody sees its patient
    if (kept && moved) session.arrived = this.#arrived
    if (kept) this.#options.telemetry.readings(1)
    else this.#late(session, reading, offset, lastTick(page, at))
  }

  #late(session: Session, reading: Reading, offset: number, closed: number): void {
    const behind = (closed * this.#grid.cadenceMs - reading.time) / 1000
    const detail = `its tick was closed; the patient's newest tick is ${behind.toFixed(1)} s later`
    this.#bury(session, reject('late', detail, 'time'), offset)
  }

  #refuse(session: Session, aside: Session['aside']): void {
    const detail = `no other ${this.#options.settings.stream.agreeing - 1} stamps agreed with its time`
    for (const { offset } of aside) this.#bury(session, reject('ahead-of-clock', detail, 'time'), offset)
  }

  /** A reading of this patient that is not scored becomes a dead letter. */
  #bury(session: Session, rejection: Rejection, offset: number): void {
    this.#options.telemetry.rejected(rejection.reason, 1)
    this.#outputs.push({
      kind: 'dead-letter',
      rejection: { ...rejection, source: session.source },
      partition: session.partition,
      offset,
    })
  }

  #apply(entry: JournalEntry, partition: number): void {
    this.#outputs.push({ kind: 'journal', entry })
    let session = this.#sessions.find(entry.patientKey)
    if (session === undefined) {
      if (entry.entry !== 'admit') return
      session = this.#sessions.open(entry.patientKey, 'live', this.#source, partition)
      this.#clear(session)
    }
    switch (entry.entry) {
      case 'admit':
        if (session.encounter !== undefined && session.encounter !== entry.encounter) this.#restart(session, entry.at)
        session.encounter = entry.encounter
        session.admittedAt = entry.at
        break
      case 'transfer':
        // a transfer that names no unit stays in the patient's own
        session.unit = entry.unit ?? session.unit
        session.bed = entry.bed
        break
      case 'discharge':
        this.#say(session, this.#watch.close(session, entry.at, 'end'), session.lastOffset)
        this.#refuse(session, session.aside)
        this.#sessions.drop(session)
        break
      case 'signal-lost':
        this.#see(session, 'blind')
        this.#say(session, this.#watch.signalLost(session, entry.at, entry.silentSeconds), session.lastOffset)
        break
    }
  }

  #score(round: FrameColumns): void {
    const { tap } = this.#options
    const reports: FrameReport[] = []
    for (let row = 0; row < round.count; row++) {
      const session = this.#sessions.at(round.slots[row]!)
      const time = round.ticks[row]! * this.#grid.cadenceMs
      const wanted = tap?.wants(session.patientKey) ?? false
      const { bodies, watching, report } = this.#watch.frame(session, round, row, time, wanted)
      this.#see(session, watching)
      if (bodies.length > 0) this.#say(session, bodies, round.offsets[row]!)
      if (report !== undefined) reports.push(report)
    }
    if (reports.length > 0) tap?.frames(reports)
  }

  #see(session: Session, watching: Watching): void {
    if (session.watching === watching) return
    this.#sessions.watch(session, watching)
    this.#options.tap?.watchingChanged(session.patientKey, watching)
  }

  #say(session: Session, bodies: readonly AlertBody[], offset: number): void {
    const { instance, now, telemetry } = this.#options
    for (const body of bodies) {
      telemetry.alert(body)
      session.started ??= new Map()
      if (body.phase === 'start') session.started.set(body.alertId, offset)
      const fromOffset = session.started.get(body.alertId) ?? offset
      if (body.state === 'inactive') session.started.delete(body.alertId)
      const trace = { source: session.source, partition: session.partition, fromOffset, toOffset: offset }
      this.#outputs.push({ kind: 'alert', envelope: { body, mode: session.mode, emitted: now(), instance, trace } })
    }
    if (session.started?.size === 0) session.started = undefined
  }
}

/** Whether a reading is of another encounter than the patient's. */
function another({ encounter }: Session, reading: Reading): boolean {
  return reading.encounter !== undefined && encounter !== undefined && reading.encounter !== encounter
}

/** Whether a reading says something new of where its patient lies, or of how it is read. */
function elsewhere(session: Session, reading: Reading): boolean {
  const { encounter, unit, bed, mode } = reading
  return (
    mode !== session.mode ||
    (encounter !== undefined && encounter !== session.encounter) ||
    (unit !== undefined && unit !== session.unit) ||
    (bed !== undefined && bed !== session.bed)
  )
}

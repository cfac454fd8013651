import { VigilError } from '../errors.ts'
import {
  closeHour,
  type GatherPlan,
  gathered,
  gatherFrame,
  gatherPlan,
  HOUR_SECONDS,
  resetGather,
} from '../inference/hourly/gather.ts'
import { type InputGroup, inputGroups } from '../inference/hourly/groups.ts'
import { scaleInputs } from '../inference/hourly/inputs.ts'
import { HOURLY_INPUTS } from '../inference/hourly/kinds.ts'
import { RISK_STATE_SIZE, type RiskPlan, resetRisk, riskOnset, riskRaised, weighRisk } from '../scoring/risk.ts'
import { type Risk, type RiskReason, riskCondition } from '../scoring/risk-condition.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { RiskReport } from '../vitals/report.ts'
import { FAILURE_FIELDS, failedSince, isOff, resetFailure, switchOff } from './failure.ts'
import { type Lane, modelId, modelKey, type Role } from './lane.ts'
import type { StepEngine } from './ports.ts'
import { numbered, Rows, type SavedRows, wholeRows } from './rows.ts'
import { modelFailed } from './signal.ts'

/** What a model that does not step at every tick did in one round. */
export interface Hours {
  /** patients' hours (or windows) that were stepped */
  readonly rows: number
  /** of those of which an hourly model says something */
  readonly probabilities: readonly number[]
  /** why the patients of some rows of the round could not be stepped */
  readonly failure?: { readonly error: VigilError; readonly rows: readonly number[] }
}

/** Hours without a frame after which a stay begins anew. */
const LONGEST_GAP = 24
/** Reasons kept of a risk. */
const REASONS = 3
/** Engine slots before the patients': a row each for the network without one group of inputs. */
const SPARE = 64

// a row: the stay, the newest risk, its policy, its reasons, then what is gathered, then whether the model fails the patient
const BEGAN = 0 // tick of the first frame
const CLOSED = 1 // hours that are over
const EMPTY = 2 // of those, the newest in a row in which nothing was measured
const FRESH = 3 // 1 where the open hour has a value
const LOGIT = 4
const POLICY = 5
const REASON = POLICY + RISK_STATE_SIZE
/** of a reason: group, share, newest value of its channel */
const WIDE = 3
const GATHERED = REASON + REASONS * WIDE

/**
 * One classifier at work, an hour a step: the frames of a bed are gathered into the rows it was trained on, and whenever
 * an hour of the stay is over its state row moves on. An hour begins with the stay, not with the clock on the wall, as in
 * the recordings; an hour without any value is a row, too. What an hour gave is said with the patient's next frame.
 * It sees frames as they came: a median needs no sensor logic, and the recordings had none.
 */
export class RiskDetector implements Lane {
  readonly manifest: ClassifierManifest
  readonly engine: StepEngine
  readonly role: Role
  readonly id: string
  readonly model: string
  readonly #table: ChannelTable
  readonly #gather: GatherPlan
  readonly #policy: RiskPlan
  readonly #groups: readonly InputGroup[]
  readonly #features: number
  readonly #hours: number
  /** hours after which it first says something */
  readonly #due: number
  readonly #rows: Rows
  readonly #failingAt: number
  /** why the last step failed; undefined when it did not */
  #error: VigilError | undefined
  /** inputs of one patient, not yet normalised: [F] */
  readonly #raw: Float64Array
  /** [rows, F] and their engine slots, as long as the longest round so far */
  #x = new Float32Array(0)
  #slots = new Int32Array(0)
  /** [rows, state] the hidden states before the step */
  #before = new Float32Array(0)
  /** the same for the network without one group of inputs */
  readonly #without: Float32Array
  readonly #spare: Int32Array

  /** @param tickSeconds length of the ticks of the frames it is given */
  constructor(
    manifest: ClassifierManifest,
    table: ChannelTable,
    engine: StepEngine,
    tickSeconds: number,
    role: Role = 'champion',
  ) {
    const { kind } = manifest.inputs
    const { threshold } = manifest.outcome
    const { policy } = manifest
    this.manifest = manifest
    this.engine = engine
    this.role = role
    this.id = modelId(manifest)
    this.model = modelKey(manifest)
    this.#table = table
    this.#gather = gatherPlan(kind, table, tickSeconds)
    this.#policy = {
      threshold,
      hold: policy?.hold,
      clearBelow: threshold - (policy?.clear.margin ?? 0),
      clearHours: policy?.clear.hours ?? 1,
    }
    this.#groups = inputGroups(kind)
    this.#features = manifest.graph.features
    this.#hours = HOURLY_INPUTS[kind].hours ?? Number.POSITIVE_INFINITY
    this.#due = manifest.outcome.asked === 'every-row' ? 1 : this.#hours
    this.#failingAt = GATHERED + this.#gather.stateSize
    this.#rows = new Rows(this.#failingAt + FAILURE_FIELDS)
    this.#raw = new Float64Array(this.#features)
    this.#without = new Float32Array(this.#groups.length * this.#features)
    this.#spare = Int32Array.from(this.#groups, (_, i) => i)
  }

  get saved(): SavedRows {
    return wholeRows(this.#rows, numbered(this.model, this.#rows.stride))
  }

  readState(slot: number, into: Float32Array): void {
    this.engine.readState(slot + SPARE, into)
  }

  writeState(slot: number, from: Float32Array): void {
    this.engine.writeState(slot + SPARE, from)
  }

  reset(slot: number): void {
    resetFailure(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
    this.#cold(slot)
  }

  get fails(): boolean {
    return this.#error !== undefined
  }

  fail(slot: number, time: number): void {
    switchOff(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt, time)
    this.#cold(slot)
  }

  /** A model of the first hours of a stay has missed some: it says nothing of this stay any more. */
  back(slot: number): void {
    this.reset(slot)
    if (this.#hours !== Number.POSITIVE_INFINITY) this.#rows.page(slot)[this.#rows.at(slot) + CLOSED] = this.#hours
  }

  off(slot: number): boolean {
    return isOff(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
  }

  failedAt(slot: number): number {
    return failedSince(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
  }

  #cold(slot: number): void {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    page.fill(Number.NaN, at, at + GATHERED)
    page[at + CLOSED] = 0
    page[at + EMPTY] = 0
    page[at + FRESH] = 0
    resetRisk(page, at + POLICY)
    resetGather(this.#gather, page, at + GATHERED)
    this.engine.reset(slot + SPARE)
  }

  /**
   * Take a round's frames in, and step the patients of whom an hour is over: as often as hours are. What is learnt of them
   * shows in the rows after the current turn, so that who scores the round now sees what was known before it.
   * An engine that failed is asked again at every round, with nobody's row.
   */
  async step(round: FrameColumns): Promise<Hours> {
    if (this.#error !== undefined) await this.#ask(() => this.engine.step(this.#spare.subarray(0, 1), this.#without, 1))
    let behind: number[] = []
    for (let row = 0; row < round.count; row++) {
      if (this.off(round.slots[row]!)) continue
      const hours = this.#hoursBehind(round, row)
      if (hours === 0) this.#take(round, row)
      else if (hours > 0) behind.push(row)
    }
    let rows = 0
    const probabilities: number[] = []
    while (behind.length > 0) {
      const due = behind
      const logits = this.#error === undefined ? await this.#ask(() => this.#closeHours(round, due)) : undefined
      if (logits === undefined) return { rows, probabilities, failure: { error: this.#error!, rows: behind } }
      rows += behind.length
      behind.forEach((row, i) => {
        const slot = round.slots[row]!
        const hours = this.#rows.page(slot)[this.#rows.at(slot) + CLOSED]!
        if (hours >= this.#due) probabilities.push(this.#probability(logits[i]!))
      })
      behind = behind.filter((row) => {
        const hours = this.#hoursBehind(round, row)
        if (hours === 0) this.#take(round, row)
        return hours > 0
      })
    }
    return { rows, probabilities }
  }

  /** What the engine gives; undefined, and why, where it fails. */
  async #ask<T>(of: () => Promise<T>): Promise<T | undefined> {
    try {
      const given = await of()
      this.#error = undefined
      return given
    } catch (error) {
      if (!(error instanceof VigilError) || error.code !== 'engine-failed') throw error
      this.#error = error
      return undefined
    }
  }

  /** What the model says of the patient now, as its policy has it, or that it fails; added to `out`. */
  conditions(slot: number, out: Condition[]): void {
    const failedAt = this.failedAt(slot)
    if (!Number.isNaN(failedAt)) out.push(modelFailed(this.manifest.detector, failedAt, 'risk'))
    const { policy } = this.manifest
    if (policy === undefined || !riskRaised(this.#rows.page(slot), this.#rows.at(slot) + POLICY)) return
    out.push(riskCondition({ ...this.manifest, policy }, this.#risk(slot)))
  }

  /** What stands of the patient's risk at a frame. */
  report(slot: number): RiskReport {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    const hours = page[at + CLOSED]!
    const over = hours >= this.#hours
    const said = hours >= this.#due && !Number.isNaN(page[at + LOGIT]!)
    const { probability, threshold, time, reasons } = this.#risk(slot)
    const { detector, outcome, policy } = this.manifest
    return {
      detector,
      role: this.role,
      event: policy?.says ?? `Risk of ${outcome.event}`,
      standing: over ? 'final' : said ? 'current' : 'gathering',
      hours,
      due: this.#due,
      emptyHours: page[at + EMPTY]!,
      ...(said && { probability, time: Math.round(time) }),
      threshold,
      raised: riskRaised(page, at + POLICY),
      reasons: reasons.map(({ label, share }) => ({ label, share })),
    }
  }

  /** Hours of the patient that are over and not yet closed, the frame's own not among them; -1 after the last. */
  #hoursBehind(round: FrameColumns, row: number): number {
    const slot = round.slots[row]!
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    if (Number.isNaN(page[at + BEGAN]!)) page[at + BEGAN] = round.ticks[row]!
    if (page[at + CLOSED]! >= this.#hours) return -1
    const hours = Math.floor(this.#secondsIn(round, row) / HOUR_SECONDS)
    if (hours <= LONGEST_GAP) return hours
    this.#cold(slot)
    page[at + BEGAN] = round.ticks[row]!
    return 0
  }

  /** seconds from the beginning of the open hour to the frame's tick */
  #secondsIn(round: FrameColumns, row: number): number {
    const slot = round.slots[row]!
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    return (round.ticks[row]! - page[at + BEGAN]!) * this.#gather.tickSeconds - page[at + CLOSED]! * HOUR_SECONDS
  }

  #take(round: FrameColumns, row: number): void {
    const slot = round.slots[row]!
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    if (gatherFrame(this.#gather, page, at + GATHERED, round, row, this.#secondsIn(round, row))) page[at + FRESH] = 1
  }

  /** Close the open hour of each of these rows, in one step. */
  async #closeHours(round: FrameColumns, rows: readonly number[]): Promise<Float32Array> {
    const F = this.#features
    const S = this.engine.stateSize
    const count = rows.length
    if (this.#slots.length < count) {
      this.#slots = new Int32Array(round.ticks.length)
      this.#x = new Float32Array(round.ticks.length * F)
      this.#before = new Float32Array(round.ticks.length * S)
    }
    if (this.engine.fetchStates !== undefined) await this.engine.fetchStates()
    rows.forEach((row, i) => {
      const slot = round.slots[row]!
      closeHour(this.#gather, this.#rows.page(slot), this.#rows.at(slot) + GATHERED, this.#raw, 0)
      scaleInputs(this.manifest.inputs, this.#raw, 0, this.#x, i * F)
      this.#slots[i] = slot + SPARE
      this.readState(slot, this.#before.subarray(i * S, (i + 1) * S))
    })
    const logits = (await this.engine.step(this.#slots, this.#x, count)).slice(0, count)
    for (const [i, row] of rows.entries()) {
      const slot = round.slots[row]!
      const page = this.#rows.page(slot)
      const at = this.#rows.at(slot)
      page[at + EMPTY] = page[at + FRESH] === 1 ? 0 : page[at + EMPTY]! + 1
      page[at + FRESH] = 0
      page[at + CLOSED]!++
      page[at + LOGIT] = logits[i]!
      weighRisk(this.#policy, page, at + POLICY, logits[i]!, this.#hourEnd(slot))
      // without reasons where nobody would ask for them
      page.fill(Number.NaN, at + REASON, at + GATHERED)
      if (logits[i]! >= this.#policy.threshold || riskRaised(page, at + POLICY))
        await this.#explain(slot, i, logits[i]!)
    }
    return logits
  }

  /** Find what raises a patient's risk most: the same hour again from the same state, without one group at a time. */
  async #explain(slot: number, i: number, logit: number): Promise<void> {
    const F = this.#features
    const S = this.engine.stateSize
    const before = this.#before.subarray(i * S, (i + 1) * S)
    this.#groups.forEach(({ inputs }, g) => {
      this.#without.set(this.#x.subarray(i * F, (i + 1) * F), g * F)
      // normalised: 0 is the training patients' centre, or "not measured"
      for (const input of inputs) this.#without[g * F + input] = 0
      this.engine.writeState(g, before)
    })
    const less = await this.engine.step(this.#spare, this.#without, this.#groups.length)
    const drops = this.#groups.map((_, g) => Math.max(0, logit - less[g]!))
    const total = drops.reduce((sum, drop) => sum + drop, 0)
    const order = drops.map((_, g) => g).sort((a, b) => drops[b]! - drops[a]! || a - b)
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    for (let r = 0; r < REASONS && drops[order[r]!]! > 0; r++) {
      const group = order[r]!
      const { channel } = this.#groups[group]!
      const to = at + REASON + r * WIDE
      page[to] = group
      page[to + 1] = drops[group]! / total
      page[to + 2] = channel === undefined ? Number.NaN : gathered(page, at + GATHERED, channel)
    }
  }

  #hourEnd(slot: number): number {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    return (page[at + BEGAN]! * this.#gather.tickSeconds + page[at + CLOSED]! * HOUR_SECONDS) * 1000
  }

  #risk(slot: number): Risk {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    const reasons: RiskReason[] = []
    for (let r = 0; r < REASONS && !Number.isNaN(page[at + REASON + r * WIDE]!); r++) {
      const from = at + REASON + r * WIDE
      const { label, channel } = this.#groups[page[from]!]!
      const name = channel === undefined ? undefined : this.manifest.channels[channel]
      const known = name === undefined ? undefined : this.#table.channels[this.#table.index.get(name)!]
      const said = known?.label.replaceAll('_', ' ') ?? label
      reasons.push({ label: said, share: page[from + 1]!, channel: known, observed: page[from + 2]! })
    }
    return {
      probability: this.#probability(page[at + LOGIT]!),
      threshold: this.#probability(this.#policy.threshold),
      time: this.#hourEnd(slot),
      onset: Math.round(riskOnset(page, at + POLICY)),
      hours: page[at + CLOSED]!,
      reasons,
    }
  }

  #probability(logit: number): number {
    const { slope, intercept } = this.manifest.outcome
    return 1 / (1 + Math.exp(-(slope * logit + intercept)))
  }
}

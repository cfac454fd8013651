import { VigilError } from '../errors.ts'
import { FEATURES_PER_CHANNEL, type FeaturePlan, featurePlan, writeFeatures } from '../inference/features.ts'
import { type DriftPlan, driftedBy, driftOf, driftPlan, drifts, resetDrift, weighDrift } from '../scoring/drift.ts'
import { driftCondition } from '../scoring/drift-condition.ts'
import {
  BAND_LEVEL,
  type EvidencePlan,
  evidenceOf,
  evidencePlan,
  evidenceSteps,
  isRaised,
  learningFrozen,
  ownThreshold,
  weighEvidence,
} from '../scoring/evidence.ts'
import { resetEvidence } from '../scoring/evidence-row.ts'
import { type ModelDrift, type ModelDriftPlan, modelDrift, modelDriftPlan, tallyFrame } from '../scoring/model-drift.ts'
import { learnSpread } from '../scoring/own-spread.ts'
import { Page } from '../scoring/page.ts'
import {
  expectedBand,
  rememberForecast,
  resetScore,
  type Scored,
  type ScorePlan,
  scored,
  scoreFrame,
  scorePlan,
} from '../scoring/score.ts'
import { unexpectedCondition } from '../scoring/unexpected.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Condition } from '../vitals/condition.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { DetectorReport } from '../vitals/report.ts'
import { detectorNumbers, type Known } from './detector-numbers.ts'
import { FAILURE_FIELDS, failedSince, forgetFailure, isOff, noteFailure, resetFailure, switchOff } from './failure.ts'
import { areSound, type Forecasts } from './forecasts.ts'
import { type Lane, modelId, modelKey } from './lane.ts'
import type { StepEngine } from './ports.ts'
import { Rows, type SavedRows } from './rows.ts'
import { modelFailed } from './signal.ts'
import { Tally } from './tally.ts'

/** Every which frame of a patient is counted for drift: neighbours say the same, and no horizon's stride divides it. */
const DRIFT_EVERY = 7

/**
 * One model version at work: a row of the patient's running means, pending forecasts and evidence, beside the state row
 * in its engine. A frame is scored against the forecasts pending before it, then stepped, then its forecast remembered.
 * It sees frames without what the sensors set aside.
 * Row: [tick of the last frame, running mean x C, score state with the own spread, evidence, drift, failed at, off].
 */
export class Detector implements Lane {
  readonly manifest: ModelManifest
  readonly engine: StepEngine
  readonly id: string
  readonly model: string
  readonly saved: SavedRows
  /** what it does, counted */
  readonly tally: Tally
  readonly #table: ChannelTable
  readonly #features: FeaturePlan
  readonly #scores: ScorePlan
  readonly #evidence: EvidencePlan
  readonly #drift: DriftPlan
  readonly #modelDrift: ModelDriftPlan
  #driftCounts: Float64Array
  readonly #rows: Rows
  readonly #scored: Scored
  readonly #x: Float32Array
  readonly #meansAt = 1
  readonly #scoresAt: number
  readonly #evidenceAt: number
  readonly #driftAt: number
  readonly #failingAt: number
  #fails = false

  /** @param maxRows rows of a round at most */
  constructor(manifest: ModelManifest, table: ChannelTable, engine: StepEngine, maxRows: number) {
    this.manifest = manifest
    this.engine = engine
    this.id = modelId(manifest)
    this.model = modelKey(manifest)
    this.tally = new Tally()
    this.#table = table
    this.#features = featurePlan(manifest, table)
    this.#scores = scorePlan(manifest, table)
    this.#evidence = evidencePlan(manifest, this.#scores)
    this.#drift = driftPlan(manifest, this.#scores)
    this.#scored = scored(this.#scores)
    this.#modelDrift = modelDriftPlan(manifest, this.#scores)
    this.#driftCounts = new Float64Array(this.#modelDrift.size)
    const channels = manifest.channels.length
    this.#scoresAt = this.#meansAt + channels
    this.#evidenceAt = this.#scoresAt + this.#scores.stateSize
    this.#driftAt = this.#evidenceAt + this.#evidence.stateSize
    this.#failingAt = this.#driftAt + this.#drift.stateSize
    this.#rows = new Rows(this.#failingAt + FAILURE_FIELDS)
    this.#x = new Float32Array(maxRows * channels * FEATURES_PER_CHANNEL)
    this.saved = detectorNumbers(this.model, {
      rows: this.#rows,
      scores: this.#scores,
      scoresAt: this.#scoresAt,
      evidence: this.#evidence,
      evidenceAt: this.#evidenceAt,
      drift: this.#drift,
      driftAt: this.#driftAt,
      failingAt: this.#failingAt,
    })
  }

  readState(slot: number, into: Float32Array): void {
    this.engine.readState(slot, into)
  }

  writeState(slot: number, from: Float32Array): void {
    this.engine.writeState(slot, from)
  }

  /** A new patient on the slot: the network, its forecasts and its evidence begin cold. */
  reset(slot: number): void {
    resetFailure(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
    this.#cold(slot)
  }

  /** The engine fails the patient: the detector begins cold, and its steps count for nothing until `reset`. */
  fail(slot: number, time: number): void {
    switchOff(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt, time)
    this.#cold(slot)
  }

  back(slot: number): void {
    this.reset(slot)
  }

  off(slot: number): boolean {
    return isOff(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
  }

  failedAt(slot: number): number {
    return failedSince(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
  }

  get fails(): boolean {
    return this.#fails
  }

  #cold(slot: number): void {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    page.fill(Number.NaN, at, at + this.#scoresAt)
    resetScore(this.#scores, page, at + this.#scoresAt)
    resetEvidence(this.#evidence, page, at + this.#evidenceAt)
    resetDrift(this.#drift, page, at + this.#driftAt)
    this.engine.reset(slot)
  }

  /**
   * Begin to step a round: features of every row, then the engine. A silence longer than the ages the network was
   * trained on makes it begin cold again.
   */
  step(round: FrameColumns): Promise<Forecasts> {
    for (let row = 0; row < round.count; row++) this.#feature(round, row, row)
    return this.#ask(round.slots, round.count)
  }

  /**
   * Whether a round may be asked for while the one before it is stepped: nobody in it begins cold, so that nothing of the
   * patients is touched but their means.
   */
  mayGoAhead(round: FrameColumns): boolean {
    if (this.engine.ahead !== true) return false
    for (let row = 0; row < round.count; row++) {
      const slot = round.slots[row]!
      const page = this.#rows.page(slot)
      const at = this.#rows.at(slot)
      if (
        isOff(page, at + this.#failingAt) ||
        this.#elapsed(page, at, round.ticks[row]!) > this.#features.maxAgeSeconds
      )
        return false
    }
    return true
  }

  /**
   * A round that was asked for while the one before it was stepped, and is stepped: whoever began cold since, because that one
   * gave no number for them, is stepped anew, from nothing, as if this round had been asked for after it.
   */
  async again(round: FrameColumns, stepped: Forecasts): Promise<Forecasts> {
    const { given } = stepped
    const cold: number[] = []
    for (let row = 0; row < round.count; row++) {
      const slot = round.slots[row]!
      if (!Number.isNaN(this.#rows.page(slot)[this.#rows.at(slot)]!)) continue
      this.#feature(round, row, cold.length)
      cold.push(row)
    }
    if (cold.length === 0 || given instanceof VigilError) return stepped
    const slots = Int32Array.from(cold, (row) => round.slots[row]!)
    const anew = await this.#ask(slots, cold.length)
    if (anew.given instanceof VigilError) return anew
    const size = this.engine.forecastSize
    for (const [i, row] of cold.entries()) given.set(anew.given.subarray(i * size, (i + 1) * size), row * size)
    return { given, sound: areSound(given, round.count * size) }
  }

  /** Seconds since the patient's newest frame; 0 for the first. */
  #elapsed(page: Float64Array, at: number, tick: number): number {
    const last = page[at]!
    return Number.isNaN(last) ? 0 : (tick - last) * this.manifest.grid.cadenceSeconds
  }

  /** The features of a row of a round, written into row `xRow` of what the engine is given. */
  #feature(round: FrameColumns, row: number, xRow: number): void {
    const slot = round.slots[row]!
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    let elapsed = this.#elapsed(page, at, round.ticks[row]!)
    if (elapsed > this.#features.maxAgeSeconds) {
      this.#cold(slot)
      elapsed = 0
    }
    page[at] = round.ticks[row]!
    writeFeatures(this.#features, round, row, elapsed, page, at + this.#meansAt, this.#x, xRow)
  }

  async #ask(slots: Int32Array, count: number): Promise<Forecasts> {
    try {
      const given = await this.engine.step(slots, this.#x, count)
      this.#fails = false
      return { given, sound: areSound(given, count * this.engine.forecastSize) }
    } catch (error) {
      if (!(error instanceof VigilError) || error.code !== 'engine-failed') throw error
      this.#fails = true
      return { given: error, sound: false }
    }
  }

  /**
   * Score one frame against the forecasts pending before it, and learn from it unless an alert stands or a sensor is
   * suspected; what the detector says of the patient now is added to `out`.
   * @param suspect a sensor of the patient is suspected at this tick
   */
  score(frames: FrameColumns, row: number, suspect: boolean, out: Condition[]): void {
    const slot = frames.slots[row]!
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    const scoresAt = at + this.#scoresAt
    const evidenceAt = at + this.#evidenceAt
    const driftAt = at + this.#driftAt
    scoreFrame(this.#scores, page, scoresAt, frames, row, this.#scored)
    const before = isRaised(page, evidenceAt)
    const raised = weighEvidence(this.#evidence, page, evidenceAt, page, scoresAt, frames, row, this.#scored, suspect)
    this.tally.scored(this.#scored.p, raised, before)
    if (raised) out.push(unexpectedCondition(this.manifest, this.#table, evidenceOf(this.#evidence, page, evidenceAt)!))
    if (!suspect && !learningFrozen(this.#evidence, page, evidenceAt))
      learnSpread(this.#scores, page, scoresAt, frames, row, this.#scored)
    const cold = evidenceSteps(page, evidenceAt) <= this.manifest.warmupSteps
    weighDrift(this.#drift, page, driftAt, frames, row, this.#scored, cold)
    if (!cold && (frames.ticks[row]! + slot) % DRIFT_EVERY === 0)
      tallyFrame(this.#modelDrift, this.#driftCounts, frames, row, this.#scored)
    const failedAt = failedSince(page, at + this.#failingAt)
    if (!Number.isNaN(failedAt)) out.push(modelFailed(this.manifest.detector, failedAt))
    if (!drifts(this.#drift, page, driftAt)) return
    const drift = driftOf(this.#drift, page, driftAt)!
    const value = frames.values[row * this.#scores.width + this.#scores.channels[drift.channel]!]!
    const time = frames.ticks[row]! * this.manifest.grid.cadenceSeconds * 1000
    out.push(driftCondition(this.manifest, this.#table, drift, value, time))
  }

  /** A copy of a patient's pending forecasts and own spread: [ScorePlan.stateSize] */
  protected scoreRow(slot: number): Page {
    const at = this.#rows.at(slot) + this.#scoresAt
    const copy = new Page(this.#scores.stateSize)
    copy.set(this.#rows.page(slot).subarray(at, at + copy.length))
    return copy
  }

  /** Whether the detector says "unexpected" of the patient on a slot. */
  raised(slot: number): boolean {
    return isRaised(this.#rows.page(slot), this.#rows.at(slot) + this.#evidenceAt)
  }

  /** How inputs and scores lie since the last `forgetDrift`, held against those the version was made with. */
  get drift(): ModelDrift {
    return modelDrift(this.#modelDrift, this.#driftCounts)
  }

  forgetDrift(): void {
    this.#driftCounts = new Float64Array(this.#modelDrift.size)
  }

  /** Everything the version knows of the patient on a slot: its row, and its hidden state. */
  take(slot: number): Known {
    const state = new Float32Array(this.engine.stateSize)
    this.engine.readState(slot, state)
    const row = new Float64Array(this.saved.fields.length)
    this.saved.read(slot, row, 0)
    return { tick: row[0]!, row, state }
  }

  /** Put on a slot what the same version knows of the patient elsewhere. */
  put(slot: number, { row, state }: Known): void {
    this.saved.write(slot, row, 0)
    this.engine.writeState(slot, state)
  }

  /** What `score` just made of this frame; to be asked before the next frame is scored. */
  report(frames: FrameColumns, row: number): DetectorReport {
    const slot = frames.slots[row]!
    const page = this.#rows.page(slot)
    const scoresAt = this.#rows.at(slot) + this.#scoresAt
    const tick = frames.ticks[row]!
    const { p, excess, contribution } = this.#scored
    const { channels, horizons, grid, detector } = this.manifest
    return {
      detector,
      channels,
      expected: channels.map((_, c) => {
        const band = expectedBand(this.#scores, page, scoresAt, 0, c, BAND_LEVEL)
        return band?.due === tick ? { mean: band.mean, low: band.low, high: band.high } : null
      }),
      p: Object.fromEntries(
        horizons.map((ticks, k) => [ticks * grid.cadenceSeconds, Number.isNaN(p[k]!) ? null : p[k]!]),
      ),
      threshold: ownThreshold(this.#evidence, page, this.#rows.at(slot) + this.#evidenceAt),
      surprise: Number.isNaN(p[0]!) ? null : excess[0]!,
      contributions: Array.from(contribution.subarray(0, channels.length)),
      drift: channels.map((_, c) => {
        const drifted = driftedBy(this.#drift, page, this.#rows.at(slot) + this.#driftAt, c)
        const known = (it: number) => (Number.isNaN(it) ? null : it)
        return { ...drifted, lately: known(drifted.lately), usual: known(drifted.usual) }
      }),
    }
  }

  /**
   * Keep the forecasts of a stepped round until their ticks come. A forecast that is no number is none: its patient's
   * detector begins cold, and fails until it gives one again.
   * @param sound whether all of them are numbers
   * @returns rows without a forecast
   */
  remember(round: FrameColumns, forecasts: Float32Array, sound: boolean): number {
    const size = this.engine.forecastSize
    let failed = 0
    for (let row = 0; row < round.count; row++) {
      const slot = round.slots[row]!
      const page = this.#rows.page(slot)
      const at = this.#rows.at(slot)
      const from = row * size
      const finite = sound || areSound(forecasts, size, from)
      this.tally.forecast(finite)
      const failingAt = at + this.#failingAt
      if (isOff(page, failingAt)) this.engine.reset(slot)
      else if (finite) {
        forgetFailure(page, failingAt)
        const cold = this.steps(slot) <= this.manifest.warmupSteps
        rememberForecast(this.#scores, page, at + this.#scoresAt, round.ticks[row]!, forecasts, from, cold)
      } else {
        noteFailure(page, failingAt, round.ticks[row]! * this.manifest.grid.cadenceSeconds * 1000)
        this.#cold(slot)
        failed++
      }
    }
    return failed
  }

  /** A step of a round failed: what it left of whoever was off already counts for nothing, as what any step leaves of them. */
  disregard(round: FrameColumns): void {
    for (let row = 0; row < round.count; row++) if (this.off(round.slots[row]!)) this.engine.reset(round.slots[row]!)
  }

  /** frames since the detector began cold, this one included */
  steps(slot: number): number {
    return evidenceSteps(this.#rows.page(slot), this.#rows.at(slot) + this.#evidenceAt)
  }

  /** The model's continuous channels that a frame has no value of younger than `staleSeconds`. */
  missing(frames: FrameColumns, row: number, staleSeconds: number): string[] {
    const missing: string[] = []
    const from = row * this.#features.width
    for (const index of this.#features.channels) {
      const { cadence, name } = this.#table.channels[index]!
      if (cadence === 'continuous' && !(frames.ages[from + index]! <= staleSeconds)) missing.push(name)
    }
    return missing
  }

  /** Whether any of the model's continuous channels is missing, without naming them. */
  degraded(frames: FrameColumns, row: number, staleSeconds: number): boolean {
    const from = row * this.#features.width
    for (const index of this.#features.channels) {
      if (!(frames.ages[from + index]! <= staleSeconds) && this.#table.channels[index]!.cadence === 'continuous')
        return true
    }
    return false
  }
}

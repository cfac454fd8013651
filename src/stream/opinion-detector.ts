import { VigilError } from '../errors.ts'
import { FEATURES_PER_CHANNEL, type FeaturePlan, featurePlan, writeFeatures } from '../inference/features.ts'
import { type ReconstructionPlan, reconstructionPlan, reconstructionScore } from '../scoring/reconstruction.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { ReconstructorManifest } from '../vitals/reconstructor-manifest.ts'
import type { OpinionReport } from '../vitals/report.ts'
import { FAILURE_FIELDS, failedSince, isOff, resetFailure, switchOff } from './failure.ts'
import { type Lane, modelId, modelKey, type Role } from './lane.ts'
import type { StepEngine } from './ports.ts'
import type { Hours } from './risk-detector.ts'
import { numbered, Rows, type SavedRows, wholeRows } from './rows.ts'

// a row: the frames so far, the newest score with its channels, then the frames that wait for the next call, then whether the
// model fails the patient
const LAST = 0 // tick of the newest frame
const CALLS = 1 // calls since the window was empty
const WAITING = 2 // frames that wait
const SCORE = 3
const END = 4 // tick of the frame at which the scored window ended
const SHARES = 5

/** ages and trends are written beside values and masks, and not read */
const MAX_AGE_SECONDS = 600
const TREND_SECONDS = 10

/**
 * A reconstructor at work as a second opinion: the frames of a patient wait in its row until there are S of them, then its
 * graph is called, whose state is the window before them. It raises nothing; what it makes of the newest window stands in
 * the frame's report. It sees frames without what the sensors set aside.
 */
export class OpinionDetector implements Lane {
  readonly manifest: ReconstructorManifest
  readonly engine: StepEngine
  readonly role: Role = 'shadow'
  readonly id: string
  readonly model: string
  readonly #features: FeaturePlan
  readonly #plan: ReconstructionPlan
  readonly #rows: Rows
  readonly #waitingAt: number
  readonly #failingAt: number
  #fails = false
  /** a frame's 2C numbers */
  readonly #frame: number
  /** features of one frame [4C], and running means that nobody reads [C] */
  readonly #seen: Float32Array
  readonly #means: Float64Array
  readonly #contributions: Float64Array
  /** [rows, S 2C] and their slots, of patients whose frames are S */
  readonly #x: Float32Array
  readonly #slots: Int32Array

  /** @param maxRows rows of a round at most */
  constructor(manifest: ReconstructorManifest, table: ChannelTable, engine: StepEngine, maxRows: number) {
    const C = manifest.channels.length
    const features = { perChannel: ['value', 'mask', 'age', 'trend'] as ['value', 'mask', 'age', 'trend'], maxAgeSeconds: MAX_AGE_SECONDS, trendSeconds: TREND_SECONDS } // biome-ignore format: one line
    this.manifest = manifest
    this.engine = engine
    this.id = modelId(manifest)
    this.model = modelKey(manifest)
    this.#features = featurePlan({ ...manifest, features }, table)
    this.#plan = reconstructionPlan(manifest.score.centre, manifest.score.covariance, manifest.score.scored)
    this.#frame = 2 * C
    this.#waitingAt = SHARES + C
    this.#failingAt = this.#waitingAt + manifest.stride * this.#frame
    this.#rows = new Rows(this.#failingAt + FAILURE_FIELDS)
    this.#seen = new Float32Array(FEATURES_PER_CHANNEL * C)
    this.#means = new Float64Array(C)
    this.#contributions = new Float64Array(C)
    this.#x = new Float32Array(maxRows * manifest.stride * this.#frame)
    this.#slots = new Int32Array(maxRows)
  }

  get saved(): SavedRows {
    return wholeRows(this.#rows, numbered(this.model, this.#rows.stride))
  }

  readState(slot: number, into: Float32Array): void {
    this.engine.readState(slot, into)
  }

  writeState(slot: number, from: Float32Array): void {
    this.engine.writeState(slot, from)
  }

  reset(slot: number): void {
    resetFailure(this.#rows.page(slot), this.#rows.at(slot) + this.#failingAt)
    this.#cold(slot)
  }

  get fails(): boolean {
    return this.#fails
  }

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

  #cold(slot: number): void {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    page.fill(Number.NaN, at, at + this.#waitingAt)
    page.fill(0, at + this.#waitingAt, at + this.#failingAt)
    page[at + CALLS] = 0
    page[at + WAITING] = 0
    this.engine.reset(slot)
  }

  /**
   * Take a round's frames in, and call the graph for the patients of whom S wait. What it makes of them shows in the rows
   * after the current turn. A silence longer than the window empties it.
   * @returns how many were called for
   */
  async step(round: FrameColumns): Promise<Hours> {
    const { window, stride } = this.manifest
    const due: number[] = []
    for (let row = 0; row < round.count; row++) {
      const slot = round.slots[row]!
      const page = this.#rows.page(slot)
      const at = this.#rows.at(slot)
      if (round.ticks[row]! - page[at + LAST]! > window) this.#cold(slot)
      page[at + LAST] = round.ticks[row]!
      writeFeatures(this.#features, round, row, 0, this.#means, 0, this.#seen, 0)
      page.set(this.#seen.subarray(0, this.#frame), at + this.#waitingAt + page[at + WAITING]! * this.#frame)
      if (++page[at + WAITING]! < stride) continue
      page[at + WAITING] = 0
      const wide = stride * this.#frame
      this.#x.set(page.subarray(at + this.#waitingAt, at + this.#failingAt), due.length * wide)
      this.#slots[due.length] = slot
      due.push(row)
    }
    if (due.length === 0) return { rows: 0, probabilities: [] }
    const errors = await this.#call(due.length)
    due.forEach((row, i) => {
      const slot = round.slots[row]!
      // whoever is off is called for, so that it is seen when the engine works again, and nothing is made of it
      if (this.off(slot)) this.#cold(slot)
      else if (!(errors instanceof VigilError))
        this.#judge(slot, round.ticks[row]!, errors, i * this.engine.forecastSize)
    })
    if (errors instanceof VigilError) return { rows: 0, probabilities: [], failure: { error: errors, rows: due } }
    return { rows: due.length, probabilities: [] }
  }

  /** The graph's answer to the frames that wait in `#x`, or why there is none. */
  async #call(count: number): Promise<Float32Array | VigilError> {
    try {
      const errors = await this.engine.step(this.#slots.slice(0, count), this.#x, count)
      this.#fails = false
      return errors
    } catch (error) {
      if (!(error instanceof VigilError) || error.code !== 'engine-failed') throw error
      this.#fails = true
      return error
    }
  }

  #judge(slot: number, tick: number, errors: Float32Array, from: number): void {
    const { window, stride } = this.manifest
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    if (++page[at + CALLS]! * stride < window) return
    page[at + SCORE] = reconstructionScore(this.#plan, errors, from, window, this.#contributions)
    page[at + END] = tick
    const total = this.#contributions.reduce((sum, one) => sum + one, 0)
    this.#contributions.forEach((one, c) => {
      page[at + SHARES + c] = total > 0 ? one / total : 0
    })
  }

  /** What stands of the patient's newest window at a frame. */
  report(slot: number): OpinionReport {
    const page = this.#rows.page(slot)
    const at = this.#rows.at(slot)
    const { detector, channels, grid, score } = this.manifest
    const found = page[at + SCORE]!
    const said = !Number.isNaN(found)
    return {
      detector,
      channels,
      standing: said ? 'current' : 'gathering',
      ...(said && { score: found, time: Math.round(page[at + END]! * grid.cadenceSeconds * 1000) }),
      threshold: score.threshold,
      above: said && found >= score.threshold,
      contributions: said ? channels.map((_, c) => page[at + SHARES + c]!) : [],
    }
  }
}

import type { Page } from '../../scoring/page.ts'
import { type ScorePlan, scorePlan } from '../../scoring/score.ts'
import { Detector } from '../../stream/detector.ts'
import type { StepEngine } from '../../stream/ports.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Condition } from '../../vitals/condition.ts'
import { type FrameColumns, frameColumns } from '../../vitals/frame.ts'
import type { ModelManifest } from '../../vitals/manifest.ts'

/** What a detector had before it at one tick. */
export interface Witnessed {
  readonly tick: number
  /** one row */
  readonly frame: FrameColumns
  /** the patient's pending forecasts and own spread, as they were before this frame: [ScorePlan.stateSize] */
  readonly state: Page
  /** the patient's q at this tick */
  readonly q: number
}

/** A detector that keeps what it had before it, tick by tick, in a stretch of time. Serves one patient. */
export class Witness extends Detector {
  readonly plan: ScorePlan
  readonly witnessed = new Map<number, Witnessed>()
  readonly #from: number
  readonly #to: number

  /** @param span ticks that are kept, both inside */
  constructor(manifest: ModelManifest, table: ChannelTable, engine: StepEngine, maxRows: number, span: readonly [from: number, to: number]) {
    super(manifest, table, engine, maxRows)
    this.plan = scorePlan(manifest, table)
    const [from, to] = span
    this.#from = from
    this.#to = to
  } // biome-ignore format: the signature

  override score(frames: FrameColumns, row: number, suspect: boolean, out: Condition[]): void {
    const tick = frames.ticks[row]!
    if (tick < this.#from || tick > this.#to) {
      super.score(frames, row, suspect, out)
      return
    }
    const state = this.scoreRow(frames.slots[row]!)
    super.score(frames, row, suspect, out)
    this.witnessed.set(tick, { tick, frame: rowOf(frames, row), state, q: this.report(frames, row).threshold })
  }
}

/** One row by itself. */
function rowOf(frames: FrameColumns, row: number): FrameColumns {
  const width = frames.values.length / frames.ticks.length
  const one = frameColumns(1, width)
  one.count = 1
  one.ticks[0] = frames.ticks[row]!
  one.values.set(frames.values.subarray(row * width, (row + 1) * width))
  one.masks.set(frames.masks.subarray(row * width, (row + 1) * width))
  one.ages.set(frames.ages.subarray(row * width, (row + 1) * width))
  return one
}

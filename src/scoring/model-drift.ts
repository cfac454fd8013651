import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { countPit, PIT_FIELDS, type PitFigures, pitFigures } from './pit.ts'
import type { Scored, ScorePlan } from './score.ts'
import { type Bins, binOf, stabilityIndex } from './stability.ts'

/** What a model's inputs and scores looked like when it was made. */
export type Reference = NonNullable<ModelManifest['reference']>

/** Against what a model's inputs and scores are held: C channels, K horizons. */
export interface ModelDriftPlan {
  /** undefined for a model whose manifest has none: then there is no stability index */
  readonly reference: Reference | undefined
  readonly names: readonly string[]
  readonly score: Pick<ScorePlan, 'channels' | 'width' | 'horizons'>
  /** the policy's threshold */
  readonly q: number
  /** doubles of a tally */
  readonly size: number
}

/** bins of a stability index at most */
const BINS = 10
const FRAMES = 0
const FIRST = 1

export function modelDriftPlan(manifest: ModelManifest, score: ScorePlan): ModelDriftPlan {
  const [C, K] = [manifest.channels.length, manifest.horizons.length]
  return {
    reference: manifest.reference,
    names: manifest.channels,
    score,
    q: manifest.policy.q,
    // frames; per channel observed, bins, transform; bins of the score; per horizon due, exceeded
    size: FIRST + C * (1 + BINS + PIT_FIELDS) + BINS + 2 * K,
  }
}

/**
 * Count one scored frame of any patient into a tally: a `Float64Array(plan.size)` of zeros at first. Tallies of parts of
 * a ward may be added up.
 * @param row the frame's row in `frames`
 */
export function tallyFrame(
  plan: ModelDriftPlan,
  tally: Float64Array,
  frames: FrameColumns,
  row: number,
  scored: Scored,
): void {
  const { reference, score, q } = plan
  const C = score.channels.length
  const K = score.horizons.length
  tally[FRAMES]!++
  const due = !Number.isNaN(scored.p[0]!)
  for (let c = 0; c < C; c++) {
    const from = FIRST + c * (1 + BINS + PIT_FIELDS)
    const at = row * score.width + score.channels[c]!
    if (frames.masks[at] !== 1) continue
    tally[from]!++
    if (reference) tally[from + 1 + binOf(reference.channels[c]!.edges, frames.values[at]!)]!++
    if (due) countPit(tally, from + 1 + BINS, scored.residual[c]!, scored.surprise[c]!)
  }
  const scores = FIRST + C * (1 + BINS + PIT_FIELDS)
  if (due && reference) tally[scores + binOf(reference.score.edges, scored.excess[0]!)]!++
  for (let k = 0; k < K; k++) {
    if (Number.isNaN(scored.p[k]!)) continue
    tally[scores + BINS + 2 * k]!++
    if (scored.p[k]! < q) tally[scores + BINS + 2 * k + 1]!++
  }
}

/** What a tally says; numbers and the names of channels, never a patient. */
export interface ModelDrift {
  readonly frames: number
  readonly channels: readonly {
    readonly channel: string
    /** of the observed values against those the model was made with; undefined below 2,000, or without a reference */
    readonly stability: number | undefined
    /** share of the frames without a value, now and then */
    readonly missing: number
    readonly missingThen: number | undefined
    /** transform of the first horizon */
    readonly pit: PitFigures | undefined
  }[]
  /** of the first horizon's surprise above the expected one */
  readonly scoreStability: number | undefined
  /** [K] share of the ticks with p < q, NaN where none was due */
  readonly exceedance: readonly number[]
  readonly exceedanceThen: readonly number[] | undefined
}

export function modelDrift(plan: ModelDriftPlan, tally: Float64Array): ModelDrift {
  const { reference, names, score } = plan
  const [C, K] = [score.channels.length, score.horizons.length]
  const frames = tally[FRAMES]!
  const index = (bins: Bins | undefined, from: number) =>
    bins === undefined ? undefined : stabilityIndex(bins, tally.subarray(from, from + BINS))
  const scores = FIRST + C * (1 + BINS + PIT_FIELDS)
  return {
    frames,
    channels: names.map((channel, c) => {
      const from = FIRST + c * (1 + BINS + PIT_FIELDS)
      const then = reference?.channels[c]
      return {
        channel,
        stability: index(then, from + 1),
        missing: frames === 0 ? 0 : 1 - tally[from]! / frames,
        missingThen: then?.missing,
        pit: pitFigures(tally, from + 1 + BINS),
      }
    }),
    scoreStability: index(reference?.score, scores),
    exceedance: Array.from({ length: K }, (_, k) => tally[scores + BINS + 2 * k + 1]! / tally[scores + BINS + 2 * k]!),
    exceedanceThen: reference?.exceedance,
  }
}

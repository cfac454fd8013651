import { squaredDistance, type Whitening, whitening } from './whitening.ts'

/** What reconstruction errors are judged by. C channels. */
export interface ReconstructionPlan {
  readonly whitening: Whitening
  /** newest frames of a window that are scored */
  readonly scored: number
  readonly dropped: Float64Array
  readonly given: Float64Array
}

/**
 * @param centre [C] mean absolute error when all is well
 * @param covariance [C][C] of the absolute errors
 * @throws RangeError when the covariance is not positive definite
 */
export function reconstructionPlan(
  centre: readonly number[],
  covariance: readonly (readonly number[])[],
  scored: number,
): ReconstructionPlan {
  const C = centre.length
  return { whitening: whitening(centre, covariance), scored, dropped: new Float64Array(C), given: new Float64Array(C) }
}

/**
 * How unlike itself a window is (EncDec-AD): the squared Mahalanobis distance of a frame's absolute errors over the
 * channels that were observed, per observed channel, averaged over the newest frames. About 1 when all is well.
 * @param errors [W C] at `at`: oldest frame first, -1 where none came
 * @param frames W
 * @param contributions [C] written: how much of the sum goes away without each channel
 * @returns NaN when nothing was observed
 */
export function reconstructionScore(
  plan: ReconstructionPlan,
  errors: Float64Array | Float32Array,
  at: number,
  frames: number,
  contributions: Float64Array,
): number {
  const C = plan.whitening.channels
  contributions.fill(0)
  let [sum, count] = [0, 0]
  for (let frame = frames - plan.scored; frame < frames; frame++) {
    let [mask, observed] = [0, 0]
    for (let c = 0; c < C; c++) {
      const error = errors[at + frame * C + c]!
      row[c] = error
      if (error < 0) continue
      mask |= 1 << c
      observed++
    }
    if (observed === 0) continue
    sum += squaredDistance(plan.whitening, mask, row, 0, plan.dropped, 0, plan.given, 0) / observed
    count++
    for (let c = 0; c < C; c++) if ((mask >> c) & 1) contributions[c]! += plan.dropped[c]!
  }
  return count === 0 ? Number.NaN : sum / count
}

/** the widest whitening there is */
const row = new Float64Array(30)

import { fallingOrder } from './curves.ts'

/** What every threshold gives, from the strictest to the loosest: [P] each, P at most some hundreds. */
export interface CurvePoints {
  readonly threshold: Float64Array
  readonly falsePositiveRate: Float64Array
  readonly recall: Float64Array
  readonly precision: Float64Array
}

/** points that are kept of a curve: no screen shows more */
const KEPT = 400

/** ROC and precision by recall of a ranking. @param labels [N] 0 or 1, both of them there */
export function curvePoints(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  order: Int32Array = fallingOrder(scores),
): CurvePoints {
  let positives = 0
  for (let i = 0; i < order.length; i++) positives += labels[i]!
  const negatives = order.length - positives
  const points: [threshold: number, fpr: number, recall: number, precision: number][] = []
  let [tp, fp, keptAt] = [0, 0, 0]
  for (let i = 0; i < order.length; i++) {
    if (labels[order[i]!] === 1) tp++
    else fp++
    const score = scores[order[i]!]!
    if (i + 1 < order.length && scores[order[i + 1]!] === score) continue
    // as far along either curve as a point of it is wide
    const along = tp / positives + fp / negatives
    if (points.length > 0 && along - keptAt < 2 / KEPT && i + 1 < order.length) continue
    keptAt = along
    points.push([score, fp / negatives, tp / positives, tp / (tp + fp)])
  }
  const column = (of: 0 | 1 | 2 | 3) => Float64Array.from(points, (point) => point[of])
  return { threshold: column(0), falsePositiveRate: column(1), recall: column(2), precision: column(3) }
}

import { fallingOrder } from './curves.ts'

/**
 * AUROC of rows that belong to patients, for patients drawn with replacement: sorted once, so that each draw is one pass.
 * @param scores [N] higher = more likely positive; never NaN
 * @param labels [N] 0 or 1
 * @param patientOf [N] index of each row's patient
 * @returns how often each patient was drawn -> AUROC, ties sharing their step; NaN where one of the classes is missing
 */
export function drawnAuroc(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  patientOf: ArrayLike<number>,
): (times: ArrayLike<number>) => number {
  const order = fallingOrder(scores)
  // where the next score begins, so that rows of one score are one step
  const ends = order.map((row, i) => (i + 1 < order.length && scores[order[i + 1]!] === scores[row] ? 0 : 1))
  return (times) => {
    let [tp, fp, area, hits, misses] = [0, 0, 0, 0, 0]
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!
      const often = times[patientOf[row]!]!
      if (labels[row] === 1) hits += often
      else misses += often
      if (ends[i] === 0) continue
      area += misses * (tp + hits / 2)
      tp += hits
      fp += misses
      hits = 0
      misses = 0
    }
    return tp === 0 || fp === 0 ? Number.NaN : area / (tp * fp)
  }
}

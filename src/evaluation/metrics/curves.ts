/** Areas under the two curves of a ranking, NaN where one of the classes is missing. */
export interface Areas {
  readonly auroc: number
  readonly auprc: number
}

/**
 * AUROC (trapezoids, ties share their step) and AUPRC (average precision: a step of recall times the precision after it),
 * over all rows pooled; as PhysioNet's evaluate_sepsis_score.py and scikit-learn's roc_auc_score and
 * average_precision_score compute them.
 * @param scores [N] higher = more likely positive; never NaN
 * @param labels [N] 0 or 1
 * @param order [N] `fallingOrder` of the scores, where it is known
 * @throws RangeError on a score that is not a number: it has no rank
 */
export function areas(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  order: Int32Array = fallingOrder(scores),
): Areas {
  let positives = 0
  for (let i = 0; i < order.length; i++) positives += labels[i]!
  const negatives = order.length - positives
  let [tp, fp, auroc, auprc] = [0, 0, 0, 0]
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from]!]!
    let [hits, to] = [0, from]
    for (; to < order.length && scores[order[to]!] === score; to++) hits += labels[order[to]!]!
    const misses = to - from - hits
    auroc += misses * (tp + hits / 2)
    tp += hits
    fp += misses
    auprc += (hits * tp) / (tp + fp)
    from = to
  }
  return {
    auroc: positives === 0 || negatives === 0 ? Number.NaN : auroc / (positives * negatives),
    auprc: positives === 0 ? Number.NaN : auprc / positives,
  }
}

/** [N] row numbers by falling score. */
export function fallingOrder(scores: ArrayLike<number>): Int32Array {
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]!)) throw new RangeError(`score ${i} is not a number`)
  }
  return Int32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
}

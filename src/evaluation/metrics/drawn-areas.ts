import { patientDraws } from './bootstrap.ts'

/** [repeats] each. */
export interface DrawnAreas {
  readonly auroc: Float64Array
  readonly auprc: Float64Array
}

/**
 * Both areas of a ranking over patients drawn with replacement, all rows of a patient as often as the patient was drawn: one
 * pass over the ranked rows a draw.
 * @param scores [N] @param labels [N] 0 or 1
 * @param order [N] `fallingOrder` of the scores
 * @param patientOf [N] number of each row's patient, below `patients`
 */
export function drawnAreas(
  { scores, labels, order, patientOf }: { scores: ArrayLike<number>; labels: ArrayLike<number>; order: Int32Array; patientOf: ArrayLike<number> },
  patients: number,
  repeats: number,
): DrawnAreas {
  const rows = order.length
  // everything in ranked order, so that a draw reads memory from one end to the other
  const label = Uint8Array.from(order, (row) => labels[row]!)
  const patient = Int32Array.from(order, (row) => patientOf[row]!)
  const ends = Uint8Array.from(order, (row, i) => (i + 1 === rows || scores[order[i + 1]!] !== scores[row] ? 1 : 0))
  const auprc: number[] = []
  const auroc = patientDraws(
    patients,
    (times) => {
      let [tp, fp, hits, misses, roc, pr] = [0, 0, 0, 0, 0, 0]
      for (let i = 0; i < rows; i++) {
        if (label[i] === 1) hits += times[patient[i]!]!
        else misses += times[patient[i]!]!
        if (ends[i] === 0) continue
        roc += misses * (tp + hits / 2)
        tp += hits
        fp += misses
        if (hits > 0) pr += (hits * tp) / (tp + fp)
        hits = 0
        misses = 0
      }
      auprc.push(pr / tp)
      return roc / (tp * fp)
    },
    repeats,
  )
  return { auroc, auprc: Float64Array.from(auprc) }
} // biome-ignore format: the signature

/** One tenth of the rows, by predicted probability. */
export interface CalibrationTenth {
  readonly rows: number
  /** mean predicted probability */
  readonly predicted: number
  /** share that was positive */
  readonly observed: number
}

/** Reliability by tenths of the predictions (Hosmer and Lemeshow 1980): rows in ten groups of equal size. */
export function calibrationTenths(probabilities: ArrayLike<number>, labels: ArrayLike<number>): CalibrationTenth[] {
  const rows = probabilities.length
  const order = Int32Array.from({ length: rows }, (_, i) => i).sort((a, b) => probabilities[a]! - probabilities[b]!)
  return Array.from({ length: 10 }, (_, tenth) => {
    const [from, to] = [Math.floor((tenth * rows) / 10), Math.floor(((tenth + 1) * rows) / 10)]
    let [predicted, observed] = [0, 0]
    for (let i = from; i < to; i++) {
      predicted += probabilities[order[i]!]!
      observed += labels[order[i]!]!
    }
    const count = to - from
    return { rows: count, predicted: count === 0 ? 0 : predicted / count, observed: count === 0 ? 0 : observed / count }
  }).filter((tenth) => tenth.rows > 0)
}

import { type Baseline, type Columns, carried, combinations, widthOf } from './baseline.ts'
import { eigen } from './eigen.ts'

/**
 * Principal components of the channels (Jackson and Mudholkar 1979): each second centred on the patient's own slow
 * mean and scaled by the training patients' spread around theirs. The score is the squared prediction error outside the
 * first `components` (statistic 0), Hotelling's T squared inside them (1), or both together (2).
 */
export const pca: Baseline = {
  name: 'pca',
  settings: combinations({ components: [1, 2, 3], statistic: [0, 1, 2], slow: [60, 180, 600] }),
  fit(train, { components, statistic, slow }) {
    const rows = train.map((recording) => centred(recording, slow!))
    const C = widthOf(train[0]!)
    const channels = Array.from({ length: C }, (_, c) => c)
    const covariance = channels.map((i) => channels.map((j) => meanProduct(rows, C, i, j)))
    const sd = covariance.map((row, i) => Math.sqrt(Math.max(1e-6, row[i]!)))
    const { values, vectors } = eigen(covariance.map((row, i) => row.map((it, j) => it / (sd[i]! * sd[j]!))))
    return (recording) => {
      const off = centred(recording, slow!)
      return Float64Array.from({ length: recording.seconds }, (_, t) => {
        let score = 0
        for (let k = 0; k < C; k++) {
          let along = 0
          for (let c = 0; c < C; c++) along += (vectors[k]![c]! * off[t * C + c]!) / sd[c]!
          const inside = k < components!
          const spread = Math.max(1e-3, values[k]!)
          if (inside ? statistic !== 0 : statistic !== 1)
            score += statistic === 0 ? along * along : (along * along) / spread
        }
        return score
      })
    }
  },
}

/** [N, C] value minus the patient's running mean before it; 0 where there never was a value */
function centred(recording: Columns, slow: number): Float64Array {
  const C = widthOf(recording)
  const values = carried(recording)
  const out = new Float64Array(recording.seconds * C)
  const mean = new Float64Array(C).fill(Number.NaN)
  const floor = 1 - Math.exp(-1 / slow)
  for (let i = 0; i < recording.seconds; i++) {
    for (let c = 0; c < C; c++) {
      const value = values[i * C + c]!
      if (Number.isNaN(value)) continue
      if (Number.isNaN(mean[c]!)) mean[c] = value
      out[i * C + c] = value - mean[c]!
      mean[c]! += Math.max(floor, 1 / (i + 2)) * (value - mean[c]!)
    }
  }
  return out
}

function meanProduct(rows: readonly Float64Array[], C: number, i: number, j: number): number {
  let [sum, n] = [0, 0]
  for (const row of rows) {
    for (let at = 0; at < row.length; at += C) {
      sum += row[at + i]! * row[at + j]!
      n++
    }
  }
  return n === 0 ? 0 : sum / n
}

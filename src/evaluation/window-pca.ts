import { eigen } from './faults/baselines/eigen.ts'

/** rows of a window at most, and a window at most this share of the rows that may be learnt from */
const LONGEST = 64
const SHARE = 10
/** share of the movement of the first rows that the kept components hold */
const HELD = 0.9
const LEAST = 1e-12

/**
 * Principal components of the last W rows (Jackson and Mudholkar 1979, on delayed copies of one series): the squared error
 * that the kept ones leave over, in its mean over the first rows. [N], 0 while fewer than W rows have come.
 * @param values [N] no NaN @param first rows that may be learnt from
 */
export function windowPca(values: Float64Array, first: number): Float64Array {
  const width = Math.max(2, Math.min(LONGEST, Math.floor(first / SHARE)))
  const scores = new Float64Array(values.length)
  const windows = first - width + 1
  if (windows < 2) return scores
  const mean = Array.from({ length: width }, (_, i) => meanOf(values.subarray(i, i + windows)))
  const covariance = mean.map((mi, i) => mean.map((mj, j) => {
    let sum = 0
    for (let at = 0; at < windows; at++) sum += (values[at + i]! - mi) * (values[at + j]! - mj)
    return sum / windows
  })) // biome-ignore format: a matrix
  const { values: spread, vectors } = eigen(covariance)
  const all = spread.reduce((sum, value) => sum + Math.max(0, value), 0)
  let [kept, held] = [0, 0]
  while (kept < width && held < HELD * all) held += Math.max(0, spread[kept++]!)
  const basis = vectors.slice(0, kept).map((vector) => Float64Array.from(vector))
  const usual = Math.max(LEAST, all - held)
  const off = new Float64Array(width)
  for (let row = width - 1; row < values.length; row++) {
    let left = 0
    for (let i = 0; i < width; i++) {
      off[i] = values[row - width + 1 + i]! - mean[i]!
      left += off[i]! * off[i]!
    }
    for (const vector of basis) {
      let along = 0
      for (let i = 0; i < width; i++) along += vector[i]! * off[i]!
      left -= along * along
    }
    scores[row] = Math.max(0, left) / usual
  }
  return scores
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value / values.length, 0)

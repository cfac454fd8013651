/** A covariance shrunk towards a multiple of the identity, and what it was made of. */
export interface Shrunk {
  readonly centre: number[]
  readonly covariance: number[][]
  /** weight of the identity, 0..1 */
  readonly shrinkage: number
}

/**
 * Ledoit and Wolf's covariance (Journal of Multivariate Analysis 88, 2004): the sample's, shrunk towards its mean
 * variance times the identity by the weight that is least wrong on average. Always positive definite when anything varies.
 * @param rows [n][C], n >= 2, no NaN
 */
export function ledoitWolf(rows: readonly ArrayLike<number>[]): Shrunk {
  const n = rows.length
  const C = rows[0]!.length
  const each = <T>(of: (c: number) => T): T[] => Array.from({ length: C }, (_, c) => of(c))
  const centre = each((c) => rows.reduce((sum, row) => sum + row[c]!, 0) / n)
  const centred = rows.map((row) => each((c) => row[c]! - centre[c]!))
  const sample = each((i) => each((j) => centred.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / n))
  const level = sample.reduce((sum, row, c) => sum + row[c]!, 0) / C
  let [away, noise] = [0, 0]
  for (let i = 0; i < C; i++) {
    for (let j = 0; j < C; j++) {
      away += (sample[i]![j]! - (i === j ? level : 0)) ** 2 / C
      let scatter = 0
      for (const row of centred) scatter += (row[i]! * row[j]! - sample[i]![j]!) ** 2
      noise += scatter / (n * n * C)
    }
  }
  const shrinkage = away > 0 ? Math.min(1, noise / away) : 1
  const covariance = sample.map((row, i) =>
    row.map((it, j) => (1 - shrinkage) * it + (i === j ? shrinkage * level : 0)),
  )
  return { centre, covariance, shrinkage }
}

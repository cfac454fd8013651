export interface Eigen {
  /** falling */
  readonly values: readonly number[]
  /** [D][D] unit vectors, vectors[i] of values[i] */
  readonly vectors: readonly (readonly number[])[]
}

const SWEEPS = 50

/** Eigenvalues and vectors of a symmetric matrix, by Jacobi rotations (Golub and Van Loan, 8.5). */
export function eigen(matrix: readonly (readonly number[])[]): Eigen {
  const d = matrix.length
  const a = matrix.map((row) => [...row])
  const v: number[][] = matrix.map((_, i) => matrix.map((__, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) {
        off += a[p]![q]! ** 2
        if (a[p]![q] === 0) continue
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < d; k++) {
          const [kp, kq] = [a[k]![p]!, a[k]![q]!]
          a[k]![p] = c * kp - s * kq
          a[k]![q] = s * kp + c * kq
        }
        for (let k = 0; k < d; k++) {
          const [pk, qk] = [a[p]![k]!, a[q]![k]!]
          a[p]![k] = c * pk - s * qk
          a[q]![k] = s * pk + c * qk
          const [vp, vq] = [v[k]![p]!, v[k]![q]!]
          v[k]![p] = c * vp - s * vq
          v[k]![q] = s * vp + c * vq
        }
      }
    }
    if (off < 1e-20) break
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!)
  return { values: order.map((i) => a[i]![i]!), vectors: order.map((i) => v.map((row) => row[i]!)) }
}

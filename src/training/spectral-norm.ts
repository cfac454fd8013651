import type { Random } from '../random.ts'

const ITERATIONS = 60

/**
 * The largest factor by which a matrix [n, n] stretches a vector, by 60 power iterations on M'M from a random one.
 */
export function spectralNorm(matrix: Float64Array, n: number, random: Random): number {
  let v: Float64Array = Float64Array.from({ length: n }, () => random.normal())
  let norm = 0
  for (let i = 0; i < ITERATIONS; i++) {
    const length = Math.hypot(...v)
    if (length === 0) return 0
    v = v.map((value) => value / length)
    const stretched = new Float64Array(n) // M v
    const back = new Float64Array(n) // M'M v
    for (let row = 0; row < n; row++) {
      let sum = 0
      for (let k = 0; k < n; k++) sum += matrix[row * n + k]! * v[k]!
      stretched[row] = sum
      for (let k = 0; k < n; k++) back[k]! += matrix[row * n + k]! * sum
    }
    norm = Math.hypot(...stretched)
    v = back
  }
  return norm
}

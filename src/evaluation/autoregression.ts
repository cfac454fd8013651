/** ridge of the normal equations, a share of the series' mean square */
const RIDGE = 1e-6

/**
 * Coefficients of a linear one-step forecast, least squares over a whole series: z_t = a_0 + sum_k a_k z_{t-k}.
 * @returns [order + 1], the constant first
 */
export function fitAutoregression(z: ArrayLike<number>, order: number): Float64Array {
  const size = order + 1
  const a = new Float64Array(size * size)
  const b = new Float64Array(size)
  const row = new Float64Array(size)
  row[0] = 1
  for (let t = order; t < z.length; t++) {
    for (let k = 1; k <= order; k++) row[k] = z[t - k]!
    for (let i = 0; i < size; i++) {
      b[i]! += row[i]! * z[t]!
      for (let j = 0; j <= i; j++) a[i * size + j]! += row[i]! * row[j]!
    }
  }
  for (let i = 0; i < size; i++) a[i * size + i]! += RIDGE * (z.length - order)
  return solved(a, b)
}

/** z_t from the samples before it: [N]; 0 for the first `order`. */
export function forecastAutoregression(coefficients: Float64Array, z: ArrayLike<number>): Float64Array {
  const order = coefficients.length - 1
  const forecasts = new Float64Array(z.length)
  for (let t = order; t < z.length; t++) {
    let sum = coefficients[0]!
    for (let k = 1; k <= order; k++) sum += coefficients[k]! * z[t - k]!
    forecasts[t] = sum
  }
  return forecasts
}

/** x of A x = b by Cholesky; A [n, n] symmetric, its lower half given and overwritten. */
function solved(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  const x = b.slice()
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!
    }
    for (let k = 0; k < i; k++) x[i]! -= a[i * n + k]! * x[k]!
    x[i]! /= a[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= a[k * n + i]! * x[k]!
    x[i]! /= a[i * n + i]!
  }
  return x
}

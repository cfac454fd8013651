/** A trained network's arrays are float32; what learns here learns in doubles. */
export type Numbers = Float32Array | Float64Array

/** What N neurons know: kernel [I, N], a row of it for each of the I inputs, and bias [N]. */
export interface Layer {
  readonly kernel: Numbers
  readonly bias: Numbers
}

/**
 * z = bias + v kernel: what each neuron adds up before it answers.
 * @param v [I]
 * @returns [N]
 */
export function weightedSums({ kernel, bias }: Layer, v: ArrayLike<number>): Float64Array {
  const count = bias.length
  const sums = new Float64Array(bias) // a copy, in doubles
  for (let row = 0, at = 0; row < v.length; row++, at += count) {
    const value = v[row]!
    for (let n = 0; n < count; n++) sums[n]! += value * kernel[at + n]!
  }
  return sums
}

/**
 * The way back through `weightedSums`. With z_n = b_n + sum_i v_i K_in, the chain rule gives
 * dL/dv_i = sum_n dz_n K_in, dL/dK_in = v_i dz_n and dL/db_n = dz_n.
 * @param v [I] as on the way there
 * @param dz [N] gradient of the loss by the sums
 * @param gradients kernel and bias, added to; undefined where only the inputs are asked for
 * @returns [I] gradient of the loss by v
 */
export function sumsBack(
  { kernel }: Layer,
  v: ArrayLike<number>,
  dz: Float64Array,
  gradients?: readonly Float64Array[],
): Float64Array {
  const count = dz.length
  const dv = new Float64Array(v.length)
  for (let row = 0, at = 0; row < v.length; row++, at += count) {
    let sum = 0
    for (let n = 0; n < count; n++) sum += dz[n]! * kernel[at + n]!
    dv[row] = sum
  }
  if (gradients === undefined) return dv
  const [dKernel, dBias] = gradients as readonly [Float64Array, Float64Array]
  for (let row = 0, at = 0; row < v.length; row++, at += count) {
    const value = v[row]!
    if (value === 0) continue
    for (let n = 0; n < count; n++) dKernel[at + n]! += value * dz[n]!
  }
  for (let n = 0; n < count; n++) dBias[n]! += dz[n]!
  return dv
}

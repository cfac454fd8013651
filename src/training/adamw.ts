/** AdamW (Loshchilov and Hutter, arXiv 1711.05101) over plain arrays, with global-norm clipping and averaged weights. */
export interface Optimiser<A extends Float32Array | Float64Array = Float32Array> {
  readonly parameters: readonly A[]
  /** exponential moving average of the parameters: what is exported */
  readonly averaged: readonly A[]
  readonly first: readonly Float64Array[]
  readonly second: readonly Float64Array[]
  /** updates done */
  updates: number
}

export interface OptimiserOptions {
  /** decoupled weight decay, on matrices only */
  readonly weightDecay: number
  /** global norm the gradient is clipped to */
  readonly clipNorm: number
  /** decay of the averaged weights, once past its own warm-up */
  readonly averaging: number
}

export function optimiser<A extends Float32Array | Float64Array>(parameters: readonly A[]): Optimiser<A> {
  return {
    parameters,
    averaged: parameters.map((p) => p.slice() as A),
    first: parameters.map((p) => new Float64Array(p.length)),
    second: parameters.map((p) => new Float64Array(p.length)),
    updates: 0,
  }
}

const BETA1 = 0.9
const BETA2 = 0.999
const EPSILON = 1e-8

/**
 * One update in place. A gradient that is not finite changes nothing.
 * @param matrix [P] whether array i is a matrix (weight decay applies)
 * @returns the gradient's global norm before clipping; NaN when the update was skipped
 */
export function update<A extends Float32Array | Float64Array>(
  state: Optimiser<A>,
  gradients: readonly A[],
  matrix: readonly boolean[],
  rate: number,
  options: OptimiserOptions,
): number {
  let squares = 0
  for (const gradient of gradients) for (const g of gradient) squares += g * g
  const norm = Math.sqrt(squares)
  if (!Number.isFinite(norm)) return Number.NaN
  const shrink = norm > options.clipNorm ? options.clipNorm / norm : 1
  state.updates++
  const correction1 = 1 - BETA1 ** state.updates
  const correction2 = 1 - BETA2 ** state.updates
  // early averages forget the first weights quickly
  const keep = Math.min(options.averaging, (state.updates + 1) / (state.updates + 10))
  for (let p = 0; p < gradients.length; p++) {
    const [gradient, values, averaged] = [gradients[p]!, state.parameters[p]!, state.averaged[p]!]
    const [first, second] = [state.first[p]!, state.second[p]!]
    const decay = matrix[p]! ? rate * options.weightDecay : 0
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i]! * shrink
      first[i] = BETA1 * first[i]! + (1 - BETA1) * g
      second[i] = BETA2 * second[i]! + (1 - BETA2) * g * g
      const step = first[i]! / correction1 / (Math.sqrt(second[i]! / correction2) + EPSILON)
      values[i]! -= rate * step + decay * values[i]!
      averaged[i] = keep * averaged[i]! + (1 - keep) * values[i]!
    }
  }
  return norm
}

/** Linear warm-up over the first `warmup` share, then a cosine from `peak` to `last`. `at` in 0..1. */
export function learningRate(at: number, peak: number, last: number, warmup: number): number {
  if (at < warmup) return (peak * (at + 1e-3)) / (warmup + 1e-3)
  return last + ((peak - last) * (1 + Math.cos((Math.PI * (at - warmup)) / (1 - warmup)))) / 2
}

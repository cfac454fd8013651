/** A covariance [C, C] ready to judge any subset of its channels; what was factored is kept by mask. */
export interface Whitening {
  readonly channels: number
  /** [C] */
  readonly centre: Float64Array
  /** [C * C] */
  readonly covariance: Float64Array
  /** mask -> inverse covariance of the channels in it, [m * m] */
  readonly inverses: Map<number, Float64Array>
}

/** @throws RangeError when the covariance is not [C][C], or not positive definite */
export function whitening(centre: readonly number[], covariance: readonly (readonly number[])[]): Whitening {
  const channels = centre.length
  if (covariance.length !== channels || covariance.some((row) => row.length !== channels) || channels > 30)
    throw new RangeError(`covariance must be [${channels}][${channels}], of at most 30 channels`)
  const plan: Whitening = {
    channels,
    centre: Float64Array.from(centre),
    covariance: Float64Array.from(covariance.flat()),
    inverses: new Map(),
  }
  inverseOf(plan, 2 ** channels - 1)
  return plan
}

/** Inverse of the covariance of the channels in `mask`, by Cholesky: once for every mask that is met. */
function inverseOf(plan: Whitening, mask: number): Float64Array {
  const known = plan.inverses.get(mask)
  if (known !== undefined) return known
  const of: number[] = []
  for (let c = 0; c < plan.channels; c++) if ((mask >> c) & 1) of.push(c)
  const m = of.length
  const lower = new Float64Array(m * m)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = plan.covariance[of[i]! * plan.channels + of[j]!]!
      for (let k = 0; k < j; k++) sum -= lower[i * m + k]! * lower[j * m + k]!
      if (i === j && !(sum > 0)) throw new RangeError('the covariance is not positive definite')
      lower[i * m + j] = i === j ? Math.sqrt(sum) : sum / lower[j * m + j]!
    }
  }
  // columns of L^-1, then L^-T L^-1
  const half = new Float64Array(m * m)
  for (let j = 0; j < m; j++) {
    for (let i = j; i < m; i++) {
      let sum = i === j ? 1 : 0
      for (let k = j; k < i; k++) sum -= lower[i * m + k]! * half[k * m + j]!
      half[i * m + j] = sum / lower[i * m + i]!
    }
  }
  const inverse = new Float64Array(m * m)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) {
      for (let k = Math.max(i, j); k < m; k++) inverse[i * m + j]! += half[k * m + i]! * half[k * m + j]!
    }
  }
  plan.inverses.set(mask, inverse)
  return inverse
}

const packed = new Float64Array(30)

/**
 * Squared distance d^2 = r_O' S_OO^-1 r_O of the observed channels, chi square of |O| when all is well.
 * @param r [C] at `at`; only the channels in `mask` are read
 * @param dropped [C] at `droppedAt`, written for the channels in `mask`: how much of d^2 goes away without the channel
 * @param given [C] at `givenAt`, written likewise: what the rest makes one expect of the channel, in the units of r
 */
export function squaredDistance(
  plan: Whitening,
  mask: number,
  r: Float64Array,
  at: number,
  dropped: Float64Array,
  droppedAt: number,
  given: Float64Array,
  givenAt: number,
): number {
  const inverse = plan.inverses.get(mask) ?? inverseOf(plan, mask)
  let m = 0
  for (let c = 0; c < plan.channels; c++) if ((mask >> c) & 1) packed[m++] = r[at + c]! - plan.centre[c]!
  let square = 0
  for (let c = 0, i = 0; c < plan.channels; c++) {
    if (((mask >> c) & 1) === 0) continue
    let sum = 0
    for (let j = 0; j < m; j++) sum += inverse[i * m + j]! * packed[j]!
    const own = inverse[i * m + i]!
    square += sum * packed[i]!
    dropped[droppedAt + c] = (sum * sum) / own
    given[givenAt + c] = r[at + c]! - sum / own
    i++
  }
  return square
}

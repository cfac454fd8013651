/** How some values lay: at most ten bins between deciles, and the share of the values in each. */
export interface Bins {
  /** values behind the shares */
  readonly n: number
  /** [B - 1] rising; bin b holds edges[b - 1] < value <= edges[b] */
  readonly edges: readonly number[]
  /** [B] */
  readonly shares: readonly number[]
}

/** Fewer values than this say nothing: the index of equal distributions is then already near (B - 1) (1/n + 1/N). */
export const ENOUGH = 2000
/** usual readings of the index (Siddiqi 2006): below the first steady, from the second on another population */
export const MODERATE = 0.1
export const MAJOR = 0.25

const BINS = 10

/**
 * Deciles of some values. Printed numbers repeat, so that deciles may fall together: there are then fewer bins, each with
 * the share it really has.
 * @throws RangeError when there is no value
 */
export function decileBins(values: ArrayLike<number>): Bins {
  const sorted = Float64Array.from(values).sort()
  const n = sorted.length
  if (n === 0) throw new RangeError('no value to take deciles of')
  const edges: number[] = []
  for (let i = 1; i < BINS; i++) {
    const edge = sorted[Math.ceil((i * n) / BINS) - 1]!
    if (edge < sorted[n - 1]! && edge !== edges.at(-1)) edges.push(edge)
  }
  const counts = new Float64Array(edges.length + 1)
  for (const value of sorted) counts[binOf(edges, value)]!++
  return { n, edges, shares: Array.from(counts, (count) => count / n) }
}

/** The bin a value falls into. */
export function binOf(edges: readonly number[], value: number): number {
  let bin = 0
  while (bin < edges.length && value > edges[bin]!) bin++
  return bin
}

/**
 * Population stability index: sum over bins of (share - share then) ln(share / share then), half a value added to every
 * bin so that an empty one counts and does not decide. Symmetric in what came and went; 0 for the same shares.
 * @param counts [B] values of now
 * @returns undefined below ENOUGH values
 */
export function stabilityIndex(then: Bins, counts: ArrayLike<number>): number | undefined {
  const bins = then.shares.length
  let n = 0
  for (let b = 0; b < bins; b++) n += counts[b]!
  if (n < ENOUGH) return undefined
  let index = 0
  for (let b = 0; b < bins; b++) {
    const now = (counts[b]! + 0.5) / (n + 0.5 * bins)
    const before = (then.shares[b]! * then.n + 0.5) / (then.n + 0.5 * bins)
    index += (now - before) * Math.log(now / before)
  }
  return index
}

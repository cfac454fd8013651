import type { TailTable } from '../vitals/manifest.ts'

/** the smallest p a table may give: finite in ln, and never 0 */
const SMALLEST = 1e-300

/** A tail table of a manifest, ready for look-ups. */
export interface TailLookup {
  /** [L], rising */
  readonly surprises: Float64Array
  /** [L] ln of the exceedance probabilities, falling */
  readonly logs: Float64Array
  readonly tailScale: number
}

/** @throws RangeError when the table is not one: different lengths, or not monotone */
export function tailLookup(table: TailTable): TailLookup {
  const { surprises, probabilities } = table
  if (surprises.length !== probabilities.length || surprises.length === 0) throw new RangeError('tail table: lengths')
  for (let i = 1; i < surprises.length; i++) {
    if (surprises[i]! < surprises[i - 1]! || probabilities[i]! >= probabilities[i - 1]!)
      throw new RangeError('tail table: surprises must rise and probabilities fall')
  }
  return {
    surprises: Float64Array.from(surprises),
    logs: Float64Array.from(probabilities, Math.log),
    tailScale: table.tailScale,
  }
}

/**
 * Calibrated p-value of an excess surprise: P(excess >= this one) on the calibration patients, in (0, 1].
 * Linear in ln p between entries, exponential beyond the last.
 */
export function tailProbability(lookup: TailLookup, excess: number): number {
  const { surprises, logs } = lookup
  const last = surprises.length - 1
  if (excess <= surprises[0]!) return Math.exp(logs[0]!)
  if (excess > surprises[last]!) {
    return Math.max(SMALLEST, Math.exp(logs[last]! - (excess - surprises[last]!) / lookup.tailScale))
  }
  // the first entry that is not below: among equal surprises the largest probability, the cautious one
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (surprises[middle]! < excess) low = middle
    else high = middle
  }
  const share = (excess - surprises[low]!) / (surprises[high]! - surprises[low]!)
  return Math.exp(logs[low]! + share * (logs[high]! - logs[low]!))
}

/**
 * The tail table of a calibration sample. Levels are 1, then eight a decade down to 1/n.
 * @param sample excess surprises of frames when all is well, nats; any order, not changed; at least 2
 */
export function tailTable(sample: ArrayLike<number>): TailTable {
  const sorted = Float64Array.from(sample).sort()
  const n = sorted.length
  if (n < 2) throw new RangeError('a tail table needs at least two surprises')
  const probabilities: number[] = []
  const surprises: number[] = []
  let previous = n + 1
  for (let level = 0; ; level++) {
    // the `exceeding`-th largest is reached or exceeded by that many of n
    const exceeding = Math.max(1, Math.round(n * 10 ** (-level / 8)))
    if (exceeding < previous) {
      probabilities.push(exceeding / n)
      surprises.push(sorted[n - exceeding]!)
    }
    previous = Math.min(previous, exceeding)
    if (exceeding === 1) break
  }
  // mean excess over the threshold of the highest per cent: the maximum-likelihood scale of an exponential tail
  const tailCount = Math.max(1, Math.min(n - 1, Math.round(n / 100)))
  const threshold = sorted[n - 1 - tailCount]!
  let sum = 0
  for (let i = n - tailCount; i < n; i++) sum += sorted[i]! - threshold
  return { n, probabilities, surprises, tailScale: Math.max(1e-3, sum / tailCount) }
}

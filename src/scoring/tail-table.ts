import type { TailTable } from '../vitals/manifest.ts'
import { fitParetoTail, logExceedance, type ParetoTail } from './pareto-tail.ts'

/** the smallest p a table may give: finite in ln, and never 0 */
const SMALLEST = 1e-300
export const LOG_SMALLEST = Math.log(SMALLEST)
/** share of a sample that the tail is fitted to, and the fewest and most peaks */
const TAIL_SHARE = 0.1
const FEWEST_PEAKS = 8
const MOST_PEAKS = 500
/** shape of the tail, at least: a few peaks cannot show that it ends early, nor on what scale what is rarer comes */
const LEAST_SHAPE = 0.2

/** A tail table of a manifest, ready for look-ups. */
export interface TailLookup {
  /** [L], rising */
  readonly values: Float64Array
  /** [L] ln of the exceedance probabilities, falling */
  readonly logs: Float64Array
  readonly tail: ParetoTail
}

/** @throws RangeError when the table is not one: different lengths, or not monotone */
export function tailLookup(table: TailTable): TailLookup {
  const { values, probabilities } = table
  if (values.length !== probabilities.length || values.length === 0) throw new RangeError('tail table: lengths')
  for (let i = 1; i < values.length; i++) {
    if (values[i]! < values[i - 1]! || probabilities[i]! >= probabilities[i - 1]!)
      throw new RangeError('tail table: values must rise and probabilities fall')
  }
  return {
    values: Float64Array.from(values),
    logs: Float64Array.from(probabilities, Math.log),
    tail: { shape: table.tailShape, scale: table.tailScale },
  }
}

/**
 * Calibrated p-value: P(statistic >= this one) on the calibration patients, in (0, 1].
 * Linear in ln p between entries, generalised Pareto beyond the last.
 */
export const tailProbability = (lookup: TailLookup, value: number): number => probabilityOf(logTail(lookup, value))

/** p of its logarithm: never 0 */
export const probabilityOf = (logP: number): number => Math.max(SMALLEST, Math.exp(logP))

/** ln of `tailProbability`, before it is kept from 0 */
export function logTail(lookup: TailLookup, value: number): number {
  const { values, logs } = lookup
  const last = values.length - 1
  if (value <= values[0]!) return logs[0]!
  if (value > values[last]!) return logs[last]! + logExceedance(lookup.tail, value - values[last]!)
  // the first entry that is not below: among equal values the largest probability, the cautious one
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (values[middle]! < value) low = middle
    else high = middle
  }
  const share = (value - values[low]!) / (values[high]! - values[low]!)
  return logs[low]! + share * (logs[high]! - logs[low]!)
}

/**
 * The tail table of a calibration sample. Levels are 1, then eight a decade down to the threshold of the tail; beyond it
 * a generalised Pareto tail, never of a shape below LEAST_SHAPE; where the fit is lighter, one of the same mean.
 * @param sample a statistic when all is well; any order, not changed; at least 2
 */
export function tailTable(sample: ArrayLike<number>): TailTable {
  const sorted = Float64Array.from(sample).sort()
  const n = sorted.length
  if (n < 2) throw new RangeError('a tail table needs at least two values')
  const wanted = Math.max(FEWEST_PEAKS, Math.min(MOST_PEAKS, Math.round(n * TAIL_SHARE)))
  const peaks = Math.max(1, Math.min(n - 1, wanted))
  const probabilities: number[] = []
  const values: number[] = []
  let previous = n + 1
  for (let level = 0; previous > peaks; level++) {
    // the `exceeding`-th largest is reached or exceeded by that many of n
    const exceeding = Math.max(peaks, Math.round(n * 10 ** (-level / 8)))
    if (exceeding < previous) {
      probabilities.push(exceeding / n)
      values.push(sorted[n - exceeding]!)
    }
    previous = Math.min(previous, exceeding)
  }
  const threshold = sorted[n - peaks]!
  const excesses = sorted.subarray(n - peaks).map((value) => value - threshold)
  const fitted = excesses.some((it) => it > 0) ? fitParetoTail(excesses) : { shape: 0, scale: 0 }
  const mean = excesses.reduce((sum, it) => sum + it, 0) / peaks
  const lighter = fitted.shape < LEAST_SHAPE
  const { shape, scale } = lighter ? { shape: LEAST_SHAPE, scale: mean * (1 - LEAST_SHAPE) } : fitted
  return { n, probabilities, values, tailShape: shape, tailScale: Math.max(1e-3, scale) }
}

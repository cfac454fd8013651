import { random } from '../random.ts'
import { fitAutoregression, forecastAutoregression } from './autoregression.ts'
import { RunningMean } from './running-mean.ts'
import { windowPca } from './window-pca.ts'

/** What is simpler than a network: a series, and how many of its first rows may be learnt from -> scores, row by row. */
export type SeriesBaseline = (values: Float64Array, first: number) => Float64Array

const SEED = 1
/** of an exponentially weighted mean: about 20 rows remembered */
const SHARE = 0.1
const GAUSSIAN_ROWS = 6400
const LIKELIHOOD_ROWS = 8000
const SHORT_ROWS = 10
const AR_ROWS = 12
/** rows before a mean and a deviation are believed */
const FEWEST = 30

/** Baselines that know nothing of rhythms. None looks ahead; an unreadable row (NaN) scores 0 and is not learnt. */
export const SERIES_BASELINES = {
  random: (values) => {
    const { uniform } = random(SEED)
    return values.map(() => uniform())
  },
  /** the last value is the forecast: the move since the row before, in the root mean square of such moves */
  'last value': (values) => {
    const moves = new RunningMean(GAUSSIAN_ROWS)
    let before = Number.NaN
    return causal(values, (value) => {
      const move = Number.isNaN(before) ? 0 : value - before
      before = value
      const score = moves.count < FEWEST ? 0 : ratio(Math.abs(move), moves.rootMeanSquare)
      moves.push(move)
      return score
    })
  },
  /** fixed limits: the 1st and 99th percentile of the first rows, in their distance */
  'fixed limits': (values, first) => {
    const known = values
      .subarray(0, first)
      .filter((value) => !Number.isNaN(value))
      .sort()
    const at = (share: number) => known[Math.floor(share * (known.length - 1))] ?? 0
    const [low, high] = [at(0.01), at(0.99)]
    return causal(values, (value) => ratio(Math.max(0, value - high, low - value), high - low))
  },
  /** autoregression on the last 12 rows, fitted on the first ones; its error in standard deviations of such errors */
  'AR(12)': (values, first) => {
    const known = standardised(heldOver(values), first)
    const forecasts = forecastAutoregression(fitAutoregression(known.subarray(0, first), AR_ROWS), known)
    const errors = new RunningMean(GAUSSIAN_ROWS)
    return known.map((value, row) => {
      const error = value - forecasts[row]!
      const score =
        errors.count < FEWEST || Number.isNaN(values[row]!) ? 0 : ratio(Math.abs(error), errors.rootMeanSquare)
      errors.push(error)
      return score
    })
  },
  /** principal components of the last rows, as many as hold nine tenths of the first rows' movement: what they leave over */
  PCA: (values, first) =>
    windowPca(heldOver(values), first).map((score, row) => (Number.isNaN(values[row]!) ? 0 : score)),
  /** distance from an exponentially weighted mean, in standard deviations of such distances */
  ewma: (values) => {
    const errors = new RunningMean(GAUSSIAN_ROWS)
    let mean = Number.NaN
    return causal(values, (value) => {
      const error = Number.isNaN(mean) ? 0 : value - mean
      const score = errors.count < FEWEST ? 0 : ratio(Math.abs(error), errors.rootMeanSquare)
      errors.push(error)
      mean = Number.isNaN(mean) ? value : mean + SHARE * error
      return score
    })
  },
  /** NAB's Windowed Gaussian: standard deviations from the mean of the 6,400 rows before */
  'windowed Gaussian': (values) => {
    const window = new RunningMean(GAUSSIAN_ROWS)
    return causal(values, (value) => {
      const score = window.count < FEWEST ? 0 : ratio(Math.abs(value - window.mean), window.deviation)
      window.push(value)
      return score
    })
  },
  /** distance from the first rows' median in their absolute deviations, through NAB's anomaly likelihood (windows 10 and 8,000) */
  'robust z, anomaly likelihood': (values, first) => {
    const known = values.subarray(0, first).filter((value) => !Number.isNaN(value))
    const middle = median(known)
    const spread = median(known.map((value) => Math.abs(value - middle)))
    const [short, long] = [new RunningMean(SHORT_ROWS), new RunningMean(LIKELIHOOD_ROWS)]
    return causal(values, (value) => {
      const raw = ratio(Math.abs(value - middle), spread)
      const recent = short.push(raw)
      const score = long.count < FEWEST ? 0 : ratio(recent - long.mean, long.deviation)
      long.push(raw)
      return score
    })
  },
} as const satisfies Record<string, SeriesBaseline>

/** One score a row from that row and those before it. */
export function causal(values: Float64Array, scoreOf: (value: number) => number): Float64Array {
  return values.map((value) => (Number.isNaN(value) ? 0 : scoreOf(value)))
}

/** An unreadable row is taken as the one before it. */
export function heldOver(values: Float64Array): Float64Array {
  let last = 0
  return values.map((value) => {
    if (!Number.isNaN(value)) last = value
    return last
  })
}

/** In standard deviations of the first rows from their mean. */
function standardised(values: Float64Array, first: number): Float64Array {
  const known = values.subarray(0, first)
  const mean = known.reduce((sum, value) => sum + value / known.length, 0)
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2 / known.length, 0))
  return values.map((value) => ratio(value - mean, deviation))
}

/** a / b, where a scale of nothing makes everything but nothing large */
function ratio(a: number, b: number): number {
  return a === 0 ? 0 : a / Math.max(b, 1e-9)
}

function median(values: Float64Array): number {
  return values.toSorted()[values.length >> 1] ?? 0
}

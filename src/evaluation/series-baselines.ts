import { random } from '../random.ts'
import { RunningMean } from './running-mean.ts'

/** What is simpler than a network: a series, and how many of its first rows may be learnt from -> scores, row by row. */
export type SeriesBaseline = (values: Float64Array, first: number) => Float64Array

const SEED = 1
/** of an exponentially weighted mean: about 20 rows remembered */
const SHARE = 0.1
const GAUSSIAN_ROWS = 6400
const LIKELIHOOD_ROWS = 8000
const SHORT_ROWS = 10
/** rows before a mean and a deviation are believed */
const FEWEST = 30

/** Baselines that know nothing of rhythms. None looks ahead; an unreadable row (NaN) scores 0 and is not learnt. */
export const SERIES_BASELINES = {
  random: (values) => {
    const { uniform } = random(SEED)
    return values.map(() => uniform())
  },
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

/** a / b, where a scale of nothing makes everything but nothing large */
function ratio(a: number, b: number): number {
  return a === 0 ? 0 : a / Math.max(b, 1e-9)
}

function median(values: Float64Array): number {
  return values.toSorted()[values.length >> 1] ?? 0
}

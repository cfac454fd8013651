import { type Baseline, type Columns, carried, combinations, widthOf } from './baseline.ts'

/** ridge on the normal equations, relative to their diagonal: channels that stand still have none of their own */
const RIDGE = 1e-4
const LEAST_SD = 0.5

/**
 * Autoregression of each channel on its own last `order` values (differences to the newest, least squares over the
 * training patients; Box and Jenkins), forecasting `ahead` seconds. The score is the worst channel's error in standard
 * deviations: of the training errors, and, where `own` is 1, of the patient's own errors so far when they are larger.
 */
export const autoregression: Baseline = {
  name: 'ar',
  settings: combinations({ order: [1, 5, 15], ahead: [1, 10, 30], own: [0, 1] }),
  fit(train, { order, ahead, own }) {
    const C = widthOf(train[0]!)
    const series = train.map((recording) => ({ values: carried(recording), seconds: recording.seconds }))
    const channels = Array.from({ length: C }, (_, c) => {
      const weights = leastSquares(series, c, order!, ahead!)
      let [squares, n] = [0, 0]
      for (const one of series) {
        for (let i = order! + ahead!; i < one.seconds; i++) {
          const error = errorAt(one, c, i, weights, ahead!)
          if (Number.isNaN(error)) continue
          squares += error * error
          n++
        }
      }
      return { weights, sd: Math.max(LEAST_SD, Math.sqrt(squares / Math.max(1, n))) }
    })
    return (recording) => {
      const known = { values: carried(recording), seconds: recording.seconds }
      const scores = new Float64Array(recording.seconds)
      channels.forEach(({ weights, sd }, c) => {
        let [squares, n] = [0, 0]
        for (let i = order! + ahead!; i < recording.seconds; i++) {
          const error = errorAt(known, c, i, weights, ahead!)
          if (Number.isNaN(error)) continue
          const spread = own === 1 && n > 30 ? Math.max(LEAST_SD, Math.sqrt(squares / n)) : sd
          scores[i] = Math.max(scores[i]!, Math.abs(error) / spread)
          squares += error * error
          n++
        }
      })
      return scores
    }
  },
}

/** what came at `i`, minus what the values up to `i - ahead` made of it */
function errorAt(columns: Columns, c: number, i: number, weights: Float64Array, ahead: number): number {
  const { values } = columns
  const C = widthOf(columns)
  const newest = values[(i - ahead) * C + c]!
  let error = values[i * C + c]! - newest
  for (let p = 0; p < weights.length; p++) error -= weights[p]! * (values[(i - ahead - p - 1) * C + c]! - newest)
  return error
}

/** Weights of the `order` differences before the newest value: normal equations by elimination. */
export function leastSquares(series: readonly Columns[], c: number, order: number, ahead: number): Float64Array {
  const width = order + 1
  const system = new Float64Array(order * width)
  let rows = 0
  const lags = new Float64Array(order)
  for (const one of series) {
    const { values, seconds } = one
    const C = widthOf(one)
    for (let i = order + ahead; i < seconds; i++) {
      const newest = values[(i - ahead) * C + c]!
      const move = values[i * C + c]! - newest
      for (let p = 0; p < order; p++) lags[p] = values[(i - ahead - p - 1) * C + c]! - newest
      if (Number.isNaN(move) || Number.isNaN(lags[order - 1]!)) continue
      rows++
      for (let p = 0; p < order; p++) {
        for (let q = 0; q < order; q++) system[p * width + q]! += lags[p]! * lags[q]!
        system[p * width + order]! += lags[p]! * move
      }
    }
  }
  for (let p = 0; p < order; p++) system[p * width + p]! += RIDGE * (system[p * width + p]! + rows) + 1e-12
  for (let p = 0; p < order; p++) {
    for (let row = 0; row < order; row++) {
      if (row === p) continue
      const factor = system[row * width + p]! / system[p * width + p]!
      for (let q = p; q < width; q++) system[row * width + q]! -= factor * system[p * width + q]!
    }
  }
  return Float64Array.from({ length: order }, (_, p) => system[p * width + order]! / system[p * width + p]!)
}

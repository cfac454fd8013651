import { fitAutoregression, forecastAutoregression } from './autoregression.ts'
import { ECG_SCORE, EcgScore } from './ecg-score.ts'
import { RunningMean } from './running-mean.ts'
import { causal, heldOver, SERIES_BASELINES } from './series-baselines.ts'

const AR_ORDER = 64
const SMOOTHED_FLOOR = 0.002

/**
 * Scores of every baseline over one record: by name [N].
 * @param z [N] normalised; NaN where a sample cannot be read
 * @param trained samples at the start that may be learnt from
 */
export function ecgBaselines(z: Float64Array, trained: number): Record<string, Float64Array> {
  const known = heldOver(z)
  const forecasts = forecastAutoregression(fitAutoregression(known.subarray(0, trained), AR_ORDER), known)
  const errors = known.map((value, t) => value - forecasts[t]!)
  const scores: Record<string, Float64Array> = {}
  for (const [name, baseline] of Object.entries(SERIES_BASELINES)) {
    scores[name] = name === 'random' ? baseline(z, trained) : meanOver(baseline(z, trained))
  }
  return {
    ...scores,
    'no network, mean of z²': meanOver(known.map((value) => value * value)),
    'AR(64), mean of squared errors': meanOver(errors.map((error) => error * error)),
    'AR(64) in our scoring': ecgScores(known, forecasts),
    'AR(64), errors averaged over 3 samples': smoothedScores(errors),
  }
}

/** Scores of forecasts: [N]. A sample that is NaN keeps the score before it. */
export function ecgScores(z: ArrayLike<number>, forecasts: ArrayLike<number>): Float64Array {
  const score = new EcgScore()
  let last = 0
  return Float64Array.from({ length: z.length }, (_, t) => {
    if (!Number.isNaN(z[t]!)) last = score.push(z[t]! - forecasts[t]!)
    return last
  })
}

/** The scoring that serves a linear forecast best: errors averaged before they are squared, which takes out what is merely noise. */
function smoothedScores(errors: Float64Array): Float64Array {
  const [smooth, span, usual] = [3, ECG_SCORE.spanSamples, ECG_SCORE.usualSamples].map((n) => new RunningMean(n))
  return errors.map((error) => {
    const square = smooth!.push(error) ** 2
    return span!.push(square) / (usual!.push(square) + SMOOTHED_FLOOR)
  })
}

/** Averaged over the width of the labelled spans, as our own errors are. */
function meanOver(values: Float64Array): Float64Array {
  const mean = new RunningMean(ECG_SCORE.spanSamples)
  return causal(values, (value) => mean.push(value))
}

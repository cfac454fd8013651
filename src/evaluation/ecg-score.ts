import { RunningMean } from './running-mean.ts'

/** One setting for every record. Chosen as docs/benchmarks.md tells. */
export const ECG_SCORE = {
  /** forecast errors are averaged before they are squared: what a beat's slope shifts by a sample cancels */
  errorSamples: 3,
  /** squares are averaged over the width of the labelled spans (a convention: .6 s at 128 Hz) */
  spanSamples: 75,
  /** and divided by their own mean over about 40 s: a noisy stretch is not an anomaly */
  usualSamples: 5000,
  /** added to that mean, in squared standard deviations of the record */
  floor: 0.002,
} as const

/** From forecast errors to anomaly scores, sample by sample: s = mean75 u / (mean5000 u + .002), u = (mean3 e)^2. */
export class EcgScore {
  readonly #errors = new RunningMean(ECG_SCORE.errorSamples)
  readonly #span = new RunningMean(ECG_SCORE.spanSamples)
  readonly #usual = new RunningMean(ECG_SCORE.usualSamples)

  /** @param error what came minus what was forecast, in standard deviations of the record's first tenth */
  push(error: number): number {
    const square = this.#errors.push(error) ** 2
    return this.#span.push(square) / (this.#usual.push(square) + ECG_SCORE.floor)
  }
}

import { RunningMean } from './running-mean.ts'

/** One setting for every record. Chosen as docs/benchmarks.md tells. */
export const ECG_SCORE = {
  /** squared errors are averaged over the width of the labelled spans (a convention: .6 s at 128 Hz) */
  spanSamples: 75,
  /** and divided by their own mean over about 40 s: a noisy stretch is not an anomaly */
  usualSamples: 5000,
  /** added to that mean, in squared standard deviations of the record */
  floor: 0.1,
} as const

/** From forecast errors to anomaly scores, sample by sample: s = mean75 e^2 / (mean5000 e^2 + .1). */
export class EcgScore {
  readonly #span = new RunningMean(ECG_SCORE.spanSamples)
  readonly #usual = new RunningMean(ECG_SCORE.usualSamples)

  /** @param error what came minus what was forecast, in standard deviations of the record's first tenth */
  push(error: number): number {
    const square = error * error
    return this.#span.push(square) / (this.#usual.push(square) + ECG_SCORE.floor)
  }
}

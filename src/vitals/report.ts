import type { Watching } from './watching.ts'

/** What one detector made of one frame. Arrays are in the order of its manifest's channels. */
export interface DetectorReport {
  readonly detector: string
  readonly channels: readonly string[]
  /** forecast for this tick, made one tick before: mean and 99 % band in the channels' units; null when there is none */
  readonly expected: readonly ({ readonly mean: number; readonly low: number; readonly high: number } | null)[]
  /** calibrated p-value of this frame, by horizon in seconds; null where nothing was due */
  readonly p: Readonly<Record<string, number | null>>
  /** excess surprise of the frame at the first horizon, nats */
  readonly surprise: number | null
  /** share of each channel in the surprise, 0..1 */
  readonly contributions: readonly number[]
}

/** One frame with its scores: a line of `replay --frames`, and what the page draws. Arrays are in table order [D]. */
export interface FrameReport {
  readonly kind: 'frame'
  readonly patientKey: string
  readonly unit: string | undefined
  readonly bed: string | undefined
  /** event time of the tick's start, ms since 1970 */
  readonly time: number
  readonly watching: Watching
  readonly news2: { readonly score: number; readonly missing: readonly string[] } | null
  /** this tick's value, or the last valid one; null where there never was one */
  readonly values: readonly (number | null)[]
  /** seconds since the last valid value; 0 = observed now; null where there never was one */
  readonly ages: readonly (number | null)[]
  readonly detectors: readonly DetectorReport[]
}

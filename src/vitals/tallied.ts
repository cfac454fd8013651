/** Upper bounds of a score's buckets, in powers of ten: a score is -log10 p, so 2 is p = 0.01. */
export const SCORE_BUCKETS = [0.1, 0.2, 0.3, 0.5, 1, 1.5, 2, 3, 4, 6, 8] as const

/** Quantiles of the scores that are told. */
export const QUANTILES = ['0.5', '0.9', '0.99', '0.999'] as const

/** What a model version did since it was last asked. Counts only, never a patient. */
export interface Tallied {
  /** frames that it scored, and those of them with a forecast due */
  frames: number
  due: number
  /** forecasts, and those of them with a value that is no finite number */
  forecasts: number
  broken: number
  /** episodes of "unexpected" that began, and frames in them */
  onsets: number
  raised: number
  /** [SCORE_BUCKETS.length + 1] frames by their score, -log10 of the smallest p over the horizons that were due */
  scores: number[]
  /** sum of the scores */
  scoreSum: number
  /** calls of the step, and the seconds of all of them */
  steps: number
  stepSeconds: number
  /** of a version in shadow: frames by who says "unexpected" of them */
  readonly beside: Record<Agreement, number>
}

/** Who says "unexpected" of a frame: the champion, the version in shadow, both, neither. */
export const AGREEMENTS = ['neither', 'champion', 'shadow', 'both'] as const
export type Agreement = (typeof AGREEMENTS)[number]

/** What is told of a model's drift: `then` is of when it was made. */
export const DRIFT_FIGURES = [
  'stability',
  'missing',
  'missing-then',
  'pit-mean',
  'pit-sd',
  'pit-distance',
  'exceedance',
  'exceedance-then',
] as const

/** One number: of a channel, of the score, or of a horizon (`10s`). */
export interface DriftFigure {
  readonly figure: (typeof DRIFT_FIGURES)[number]
  readonly of: string
  readonly value: number
}

/** A figure that is beyond what a model was made for. */
export interface DriftReason extends DriftFigure {
  readonly limit: number
}

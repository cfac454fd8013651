import type { Recording } from '../recording.ts'

/** Values [N, C] of N seconds, or of N ticks of another cadence, of however many channels C. */
export type Columns = Pick<Recording, 'values' | 'seconds'>

/** How many channels: C. */
export const widthOf = ({ values, seconds }: Columns): number => (seconds === 0 ? 0 : values.length / seconds)

/** Scores of one recording, causal: [N], larger is more anomalous, NaN where there is none. */
export type Scorer = (recording: Columns) => Float64Array

/** A detector to be compared with, and the settings among which the validation patients choose. */
export interface Baseline {
  readonly name: string
  readonly settings: readonly Readonly<Record<string, number>>[]
  /** @param train untouched recordings to learn from */
  fit(train: readonly Columns[], setting: Readonly<Record<string, number>>): Scorer
}

/** Every combination of some values. */
export function combinations(values: Readonly<Record<string, readonly number[]>>): Record<string, number>[] {
  return Object.entries(values).reduce<Record<string, number>[]>(
    (made, [name, list]) => made.flatMap((one) => list.map((value) => ({ ...one, [name]: value }))),
    [{}],
  )
}

/** [N, C] values with the last one where there is none; NaN before the first. */
export function carried(columns: Columns): Float64Array {
  const C = widthOf(columns)
  const out = columns.values.slice()
  for (let i = C; i < out.length; i++) if (Number.isNaN(out[i]!)) out[i] = out[i - C]!
  return out
}

/**
 * A scorer with the alarm every monitor has: a channel that was there and has been gone for `gapSeconds` is an alarm at
 * any threshold. No method below could see a gap by itself, and none should lose for that.
 */
export function withGapAlarm(scorer: Scorer, gapSeconds: number): Scorer {
  return (recording) => {
    const scores = scorer(recording)
    const { values, seconds } = recording
    const C = widthOf(recording)
    const gone = new Int32Array(C).fill(-1)
    for (let i = 0; i < seconds; i++) {
      for (let c = 0; c < C; c++) {
        if (!Number.isNaN(values[i * C + c]!)) gone[c] = 0
        else if (gone[c]! >= 0 && ++gone[c]! >= gapSeconds) scores[i] = Number.POSITIVE_INFINITY
      }
    }
    return scores
  }
}

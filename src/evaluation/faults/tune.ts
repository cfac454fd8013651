import { alarmStarts, detectionDelay, falseAlarms, matchedThreshold, WARM_UP } from './alarms.ts'
import { type Baseline, type Scorer, withGapAlarm } from './baselines/baseline.ts'
import type { FaultyRecording } from './inject.ts'
import { GAP_SECONDS, ownGaps, type Recording } from './recording.ts'

/** Alarms that a rate allows in some recordings: at least one, or nothing could be told. */
export function allowedAlarms(recordings: readonly Recording[], perHour: number): number {
  return Math.max(1, Math.floor(perHour * watchedHours(recordings)))
}

/** hours of untouched recordings in which an alarm would be false */
export function watchedHours(recordings: readonly Recording[]): number {
  const watched = (gaps: Uint8Array) => gaps.subarray(WARM_UP).reduce((sum, gap) => sum + 1 - gap, 0)
  return recordings.reduce((sum, recording) => sum + watched(ownGaps(recording)), 0) / 3600
}

/** What one detector did: false alarms on the untouched recordings, and the delay of every fault it found. */
export interface Conducted {
  readonly falseAlarms: number
  readonly threshold: number
  /** by fault, in their order; undefined = missed */
  readonly delays: readonly (number | undefined)[]
}

/** A scorer on some recordings, at the lowest threshold that keeps its false alarms within what is allowed. */
export function conduct(
  scorer: Scorer,
  untouched: readonly Recording[],
  faulty: readonly FaultyRecording[],
  allowed: number,
): Conducted {
  const calm = untouched.map((recording) => ({ scores: scorer(recording), gaps: ownGaps(recording) }))
  const threshold = matchedThreshold(calm, allowed)
  const own = new Map(untouched.map(({ name }, i) => [name, alarmStarts(calm[i]!.scores, threshold)]))
  return {
    falseAlarms: falseAlarms(calm, threshold),
    threshold,
    delays: faulty.map((recording) =>
      detectionDelay(alarmStarts(scorer(recording), threshold), recording, own.get(recording.name) ?? []),
    ),
  }
}

export interface Tuned {
  readonly name: string
  readonly setting: Readonly<Record<string, number>>
  readonly scorer: Scorer
}

/** A baseline with the setting that finds most of the validation patients' faults at the same rate of false alarms. */
export function tune(
  baseline: Baseline,
  train: readonly Recording[],
  validation: readonly Recording[],
  faulty: readonly FaultyRecording[],
  perHour: number,
): Tuned {
  const allowed = allowedAlarms(validation, perHour)
  let best: (Tuned & { readonly found: number }) | undefined
  for (const setting of baseline.settings) {
    const scorer = withGapAlarm(baseline.fit(train, setting), GAP_SECONDS)
    const { delays } = conduct(scorer, validation, faulty, allowed)
    const found = delays.filter((delay) => delay !== undefined).length
    if (best === undefined || found > best.found) best = { name: baseline.name, setting, scorer, found }
  }
  return best!
}

import { alarmStarts, detectionDelay, matchedThreshold, WARM_UP } from './alarms.ts'
import { type Baseline, type Scorer, withGapAlarm } from './baselines/baseline.ts'
import type { FaultyRecording } from './inject.ts'
import type { Recording } from './recording.ts'

/** Alarms that a rate allows in some recordings: at least one, or nothing could be told. */
export function allowedAlarms(recordings: readonly Recording[], perHour: number): number {
  return Math.max(1, Math.floor(perHour * watchedHours(recordings)))
}

/** hours of untouched recordings in which a detector may alarm */
export function watchedHours(recordings: readonly Recording[]): number {
  return recordings.reduce((sum, { seconds }) => sum + Math.max(0, seconds - WARM_UP), 0) / 3600
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
  const calm = untouched.map(scorer)
  const threshold = matchedThreshold(calm, allowed)
  return {
    falseAlarms: calm.reduce((sum, scores) => sum + alarmStarts(scores, threshold).length, 0),
    threshold,
    delays: faulty.map((recording) => detectionDelay(alarmStarts(scorer(recording), threshold), recording)),
  }
}

export interface Tuned {
  readonly name: string
  readonly setting: Readonly<Record<string, number>>
  readonly scorer: Scorer
}

/** Lengths of a gap from which it may be an alarm, seconds. */
const GAPS = [5, 10, 20, 30, 60]

/** The shortest gap that never alarms on untouched recordings. */
export function tuneGap(untouched: readonly Recording[]): number {
  const calm: Scorer = ({ seconds }) => new Float64Array(seconds)
  const silent = (gap: number) =>
    untouched.every((it) => alarmStarts(withGapAlarm(calm, gap)(it), Number.MAX_VALUE).length === 0)
  return GAPS.find(silent) ?? GAPS.at(-1)!
}

/** A baseline with the setting that finds most of the validation patients' faults at the same rate of false alarms. */
export function tune(
  baseline: Baseline,
  train: readonly Recording[],
  validation: readonly Recording[],
  faulty: readonly FaultyRecording[],
  perHour: number,
): Tuned {
  const gap = tuneGap(validation)
  const allowed = allowedAlarms(validation, perHour)
  let best: (Tuned & { readonly found: number }) | undefined
  for (const setting of baseline.settings) {
    const scorer = withGapAlarm(baseline.fit(train, setting), gap)
    const { delays } = conduct(scorer, validation, faulty, allowed)
    const found = delays.filter((delay) => delay !== undefined).length
    if (best === undefined || found > best.found)
      best = { name: baseline.name, setting: { ...setting, gap }, scorer, found }
  }
  return best!
}

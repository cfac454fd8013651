import { GRACE_SECONDS } from './grid.ts'

/** seconds at the start of a recording in which nobody may alarm */
export const WARM_UP = 60
/** an alarm is over when its score was below the threshold for so long, seconds */
const CLEAR_SECONDS = 30
/** alarms this close together have one cause, seconds */
const SAME_SECONDS = 5

/** Scores of an untouched recording, and where an alarm is not held against anyone. */
export interface Untouched {
  readonly scores: Float64Array
  /** [N] 1 = an alarm that starts here does not count */
  readonly gaps: Uint8Array
}

/** False alarms of some untouched recordings together. */
export function falseAlarms(untouched: readonly Untouched[], threshold: number): number {
  return untouched.reduce(
    (sum, { scores, gaps }) => sum + alarmStarts(scores, threshold).filter((start) => gaps[start] !== 1).length,
    0,
  )
}

/** Seconds at which an alarm starts, when it does from a threshold on. A score that is NaN is no score. */
export function alarmStarts(scores: Float64Array, threshold: number): number[] {
  const starts: number[] = []
  let above = Number.NEGATIVE_INFINITY
  for (let i = WARM_UP; i < scores.length; i++) {
    if (!(scores[i]! >= threshold)) continue
    if (i - above > CLEAR_SECONDS) starts.push(i)
    above = i
  }
  return starts
}

/**
 * The lowest threshold, coming from above, at which some untouched scores alarm at most `allowed` times together:
 * thresholds lower down, where everything is one long alarm, are never reached.
 */
export function matchedThreshold(untouched: readonly Untouched[], allowed: number): number {
  const candidates = [...new Set(untouched.flatMap(({ scores }) => [...scores.subarray(WARM_UP)]))]
    .filter((score) => Number.isFinite(score))
    .sort((a, b) => b - a)
  let matched = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    if (falseAlarms(untouched, candidate) > allowed) break
    matched = candidate
  }
  return matched
}

/**
 * Seconds from the start of a fault to the first alarm that starts in it or in the grace after it; undefined when none
 * does. An alarm that stood before the fault says nothing about it, nor does one that the untouched recording raises at
 * the same place, give or take a few seconds.
 * @param untouched starts in the recording without the fault, at the same threshold
 */
export function detectionDelay(
  starts: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
  untouched: readonly number[],
): number | undefined {
  const own = (start: number) => untouched.some((it) => Math.abs(it - start) <= SAME_SECONDS)
  const first = starts.find((start) => start >= from && start < to + GRACE_SECONDS && !own(start))
  return first === undefined ? undefined : first - from
}

/**
 * The utility of the PhysioNet/CinC Challenge 2019 (Reyna et al., Crit Care Med 2020; the published evaluate_sepsis_score.py):
 * onset t_s = first labelled hour + 6. In a septic patient a prediction earns max(0.05 below nothing, rising from 12 to 6 h
 * before onset to 1), falling to 0 at 3 h after; silence costs up to 2 from 6 h before to 3 h after; later hours count
 * nothing. In others a prediction costs 0.05.
 */
const EARLY = -12
const OPTIMAL = -6
const LATE = 3
const MOST_GAINED = 1
const MOST_LOST = -2
const FALSE_ALARM = -0.05

/** Row of the onset, as the benchmark counts: first labelled hour + 6; undefined in who never becomes septic. */
export function onsetOf(labels: ArrayLike<number>): number | undefined {
  const first = Array.prototype.indexOf.call(labels, 1)
  return first < 0 ? undefined : first - OPTIMAL
}

/** Utility of each hour of a stay, when sepsis is predicted and when it is not: [hours] each. */
export interface HourlyUtility {
  readonly alarm: Float64Array
  readonly silence: Float64Array
}

/** @param labels [hours] 0 or 1, `SepsisLabel` */
export function hourlyUtility(labels: ArrayLike<number>): HourlyUtility {
  const hours = labels.length
  const alarm = new Float64Array(hours)
  const silence = new Float64Array(hours)
  let first = 0
  while (first < hours && labels[first] !== 1) first++
  if (first === hours) return { alarm: alarm.fill(FALSE_ALARM), silence }
  const onset = first - OPTIMAL
  for (let t = 0; t < hours; t++) {
    const from = t - onset
    if (from > LATE) break
    if (from <= OPTIMAL) alarm[t] = Math.max((MOST_GAINED * (from - EARLY)) / (OPTIMAL - EARLY), FALSE_ALARM)
    else {
      alarm[t] = (MOST_GAINED * (LATE - from)) / (LATE - OPTIMAL)
      silence[t] = (MOST_LOST * (from - OPTIMAL)) / (LATE - OPTIMAL)
    }
  }
  return { alarm, silence }
}

/** What a patient's predictions were worth, all against never saying anything. */
export interface PatientUtility {
  /** earned above silence */
  readonly earned: number
  /** what the best predictions would have earned above silence */
  readonly best: number
}

/**
 * @param fired [hours] whether sepsis was predicted
 * @returns the normalised utility of many patients is the sum of `earned` over the sum of `best`
 */
export function patientUtility(labels: ArrayLike<number>, fired: ArrayLike<number | boolean>): PatientUtility {
  const { alarm, silence } = hourlyUtility(labels)
  const septic = Array.prototype.includes.call(labels, 1)
  let [earned, best] = [0, 0]
  for (let t = 0; t < alarm.length; t++) {
    const gain = alarm[t]! - silence[t]!
    if (fired[t]) earned += gain
    // the published best begins 12 h before onset and ends 3 h after, where the gain is never negative
    if (septic && gain > 0) best += gain
  }
  return { earned, best }
}

import { PARTS } from './hourly-baselines.ts'
import { joined } from './metrics/joined.ts'
import { hourlyUtility, patientUtility } from './metrics/sepsis-utility.ts'

/** Ranked hours of some patients with what an alarm in each would earn. */
export interface RankedHours {
  /** [N] `fallingOrder` of the scores */
  readonly order: Int32Array
  /** [N] number of each hour's patient */
  readonly patientOf: Int32Array
  /** [N] what an alarm earns above silence */
  readonly gain: Float64Array
}

/** Number of the patient of every hour. */
export function patientOfHours(labels: readonly Uint8Array[]): Int32Array {
  return Int32Array.from(joined(labels.map((of, patient) => new Float64Array(of.length).fill(patient))))
}

/** [N] what an alarm in each hour earns above silence. */
export function gainOfHours(labels: readonly Uint8Array[]): Float64Array {
  return joined(
    labels.map((of) => {
      const { alarm, silence } = hourlyUtility(of)
      return alarm.map((gain, t) => gain - silence[t]!)
    }),
  )
}

/**
 * [parts] For each part of the patients the threshold that earns most on the patients of the other parts.
 * @param scores [N]
 */
export function thresholdsOfOthers(
  scores: Float64Array,
  { order, patientOf, gain }: RankedHours,
  partOf: Int32Array,
): Float64Array {
  return Float64Array.from({ length: PARTS }, (_, part) => {
    let [earned, most, threshold] = [0, 0, Number.POSITIVE_INFINITY]
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!
      if (partOf[patientOf[row]!] === part) continue
      earned += gain[row]!
      const last = i + 1 === order.length || scores[order[i + 1]!] !== scores[row]
      if (last && earned > most) [most, threshold] = [earned, scores[row]!]
    }
    return threshold
  })
}

/** [patients] earned above silence by alarms at a threshold of each patient's own part. */
export function earnedAt(
  scores: readonly Float64Array[],
  labels: readonly Uint8Array[],
  thresholds: Float64Array,
  partOf: Int32Array,
): Float64Array {
  return Float64Array.from(scores, (of, p) => {
    const threshold = thresholds[partOf[p]!]!
    return patientUtility(
      labels[p]!,
      Uint8Array.from(of, (score) => (score >= threshold ? 1 : 0)),
    ).earned
  })
}

/** Normalised utility at every threshold, thinned. @param best what the best alarms would earn */
export function utilityByThreshold(
  scores: Float64Array,
  { order, gain }: RankedHours,
  best: number,
  points = 400,
): { threshold: Float64Array; utility: Float64Array } {
  const [thresholds, utilities]: [number[], number[]] = [[], []]
  const every = Math.max(1, Math.floor(order.length / points))
  let earned = 0
  for (let i = 0; i < order.length; i++) {
    earned += gain[order[i]!]!
    if (i % every !== 0 && i + 1 < order.length) continue
    thresholds.push(scores[order[i]!]!)
    utilities.push(earned / best)
  }
  return { threshold: Float64Array.from(thresholds), utility: Float64Array.from(utilities) }
}

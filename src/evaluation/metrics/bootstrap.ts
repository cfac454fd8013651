import { random } from '../../random.ts'

/** Lower and upper end of a 95 % interval. */
export type Interval = readonly [low: number, high: number]

const REPEATS = 1000
const SEED = 20_190

/**
 * A statistic of patients drawn with replacement, time after time; the n-th draw is the same whatever is asked of it, so
 * that two statistics of the same patients are paired.
 * @param patients how many there are
 * @param statistic of drawn patients, given as [patients] how often each was drawn
 * @returns [repeats]
 */
export function patientDraws(
  patients: number,
  statistic: (times: Uint16Array) => number,
  repeats = REPEATS,
): Float64Array {
  const { uniform } = random(SEED)
  const times = new Uint16Array(patients)
  return Float64Array.from({ length: repeats }, () => {
    times.fill(0)
    for (let i = 0; i < patients; i++) times[Math.floor(uniform() * patients)]!++
    return statistic(times)
  })
}

/** The middle 95 % of what draws gave; those that are no number are left out, [NaN, NaN] of none. */
export function middleOf(draws: Float64Array): Interval {
  const found = draws.filter((value) => !Number.isNaN(value)).sort()
  const at = (share: number) => found[Math.min(found.length - 1, Math.floor(share * found.length))] ?? Number.NaN
  return [at(0.025), at(0.975)]
}

/** The middle 95 % of the differences of two statistics, draw by draw. */
export function differenceOf(ours: Float64Array, theirs: Float64Array): Interval {
  return middleOf(ours.map((value, draw) => value - theirs[draw]!))
}

/**
 * 95 % percentile interval of a statistic over patients drawn with replacement (Efron and Tibshirani 1993, chapter 13);
 * hours of one patient stay together, for they are not independent. The same call gives the same interval.
 * @param statistic as of `patientDraws`; NaN draws are left out
 * @returns [NaN, NaN] where no draw gave a number
 */
export function patientBootstrap(
  patients: number,
  statistic: (times: Uint16Array) => number,
  repeats = REPEATS,
): Interval {
  return middleOf(patientDraws(patients, statistic, repeats))
}

/**
 * Interval of the ratio of two sums over patients, as of a normalised utility.
 * @param over [P] what each patient adds above the line
 * @param under [P] below it
 */
export function ratioInterval(over: Float64Array, under: Float64Array, repeats = REPEATS): Interval {
  return patientBootstrap(
    over.length,
    (times) => {
      let [above, below] = [0, 0]
      for (let p = 0; p < times.length; p++) {
        above += times[p]! * over[p]!
        below += times[p]! * under[p]!
      }
      return below === 0 ? Number.NaN : above / below
    },
    repeats,
  )
}

/** Interval of a statistic of one score and one label a patient, each as often as the patient was drawn. */
export function drawnInterval(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  statistic: (scores: ArrayLike<number>, labels: ArrayLike<number>) => number,
  repeats = REPEATS,
): Interval {
  const draw = (times: Uint16Array): number => {
    const drawnScores: number[] = []
    const drawnLabels: number[] = []
    for (let p = 0; p < times.length; p++) {
      for (let time = 0; time < times[p]!; time++) {
        drawnScores.push(scores[p]!)
        drawnLabels.push(labels[p]!)
      }
    }
    return statistic(drawnScores, drawnLabels)
  }
  return patientBootstrap(labels.length, draw, repeats)
}

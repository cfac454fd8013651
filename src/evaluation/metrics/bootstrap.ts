import { random } from '../../random.ts'

/** Lower and upper end of a 95 % interval. */
export type Interval = readonly [low: number, high: number]

const REPEATS = 1000
const SEED = 20_190

/**
 * A statistic over patients drawn with replacement (Efron and Tibshirani 1993, chapter 13); hours of one patient stay
 * together, for they are not independent. The same call gives the same draws.
 * @param patients how many there are
 * @param statistic of drawn patients, given as [patients] how often each was drawn; NaN draws are left out
 * @returns rising
 */
export function patientDraws(
  patients: number,
  statistic: (times: Uint16Array) => number,
  repeats = REPEATS,
): readonly number[] {
  const { uniform } = random(SEED)
  const found: number[] = []
  const times = new Uint16Array(patients)
  for (let repeat = 0; repeat < repeats; repeat++) {
    times.fill(0)
    for (let i = 0; i < patients; i++) times[Math.floor(uniform() * patients)]!++
    const value = statistic(times)
    if (!Number.isNaN(value)) found.push(value)
  }
  return found.sort((a, b) => a - b)
}

/** Central interval of some draws; [NaN, NaN] of none. @param level 0.95 for two-sided 95 % */
export function drawnBetween(draws: readonly number[], level: number): Interval {
  const at = (share: number) => draws[Math.min(draws.length - 1, Math.floor(share * draws.length))] ?? Number.NaN
  return [at((1 - level) / 2), at((1 + level) / 2)]
}

/** 95 % percentile interval of `patientDraws`; [NaN, NaN] where no draw gave a number. */
export function patientBootstrap(
  patients: number,
  statistic: (times: Uint16Array) => number,
  repeats = REPEATS,
): Interval {
  return drawnBetween(patientDraws(patients, statistic, repeats), 0.95)
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

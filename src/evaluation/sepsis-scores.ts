import { gainOfAlarm } from '../training/classifier/every-hour.ts'
import type { HourlyStay } from '../training/cohorts/stay.ts'
import { hourlyBaselines } from './hourly-baselines.ts'
import { differenceOf, type Interval, middleOf, patientDraws } from './metrics/bootstrap.ts'
import { type CalibrationTenth, calibrationTenths } from './metrics/calibration.ts'
import { areas, fallingOrder } from './metrics/curves.ts'
import { type DrawnAreas, drawnAreas } from './metrics/drawn-areas.ts'
import { joined } from './metrics/joined.ts'
import { patientUtility } from './metrics/sepsis-utility.ts'
import { earnedAt, gainOfHours, patientOfHours, thresholdsOfOthers } from './sepsis-thresholds.ts'

/** A patient with labels, and what was said of every hour. */
export interface SepsisCase {
  readonly stay: HourlyStay
  readonly labels: Uint8Array
  /** [hours] */
  readonly logits: Float64Array
  readonly probabilities: Float64Array
  readonly fired: Uint8Array
  /** [hours] what the clock alone would do */
  readonly clock: Uint8Array
}

export interface SepsisBaseline {
  readonly utility: number
  readonly utilityInterval: Interval
  readonly auroc: number
  readonly auprc: number
  /** ours less theirs on the same patients, 95 % */
  readonly aboveInterval: Interval
  readonly aurocAboveInterval: Interval
}

export interface SepsisScores {
  readonly utility: number
  readonly utilityInterval: Interval
  readonly auroc: number
  readonly aurocInterval: Interval
  readonly auprc: number
  readonly auprcInterval: Interval
  readonly septicPatients: number
  readonly clockOnlyUtility: number
  readonly aboveClockInterval: Interval
  readonly baselines: Readonly<Record<string, SepsisBaseline>>
  readonly calibration: readonly CalibrationTenth[]
}

/** draws for areas: each is a pass over all hours */
const AREA_DRAWS = 200
/** as `vigil train sepsis` fits it */
const LINEAR = { epochs: 2, batch: 512, weightDecay: 0.01 }

/** @param cases by name */
export function sepsisScores(cases: readonly SepsisCase[]): SepsisScores {
  const labels = cases.map((it) => it.labels)
  const all = joined(labels)
  const [patientOf, gain] = [patientOfHours(labels), gainOfHours(labels)]
  const best = Float64Array.from(labels, (of) => patientUtility(of, of).best)
  const earned = Float64Array.from(cases, (it) => patientUtility(it.labels, it.fired).earned)
  const ours = { earned: utilityDraws(earned, best), ...areasOf(joined(cases.map((it) => it.probabilities))) }

  function areasOf(scores: Float64Array): ReturnType<typeof areas> & { order: Int32Array; drawn: DrawnAreas } {
    const order = fallingOrder(scores)
    const drawn = drawnAreas({ scores, labels: all, order, patientOf }, cases.length, AREA_DRAWS)
    return { ...areas(scores, all, order), order, drawn }
  }
  function judged(found: ReturnType<typeof areasOf>, theirs: Float64Array): SepsisBaseline {
    const draws = utilityDraws(theirs, best)
    return {
      utility: share(total(theirs), total(best)),
      utilityInterval: middleOf(draws),
      auroc: found.auroc,
      auprc: found.auprc,
      aboveInterval: differenceOf(ours.earned, draws),
      aurocAboveInterval: differenceOf(ours.drawn.auroc, found.drawn.auroc),
    }
  }
  const clockEarned = Float64Array.from(cases, (it) => patientUtility(it.labels, it.clock).earned)
  const clockScores = joined(cases.map((it) => it.clock))
  const clock = judged(areasOf(clockScores), clockEarned)
  const { scores, partOf } = hourlyBaselines('sepsis-hour', cases.map(({ stay }) => stay), {
    lastOnly: false, targets: (stay) => gainOfAlarm(stay.labels), options: LINEAR,
  }) // biome-ignore format: what is asked of a regression
  const baselines: [string, SepsisBaseline][] = [['clock only', clock]]
  for (const [name, said] of scores) {
    const flat = joined(said)
    const found = areasOf(flat)
    const thresholds = thresholdsOfOthers(flat, { order: found.order, patientOf, gain }, partOf)
    baselines.push([name, judged(found, earnedAt(said, labels, thresholds, partOf))])
  }
  return {
    utility: share(total(earned), total(best)),
    utilityInterval: middleOf(ours.earned),
    auroc: ours.auroc,
    aurocInterval: middleOf(ours.drawn.auroc),
    auprc: ours.auprc,
    auprcInterval: middleOf(ours.drawn.auprc),
    septicPatients: labels.filter((of) => of.includes(1)).length,
    clockOnlyUtility: clock.utility,
    aboveClockInterval: clock.aboveInterval,
    baselines: Object.fromEntries(baselines),
    calibration: calibrationTenths(joined(cases.map((it) => it.probabilities)), all),
  }
}

/** [repeats] normalised utility of drawn patients. */
function utilityDraws(earned: Float64Array, best: Float64Array): Float64Array {
  return patientDraws(earned.length, (times) => {
    let [above, below] = [0, 0]
    for (let p = 0; p < times.length; p++) {
      above += times[p]! * earned[p]!
      below += times[p]! * best[p]!
    }
    return share(above, below)
  })
}

const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)

/** Where nobody becomes septic there is nothing to be earned, and no utility. */
const share = (earned: number, best: number): number => (best === 0 ? Number.NaN : earned / best)

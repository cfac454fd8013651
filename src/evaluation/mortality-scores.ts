import type { ClassifierStay } from '../training/classifier/cohort.ts'
import type { HourlyStay } from '../training/cohorts/stay.ts'
import { hourlyBaselines, PARTS } from './hourly-baselines.ts'
import { differenceOf, type Interval, middleOf, patientDraws } from './metrics/bootstrap.ts'
import { type CalibrationTenth, calibrationTenths } from './metrics/calibration.ts'
import { areas, fallingOrder } from './metrics/curves.ts'
import { type DrawnAreas, drawnAreas } from './metrics/drawn-areas.ts'
import { event1, thresholdAtPrevalence } from './metrics/event1.ts'

/** A stay with its outcome, and what was said of it. */
export interface MortalityCase {
  readonly stay: HourlyStay
  readonly died: number
  /** [48] by hour; the last one counts */
  readonly probabilities: Float64Array
  readonly probability: number
  readonly label: number
}

export interface MortalityBaseline {
  readonly event1: number
  readonly event1Interval: Interval
  readonly auroc: number
  readonly auprc: number
  /** ours less theirs on the same patients, 95 % */
  readonly aboveInterval: Interval
  readonly aurocAboveInterval: Interval
}

export interface MortalityScores {
  readonly event1: number
  readonly event1Interval: Interval
  readonly auroc: number
  readonly aurocInterval: Interval
  readonly auprc: number
  readonly auprcInterval: Interval
  readonly deaths: number
  readonly baselines: Readonly<Record<string, MortalityBaseline>>
  readonly calibration: readonly CalibrationTenth[]
}

const DRAWS = 1000
/** as `vigil train mortality` fits it */
const LINEAR = { epochs: 8, batch: 64, weightDecay: 1 }

/** @param cases by name */
export function mortalityScores(cases: readonly MortalityCase[]): MortalityScores {
  const died = Uint8Array.from(cases, (it) => it.died)
  const patientOf = Int32Array.from(cases, (_, i) => i)
  const areasOf = (scores: Float64Array): ReturnType<typeof areas> & { drawn: DrawnAreas } => {
    const order = fallingOrder(scores)
    return { ...areas(scores, died, order), drawn: drawnAreas({ scores, labels: died, order, patientOf }, cases.length, DRAWS) }
  }
  const probabilities = Float64Array.from(cases, (it) => it.probability)
  const said = Uint8Array.from(cases, (it) => it.label)
  const ours = { ...areasOf(probabilities), events: eventDraws(said, died) }
  const { scores, partOf } = hourlyBaselines('icu-48h', cases.map(({ stay }) => stay), {
    lastOnly: true, targets: ({ labels }: ClassifierStay) => [labels[0] === 1 ? 1 : -1], options: LINEAR,
  })
  const baselines: [string, MortalityBaseline][] = []
  for (const [name, byHour] of scores) {
    // a chart has said the most it will say at its worst hour
    const worst = Float64Array.from(byHour, (of) => of.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY))
    const [found, predicted] = [areasOf(worst), predictedByOthers(worst, died, partOf)]
    const events = eventDraws(predicted, died)
    baselines.push([name, {
      event1: event1(predicted, died),
      event1Interval: middleOf(events),
      auroc: found.auroc,
      auprc: found.auprc,
      aboveInterval: differenceOf(ours.events, events),
      aurocAboveInterval: differenceOf(ours.drawn.auroc, found.drawn.auroc),
    }])
  }
  return {
    event1: event1(said, died),
    event1Interval: middleOf(ours.events),
    auroc: ours.auroc,
    aurocInterval: middleOf(ours.drawn.auroc),
    auprc: ours.auprc,
    auprcInterval: middleOf(ours.drawn.auprc),
    deaths: died.reduce((a, b) => a + b, 0),
    baselines: Object.fromEntries(baselines),
    calibration: calibrationTenths(probabilities, died),
  }
} // biome-ignore format: one figure, one line

/** [repeats] Event 1 of drawn patients. */
function eventDraws(predicted: Uint8Array, died: Uint8Array): Float64Array {
  return patientDraws(died.length, (times) => {
    let [hits, said, deaths] = [0, 0, 0]
    for (let p = 0; p < times.length; p++) {
      said += times[p]! * predicted[p]!
      deaths += times[p]! * died[p]!
      hits += times[p]! * predicted[p]! * died[p]!
    }
    return deaths === 0 ? Number.NaN : said === 0 ? 0 : Math.min(hits / deaths, hits / said)
  }, DRAWS)
} // biome-ignore format: the draw

/** Whether each patient is predicted to die, at the threshold of the other parts' prevalence. */
function predictedByOthers(scores: Float64Array, died: Uint8Array, partOf: Int32Array): Uint8Array {
  const predicted = new Uint8Array(died.length)
  for (let part = 0; part < PARTS; part++) {
    const others = Array.from(died.keys()).filter((i) => partOf[i] !== part)
    if (others.length === 0) continue
    const threshold = thresholdAtPrevalence(others.map((i) => scores[i]!), others.map((i) => died[i]!))
    scores.forEach((score, i) => {
      if (partOf[i] === part) predicted[i] = score >= threshold ? 1 : 0
    })
  }
  return predicted
} // biome-ignore format: one part, one threshold

import { SEPSIS_CHANNELS } from '../../inference/hourly/sepsis-channels.ts'
import { sepsisInputs } from '../../inference/hourly/sepsis-inputs.ts'
import { random } from '../../random.ts'
import { classifierStay } from '../../training/classifier/cohort.ts'
import { everyHourLessons, everyHourLogits } from '../../training/classifier/every-hour.ts'
import type { ClassifierFitOptions } from '../../training/classifier/fit.ts'
import { labelledStays } from '../../training/classifier/train-sepsis.ts'
import { drawnAuroc } from '../metrics/drawn-auroc.ts'
import { joined } from '../metrics/joined.ts'
import { patientUtility } from '../metrics/sepsis-utility.ts'
import { chosenInputs, withInputs } from './chosen-inputs.ts'
import type { HourlyTask } from './hourly.ts'

const SERIES = SEPSIS_CHANNELS.filter(({ kind }) => kind !== 'attribute').length
/** values, masks, ages; seven attributes and five forms of the clock */
const INPUTS = 3 * SERIES + 12
const DEALING = 2019

const FIT: ClassifierFitOptions = {
  epochs: 8,
  peakRate: 2e-3,
  lastRate: 0,
  warmupUpdates: 50,
  dropout: { front: 0, hidden: 0 },
  odds: 0.5,
  weightDecay: 0.01,
  clipNorm: Number.POSITIVE_INFINITY,
  averaging: 0.99,
}

/**
 * Sepsis by the hour, Challenge 2019: two thirds of the patients to learn from, one third to test on. Values, masks, ages,
 * attributes and the clock only: counts and changes would be a memory of their own.
 * @param stays in all at most
 * @throws VigilError as `vigil train sepsis`
 */
export async function sepsisTask(dir: string, stays: number, log: (line: string) => void): Promise<HourlyTask> {
  const columns = Array.from({ length: INPUTS }, (_, i) => i)
  const read = await labelledStays({ dataDirs: [dir], log })
  const dealt = Array.from(random(DEALING).permutation(read.length)).slice(0, stays)
  const all = dealt.map((i) => withInputs(classifierStay(sepsisInputs, read[i]!), columns))
  const cut = Math.round((all.length * 2) / 3)
  const test = all.slice(cut)
  const labels = joined(test.map((stay) => stay.labels))
  const patientOf = joined(test.map((stay, p) => new Int32Array(stay.rows).fill(p)))
  return {
    name: 'sepsis',
    inputs: chosenInputs(sepsisInputs, columns),
    series: SERIES,
    train: all.slice(0, cut),
    test,
    fit: FIT,
    lessons: (shape, scale, of) => everyHourLessons(shape, scale, of, { batch: 64, mix: 40, drawn: 1 / 3, inputDropout: 0.15, divisor: 2500 }),
    judge(shape, scale, weights, of) {
      const logits = everyHourLogits(shape, scale, [weights], of)
      const worth = of.map((stay, p) => patientUtility(stay.labels, Uint8Array.from(logits[p]!, (logit) => (logit >= 0 ? 1 : 0))))
      const utility = (times: ArrayLike<number>) => {
        let [earned, best] = [0, 0]
        worth.forEach((it, p) => {
          earned += times[p]! * it.earned
          best += times[p]! * it.best
        })
        return best === 0 ? Number.NaN : earned / best
      }
      return { utility, auroc: drawnAuroc(joined(logits), labels, patientOf) }
    },
  } // biome-ignore format: one option a line
}

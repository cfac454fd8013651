import { ICU48_SERIES } from '../../inference/hourly/icu48-channels.ts'
import { icu48Inputs } from '../../inference/hourly/icu48-inputs.ts'
import { random } from '../../random.ts'
import { classifierStay } from '../../training/classifier/cohort.ts'
import type { ClassifierFitOptions } from '../../training/classifier/fit.ts'
import { lastHourLessons, lastHourLogits } from '../../training/classifier/last-hour.ts'
import { openSets } from '../../training/classifier/train-mortality.ts'
import { drawnAuroc } from '../metrics/drawn-auroc.ts'
import { thresholdAtPrevalence } from '../metrics/event1.ts'
import { chosenInputs, withInputs } from './chosen-inputs.ts'
import type { HourlyTask } from './hourly.ts'

/** quarters of set b: the threshold of each comes from the others, as in the recipe */
const PARTS = 4
const DEALING = 2012

const FIT: ClassifierFitOptions = {
  epochs: 8,
  peakRate: 2e-3,
  lastRate: 0,
  warmupUpdates: 50,
  dropout: { front: 0, hidden: 0 },
  odds: 0.16,
  weightDecay: 0.02,
  clipNorm: 1,
  averaging: 0.99,
}

/**
 * Death in hospital after 48 hours, learnt from set a and tested on set b of the Challenge 2012. Hourly values, masks,
 * ages and attributes only: a running summary would be a memory of its own.
 * @param stays of each set at most
 * @throws VigilError as `vigil train mortality`
 */
export async function mortalityTask(dir: string, stays: number, log: (line: string) => void): Promise<HourlyTask> {
  const columns = icu48Inputs.names.flatMap((name, i) =>
    i < 3 * ICU48_SERIES || /^(age|sex|height|height_unknown|weight|coronary|cardiac_surgery|medical|surgical)$/.test(name)
      ? [i]
      : [],
  ) // biome-ignore format: the choice
  const sets = await openSets({ dataDirs: [dir], log })
  const [train, test] = [sets.a, sets.b].map((of) =>
    of.slice(0, stays).map((stay) => withInputs(classifierStay(icu48Inputs, stay), columns)),
  )
  const died = Uint8Array.from(test!, ({ labels }) => labels[0]!)
  const dealt = random(DEALING).permutation(died.length)
  const part = new Uint8Array(died.length)
  dealt.forEach((i, k) => {
    part[i] = k % PARTS
  })
  const each = Int32Array.from({ length: died.length }, (_, i) => i)
  return {
    name: 'mortality',
    inputs: chosenInputs(icu48Inputs, columns),
    series: ICU48_SERIES,
    train: train!,
    test: test!,
    fit: FIT,
    lessons: (shape, scale, of) => lastHourLessons(shape, scale, of, { batch: 64, inputDropout: 0.2, before: 1, beforeWeight: 0.2 }),
    judge(shape, scale, weights, of) {
      const logits = lastHourLogits(shape, scale, [weights], of)
      return { auroc: drawnAuroc(logits, died, each), event1: drawnEvent1(logits, died, part) }
    },
  } // biome-ignore format: one option a line
}

/** Event 1 with each part's threshold from the other parts. */
function drawnEvent1(logits: Float64Array, died: Uint8Array, part: Uint8Array): (times: ArrayLike<number>) => number {
  const predicted = new Uint8Array(died.length)
  for (let p = 0; p < PARTS; p++) {
    const others = Array.from(died.keys()).filter((i) => part[i] !== p)
    const threshold = thresholdAtPrevalence(
      others.map((i) => logits[i]!),
      others.map((i) => died[i]!),
    )
    for (let i = 0; i < died.length; i++) if (part[i] === p) predicted[i] = logits[i]! >= threshold ? 1 : 0
  }
  return (times) => {
    let [hits, said, deaths] = [0, 0, 0]
    for (let i = 0; i < died.length; i++) {
      said += times[i]! * predicted[i]!
      deaths += times[i]! * died[i]!
      hits += times[i]! * predicted[i]! * died[i]!
    }
    return deaths === 0 ? Number.NaN : Math.min(hits / deaths, said === 0 ? 0 : hits / said)
  }
}

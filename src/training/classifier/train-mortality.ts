import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { calibrationTenths } from '../../evaluation/metrics/calibration.ts'
import { areas } from '../../evaluation/metrics/curves.ts'
import { event1, event1Interval, thresholdAtPrevalence } from '../../evaluation/metrics/event1.ts'
import { icu48Inputs } from '../../inference/hourly/icu48-inputs.ts'
import { random } from '../../random.ts'
import { writeBundle } from '../bundle.ts'
import { readOutcomes, readPhysionet2012 } from '../cohorts/physionet2012.ts'
import { faultsInWords, type HourlyStay, noFaults } from '../cohorts/stay.ts'
import { openTrainingEngine } from '../engine.ts'
import { sigmoid } from '../head.ts'
import { exportClassifier } from '../onnx/export-classifier.ts'
import type { TrainOptions } from '../train.ts'
import { classifierManifest, classifierMetadata, cohortSha256, type Made } from './bundle.ts'
import { type ClassifierStay, classifierStay, fitScale } from './cohort.ts'
import { fitClassifier } from './fit.ts'
import { lastHourLessons, lastHourLogits } from './last-hour.ts'
import { fitLinear, linearLogit } from './linear.ts'
import { type MortalityFigures, type MortalityMetrics, mortalityCard } from './mortality-card.ts'
import { fitPlatt } from './platt.ts'
import type { MortalityRecipe } from './recipe.ts'
import { stopwatch } from './stopwatch.ts'

const GOLDEN_STEPS = 48
const LINEAR = { epochs: 8, batch: 64, weightDecay: 1 }
/** the dealing of set b is part of the recipe, not of the seed */
const DEALING = 2012
const NEWS = icu48Inputs.names.indexOf('news:worst')

/**
 * Train the mortality model by the protocol of the challenge's open sets: networks of set a, and of set a with all of set b but
 * the part they are judged on; thresholds always from other patients than those they are used on. Then, on all patients, the
 * networks that are shipped.
 * @throws VigilError as `trainSepsis`
 */
export async function trainMortality(
  recipe: MortalityRecipe,
  options: TrainOptions,
): Promise<{ dir: string; metrics: MortalityMetrics }> {
  const { log, seed } = options
  const engine = await openTrainingEngine(options.engine)
  for (const { name, reason } of engine.refused) log(`engine ${name} does not serve: ${reason}`)
  const { a, b } = await openSets(options)
  const timed = stopwatch()
  const epochs = options.epochs ?? recipe.fit.epochs
  const fitAll = (of: readonly ClassifierStay[], label: string, salt: number) => {
    const lessons = lastHourLessons(recipe.shape, of, recipe.lessons)
    return Array.from({ length: recipe.members }, (_, member) => {
      const source = random(seed * 1000 + salt * 10 + member)
      const fitted = fitClassifier(recipe.shape, { ...recipe.fit, epochs }, lessons, source)
      log(`${label}, network ${member + 1} of ${recipe.members}: ${fitted.updates} updates, ${timed()} s`)
      return fitted
    })
  }
  /** logits of b's part `held` by what learnt from others */
  const held = (train: readonly HourlyStay[], test: readonly HourlyStay[], label: string, salt: number) => {
    const scale = fitScale(icu48Inputs, train)
    const [of, unseen] = [train, test].map((stays) => stays.map((stay) => classifierStay(icu48Inputs, scale, stay))) as [ClassifierStay[], ClassifierStay[]] // biome-ignore format: one line
    const members = fitAll(of, label, salt).map(({ weights }) => weights)
    const features = recipe.shape.inputs
    const linear = fitLinear(of, ({ rows, labels }) => lastOnly(rows, labels[0] === 1 ? 1 : -1), LINEAR, random(1))
    return {
      network: lastHourLogits(recipe.shape, members, unseen),
      single: lastHourLogits(recipe.shape, members.slice(0, 1), unseen),
      linear: Float64Array.from(unseen, ({ x, rows }) => linearLogit(linear, x, (rows - 1) * features)),
      news: Float64Array.from(unseen, ({ x, rows }) => x[(rows - 1) * features + NEWS]!),
    }
  }
  try {
    const parts = new Int32Array(b.length)
    random(DEALING).permutation(b.length).forEach((i, k) => {
      parts[i] = k % recipe.folds
    }) // biome-ignore format: the dealing
    const died = Uint8Array.from(b, ({ labels }) => labels![0]!)
    const judge = (logits: Float64Array): MortalityFigures => figuresOf(logits, died, parts, recipe.folds)
    const alone = held(a, b, 'set a', 1)
    log(`trained on a: Event 1 ${judge(alone.network).event1.toFixed(4)}, AUROC ${judge(alone.network).auroc.toFixed(4)}`)
    const more = { network: new Float64Array(b.length), single: new Float64Array(b.length), linear: new Float64Array(b.length) } // biome-ignore format: one line
    for (let part = 0; part < recipe.folds; part++) {
      const test = b.filter((_, i) => parts[i] === part)
      const label = `a and b but part ${part + 1} of ${recipe.folds}`
      const said = held([...a, ...b.filter((_, i) => parts[i] !== part)], test, label, part + 2)
      let next = 0
      parts.forEach((of, i) => {
        if (of !== part) return
        for (const name of ['network', 'single', 'linear'] as const) more[name][i] = said[name][next]!
        next++
      })
    }
    log(`trained on a and the rest of b: Event 1 ${judge(more.network).event1.toFixed(4)}, AUROC ${judge(more.network).auroc.toFixed(4)}`) // biome-ignore format: one line

    const everyone = [...a, ...b].sort((one, other) => (one.name < other.name ? -1 : 1))
    const scale = fitScale(icu48Inputs, everyone)
    const all = everyone.map((stay) => classifierStay(icu48Inputs, scale, stay))
    const fitted = fitAll(all, 'sets a and b', 0)
    const made: Pick<Made, 'kind'> = { kind: 'icu-48h' }
    const { onnx, golden } = await exportClassifier(
      recipe.shape,
      fitted.map(({ weights }) => weights),
      all.find(({ labels }) => labels[0] === 1)!.x,
      GOLDEN_STEPS,
      classifierMetadata(recipe, made),
    )
    const platt = fitPlatt(more.network, died)
    const manifest = classifierManifest(recipe, {
      ...made,
      ...platt,
      scale,
      asked: 'last-row',
      threshold: thresholdAtPrevalence(more.network, died),
      clock: [],
      onnx,
      seed,
      dataSha256: cohortSha256(everyone),
      patients: everyone.length,
      updates: fitted.reduce((sum, { updates }) => sum + updates, 0),
      engine: engine.name,
    })
    const metrics: MortalityMetrics = {
      patients: b.length,
      deaths: died.reduce((sum, one) => sum + one, 0),
      trainedOnA: eachOf(alone, judge),
      trainedOnMore: eachOf(more, judge),
      calibration: calibrationTenths(more.network.map((logit) => sigmoid(platt.slope * logit + platt.intercept)), died),
      seconds: timed(),
    } // biome-ignore format: one figure a line
    const dir = join(options.out, recipe.name, recipe.version)
    await writeBundle(dir, { manifest, onnx, golden, metrics, card: mortalityCard(recipe, manifest, metrics) })
    log(`written to ${dir}`)
    return { dir, metrics }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VigilError('training-failed', cause.message, { place: recipe.name, cause })
  }
}

/** Sets a and b, by record. @throws VigilError data-missing where one of them is not there, or has no outcomes */
async function openSets({ dataDirs, log }: TrainOptions): Promise<{ a: HourlyStay[]; b: HourlyStay[] }> {
  const faults = noFaults()
  const sets = { a: new Array<HourlyStay>(), b: new Array<HourlyStay>() }
  for (const dir of dataDirs) {
    const outcomes = await readOutcomes(dir)
    for await (const stay of readPhysionet2012(dir, faults)) {
      for (const set of ['a', 'b'] as const) if (outcomes.get(set)?.has(stay.name)) sets[set].push(stay)
    }
  }
  const words = faultsInWords(faults)
  if (words !== undefined) log(words)
  for (const set of ['a', 'b'] as const) {
    sets[set].sort((one, other) => (one.name < other.name ? -1 : 1))
    const deaths = sets[set].filter(({ labels }) => labels?.[0] === 1).length
    log(`set ${set}: ${sets[set].length} stays, ${deaths} died`)
    if (deaths < 20) {
      throw new VigilError('data-missing', `set ${set} with Outcomes-${set}.txt is needed, and 20 deaths in it`, {
        place: dataDirs.join(', '),
      })
    }
  }
  return sets
}

function lastOnly(rows: number, weight: number): Float64Array {
  const targets = new Float64Array(rows)
  targets[rows - 1] = weight
  return targets
}

function eachOf<N extends string>(
  said: Readonly<Record<N, Float64Array>>,
  judge: (logits: Float64Array) => MortalityFigures,
): Record<N, MortalityFigures> {
  const pairs = Object.entries(said) as [N, Float64Array][]
  return Object.fromEntries(pairs.map(([name, logits]) => [name, judge(logits)])) as Record<N, MortalityFigures>
}

/** The threshold of every part of set b comes from its other parts. */
function figuresOf(logits: Float64Array, died: Uint8Array, parts: Int32Array, folds: number): MortalityFigures {
  const predicted = new Uint8Array(logits.length)
  for (let part = 0; part < folds; part++) {
    const others = Array.from(logits.keys()).filter((i) => parts[i] !== part)
    const threshold = thresholdAtPrevalence(
      others.map((i) => logits[i]!),
      others.map((i) => died[i]!),
    )
    logits.forEach((logit, i) => {
      if (parts[i] === part) predicted[i] = logit >= threshold ? 1 : 0
    })
  }
  return { event1: event1(predicted, died), interval: event1Interval(predicted, died), ...areas(logits, died) }
}

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
import { introduced, openTrainingEngine } from '../engine.ts'
import { sigmoid } from '../head.ts'
import { exportClassifier } from '../onnx/export-classifier.ts'
import type { TrainOptions } from '../train.ts'
import { classifierManifest, classifierMetadata, cohortSha256, type Made } from './bundle.ts'
import { type ClassifierStay, classifierStay, fitScale, scaled } from './cohort.ts'
import { classifierHalfLives } from './half-lives.ts'
import { lastHourLessons, lastHourLogits } from './last-hour.ts'
import { fitLinear, linearLogit } from './linear.ts'
import { type LessonsOf, memberFits } from './member-fits.ts'
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
 * Train the mortality model by the protocol of the challenge's open sets: networks of set a, judged on set b with thresholds
 * from other patients of it than those they are used on; then, on both sets, the networks that are shipped.
 * @throws VigilError as `trainSepsis`
 */
export async function trainMortality(
  recipe: MortalityRecipe,
  options: TrainOptions,
): Promise<{ dir: string; metrics: MortalityMetrics }> {
  const { log, seed } = options
  const engine = await openTrainingEngine(options.engine, { readsAtOnce: true })
  for (const line of introduced(engine)) log(line)
  const sets = await openSets(options)
  const [a, b] = [sets.a, sets.b].map((of) => of.map((stay) => classifierStay(icu48Inputs, stay))) as [ClassifierStay[], ClassifierStay[]] // biome-ignore format: one line
  const dataSha256 = cohortSha256([...sets.a, ...sets.b])
  const timed = stopwatch()
  const lessonsOf: LessonsOf = (of, scale) => lastHourLessons(recipe.shape, scale, of, recipe.lessons)
  const fitAll = memberFits(recipe, options, { dataSha256, timed, lessonsOf })
  /** what those who learnt from set a say of set b, which touched neither their scale nor anything else of them */
  const byOthers = async (train: readonly ClassifierStay[], test: readonly ClassifierStay[]) => {
    const scale = fitScale(icu48Inputs, train)
    const members = (await fitAll(train, scale, 'set a', 1, recipe.foldMembers)).map(({ weights }) => weights)
    const features = recipe.shape.inputs
    const targets = ({ rows, labels }: ClassifierStay) => lastOnly(rows, labels[0] === 1 ? 1 : -1)
    const linear = fitLinear(train, scale, targets, LINEAR, random(1))
    const last = ({ rows }: ClassifierStay) => (rows - 1) * features
    return {
      network: lastHourLogits(recipe.shape, scale, members, test),
      single: lastHourLogits(recipe.shape, scale, members.slice(0, 1), test),
      linear: Float64Array.from(test, (stay) => linearLogit(linear, scaled(stay, scale), last(stay))),
      news: Float64Array.from(test, (stay) => stay.x[last(stay) + NEWS]!),
    }
  }
  try {
    const parts = new Int32Array(b.length)
    random(DEALING).permutation(b.length).forEach((i, k) => {
      parts[i] = k % recipe.folds
    }) // biome-ignore format: the dealing
    const died = Uint8Array.from(b, ({ labels }) => labels[0]!)
    const judge = (logits: Float64Array): MortalityFigures => figuresOf(logits, died, parts, recipe.folds)
    const alone = await byOthers(a, b)
    log(
      `trained on a: Event 1 ${judge(alone.network).event1.toFixed(4)}, AUROC ${judge(alone.network).auroc.toFixed(4)}`,
    )
    const everyone = [...a, ...b].sort((one, other) => (one.name < other.name ? -1 : 1))
    const scale = fitScale(icu48Inputs, everyone)
    const fitted = await fitAll(everyone, scale, 'sets a and b', 0, recipe.members)
    const made: Pick<Made, 'kind'> = { kind: 'icu-48h' }
    const shipped = fitted.map(({ weights }) => weights)
    const { onnx, golden } = await exportClassifier(
      recipe.shape,
      shipped,
      scaled(everyone.find(({ labels }) => labels[0] === 1)!, scale),
      GOLDEN_STEPS,
      classifierMetadata(recipe, made),
    )
    const platt = fitPlatt(alone.network, died)
    const manifest = classifierManifest(recipe, {
      ...made,
      ...platt,
      scale,
      asked: 'last-row',
      threshold: thresholdAtPrevalence(alone.network, died),
      clock: [],
      onnx,
      seed,
      dataSha256,
      patients: everyone.length,
      updates: fitted.reduce((sum, { updates }) => sum + updates, 0),
      engine: engine.name,
    })
    const metrics: MortalityMetrics = {
      patients: b.length,
      deaths: died.reduce((sum, one) => sum + one, 0),
      figures: eachOf(alone, judge),
      calibration: calibrationTenths(alone.network.map((logit) => sigmoid(platt.slope * logit + platt.intercept)), died),
      halfLives: classifierHalfLives(recipe.shape, shipped, Float32Array.from(golden.x.flat())),
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
export async function openSets({
  dataDirs,
  log,
}: Pick<TrainOptions, 'dataDirs' | 'log'>): Promise<{ a: HourlyStay[]; b: HourlyStay[] }> {
  const faults = noFaults()
  const sets = { a: [] as HourlyStay[], b: [] as HourlyStay[] }
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

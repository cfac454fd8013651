import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { ratioInterval } from '../../evaluation/metrics/bootstrap.ts'
import { calibrationTenths } from '../../evaluation/metrics/calibration.ts'
import { ClockBaseline, firesAt } from '../../evaluation/metrics/clock.ts'
import { areas } from '../../evaluation/metrics/curves.ts'
import { joined } from '../../evaluation/metrics/joined.ts'
import { patientUtility } from '../../evaluation/metrics/sepsis-utility.ts'
import type { InputScale } from '../../inference/hourly/inputs.ts'
import { sepsisInputs } from '../../inference/hourly/sepsis-inputs.ts'
import { random } from '../../random.ts'
import { writeBundle } from '../bundle.ts'
import { hoursOf, readPhysionet2019 } from '../cohorts/physionet2019.ts'
import { faultsInWords, type HourlyStay, noFaults } from '../cohorts/stay.ts'
import { introduced, openTrainingEngine } from '../engine.ts'
import { sigmoid } from '../head.ts'
import { exportClassifier } from '../onnx/export-classifier.ts'
import type { TrainOptions } from '../train.ts'
import { classifierManifest, classifierMetadata, cohortSha256, type Made } from './bundle.ts'
import { type ClassifierStay, classifierStay, fitScale, scaled } from './cohort.ts'
import { everyHourLessons, everyHourLogits, gainOfAlarm, isPositive } from './every-hour.ts'
import { classifierHalfLives } from './half-lives.ts'
import { fitLinear, linearLogit } from './linear.ts'
import { type LessonsOf, memberFits } from './member-fits.ts'
import { fitPlatt } from './platt.ts'
import type { SepsisRecipe } from './recipe.ts'
import { type SepsisFigures, type SepsisMetrics, sepsisCard } from './sepsis-card.ts'
import type { ClassifierWeights } from './shape.ts'
import { stopwatch } from './stopwatch.ts'

const GOLDEN_STEPS = 60
const LINEAR = { epochs: 2, batch: 512, weightDecay: 0.01 }
/** the dealing of patients to folds is part of the recipe, not of the seed */
const DEALING = 2019
const NEWS = sepsisInputs.names.indexOf('news')
const NEWS_LEVELS = [3, 4, 5, 6, 7, 8, 9]

/** What every forecaster said of patients it had not seen, hour by hour: logits, 0 or more is an alarm. */
interface Said {
  readonly stay: ClassifierStay
  readonly fold: number
  readonly network: Float64Array
  readonly single: Float64Array
  readonly linear: Float64Array
  readonly news: Float64Array
  readonly clock: Float64Array
}

/**
 * Train the hourly sepsis model: on each fold's patients a network of the others, for the figure; on all patients the networks
 * that are shipped. The same recipe, data, seed and engine on the same machine give the same figures.
 * @throws VigilError data-missing, recording-format, recording-unreadable, provider-unavailable, training-failed
 */
export async function trainSepsis(
  recipe: SepsisRecipe,
  options: TrainOptions,
): Promise<{ dir: string; metrics: SepsisMetrics }> {
  const { log, seed } = options
  const engine = await openTrainingEngine(options.engine, { readsAtOnce: true })
  for (const line of introduced(engine)) log(line)
  const read = await labelledStays(options)
  const stays = read.map((stay) => classifierStay(sepsisInputs, stay))
  const hours = new Map(read.map((stay) => [stay.name, hoursOf(stay)]))
  const dealt = random(DEALING).permutation(stays.length)
  const foldOf = new Map(Array.from(dealt, (i, k) => [stays[i]!.name, k % recipe.folds]))
  const dataSha256 = cohortSha256(read)
  const timed = stopwatch()
  const lessonsOf: LessonsOf = (of, scale) => everyHourLessons(recipe.shape, scale, of, recipe.lessons)
  const fitAll = memberFits(recipe, options, { dataSha256, timed, lessonsOf })
  try {
    const said: Said[] = []
    for (let held = 0; held < recipe.folds; held++) {
      const train = stays.filter(({ name }) => foldOf.get(name) !== held)
      const test = stays.filter(({ name }) => foldOf.get(name) === held)
      // test patients touch neither the scale nor any threshold
      const scale = fitScale(sepsisInputs, train)
      const fold = await fitAll(train, scale, `fold ${held + 1} of ${recipe.folds}`, held + 1, recipe.foldMembers)
      const members = fold.map(({ weights }) => weights)
      const found = saidOf(recipe, members, { held, train, test, scale, hours })
      said.push(...found)
      const { auroc } = areas(joined(found.map((it) => it.network)), joined(found.map((it) => it.stay.labels)))
      log(`fold ${held + 1}: AUROC ${auroc.toFixed(4)}`)
    }
    const scale = fitScale(sepsisInputs, stays)
    const fitted = await fitAll(stays, scale, 'all patients', 0, recipe.members)
    const example = stays.find((stay) => stay.rows >= GOLDEN_STEPS && isPositive(stay)) ?? stays[0]!
    const made: Pick<Made, 'kind'> = { kind: 'sepsis-hour' }
    const shipped = fitted.map(({ weights }) => weights)
    const { onnx, golden } = await exportClassifier(
      recipe.shape,
      shipped,
      scaled(example, scale),
      Math.min(GOLDEN_STEPS, example.rows),
      classifierMetadata(recipe, made),
    )
    const platt = fitPlatt(joined(said.map((it) => it.network)), joined(said.map((it) => it.stay.labels)))
    const manifest = classifierManifest(recipe, {
      ...made,
      ...platt,
      scale,
      asked: 'every-row',
      threshold: 0,
      clock: clockOf(stays, hours),
      onnx,
      seed,
      dataSha256,
      patients: stays.length,
      updates: fitted.reduce((sum, { updates }) => sum + updates, 0),
      engine: engine.name,
    })
    const halfLives = classifierHalfLives(recipe.shape, shipped, Float32Array.from(golden.x.flat()))
    const metrics = { ...metricsOf(said, platt), halfLives, seconds: timed() }
    const dir = join(options.out, recipe.name, recipe.version)
    await writeBundle(dir, { manifest, onnx, golden, metrics, card: sepsisCard(recipe, manifest, metrics) })
    log(`written to ${dir}`)
    return { dir, metrics }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VigilError('training-failed', cause.message, { place: recipe.name, cause })
  }
}

/** By record. @throws VigilError data-missing where labels or septic patients are */
export async function labelledStays({ dataDirs, log }: Pick<TrainOptions, 'dataDirs' | 'log'>): Promise<HourlyStay[]> {
  const faults = noFaults()
  const stays: HourlyStay[] = []
  for (const dir of dataDirs) for await (const stay of readPhysionet2019(dir, faults)) stays.push(stay)
  stays.sort((a, b) => (a.name < b.name ? -1 : 1))
  const words = faultsInWords(faults)
  if (words !== undefined) log(words)
  const septic = stays.filter(({ labels }) => labels?.includes(1)).length
  if (stays.some(({ labels }) => labels === undefined) || septic < 50) {
    throw new VigilError('data-missing', `training needs labels and 50 septic patients, there are ${septic}`, {
      place: dataDirs.join(', '),
    })
  }
  log(`${stays.length} patients, ${septic} septic`)
  return stays
}

/** Patients of a fold and of the others, with the scale of those. */
interface Fold {
  readonly held: number
  readonly train: readonly ClassifierStay[]
  readonly test: readonly ClassifierStay[]
  readonly scale: InputScale
  /** [rows] hours in the unit, by the stay's name */
  readonly hours: ReadonlyMap<string, Float64Array>
}

function saidOf(recipe: SepsisRecipe, members: readonly ClassifierWeights[], fold: Fold): Said[] {
  const { held, train, test, scale, hours } = fold
  const network = everyHourLogits(recipe.shape, scale, members, test)
  const single = members.length === 1 ? network : everyHourLogits(recipe.shape, scale, members.slice(0, 1), test)
  const linear = fitLinear(train, scale, (stay) => gainOfAlarm(stay.labels), LINEAR, random(1))
  const level = newsLevel(train)
  const clock = clockOf(train, hours)
  const features = recipe.shape.inputs
  return test.map((stay, i) => {
    const x = scaled(stay, scale)
    const rows = Float64Array.from({ length: stay.rows }, (_, t) => t * features)
    return {
      stay,
      fold: held,
      network: network[i]!,
      single: single[i]!,
      linear: rows.map((at) => linearLogit(linear, x, at)),
      news: rows.map((at) => stay.x[at + NEWS]! - level),
      clock: Float64Array.from(firesAt(clock, hours.get(stay.name)!), (fires) => fires - 0.5),
    }
  })
}

/** The level of NEWS at which alarming earns most on training patients. */
function newsLevel(stays: readonly ClassifierStay[]): number {
  const earned = NEWS_LEVELS.map(() => 0)
  for (const stay of stays) {
    const features = stay.x.length / stay.rows
    gainOfAlarm(stay.labels).forEach((gain, t) => {
      const news = stay.x[t * features + NEWS]!
      NEWS_LEVELS.forEach((level, i) => {
        if (news >= level) earned[i]! += gain
      })
    })
  }
  return NEWS_LEVELS[earned.indexOf(Math.max(...earned))]!
}

function clockOf(stays: readonly ClassifierStay[], hours: ReadonlyMap<string, Float64Array>): [number, number][] {
  const clock = new ClockBaseline()
  for (const { name, labels } of stays) clock.add(hours.get(name)!, gainOfAlarm(labels))
  return clock.ranges().map(([from, to]) => [from, to])
}

type Forecaster = 'network' | 'single' | 'linear' | 'news' | 'clock'

/** Of patients that what is judged had not seen. */
function figureOf(said: readonly Said[], name: Forecaster): SepsisFigures {
  const worth = said.map((it) => patientUtility(it.stay.labels, firedOf(it, name)))
  const earned = Float64Array.from(worth, (it) => it.earned)
  const best = Float64Array.from(worth, (it) => it.best)
  const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0)
  return {
    utility: total(earned) / total(best),
    interval: ratioInterval(earned, best),
    ...areas(joined(said.map((it) => it[name])), joined(said.map((it) => it.stay.labels))),
  }
}

/** [hours] whether an alarm is raised. */
const firedOf = (it: Said, name: Forecaster): Uint8Array => Uint8Array.from(it[name], (logit) => (logit >= 0 ? 1 : 0))

function metricsOf(
  said: readonly Said[],
  { slope, intercept }: { slope: number; intercept: number },
): Omit<SepsisMetrics, 'halfLives' | 'seconds'> {
  const sorted = [...said].sort((a, b) => (a.stay.name < b.stay.name ? -1 : 1))
  const figure = (name: Forecaster) => figureOf(sorted, name)
  const folds = [...new Set(said.map((it) => it.fold))].sort((a, b) => a - b)
  const above = (other: 'linear' | 'clock'): readonly [number, number] => {
    const ours = sorted.map((it) => patientUtility(it.stay.labels, firedOf(it, 'network')))
    const theirs = sorted.map((it) => patientUtility(it.stay.labels, firedOf(it, other)))
    const gained = Float64Array.from(ours, (it, i) => it.earned - theirs[i]!.earned)
    return ratioInterval(
      gained,
      Float64Array.from(ours, (it) => it.best),
    )
  }
  const probabilities = joined(sorted.map((it) => it.network)).map((logit) => sigmoid(slope * logit + intercept))
  return {
    patients: sorted.length,
    septic: sorted.filter((it) => isPositive(it.stay)).length,
    hours: sorted.reduce((sum, it) => sum + it.stay.rows, 0),
    crossValidated: {
      network: figure('network'),
      single: figure('single'),
      linear: figure('linear'),
      news: figure('news'),
      clock: figure('clock'),
    },
    folds: folds.map((fold) =>
      figureOf(
        sorted.filter((it) => it.fold === fold),
        'network',
      ),
    ),
    above: { linear: above('linear'), clock: above('clock') },
    calibration: calibrationTenths(probabilities, joined(sorted.map((it) => it.stay.labels))),
  }
}

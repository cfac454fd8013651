import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { type Interval, patientBootstrap } from '../../evaluation/metrics/bootstrap.ts'
import { icu48Inputs } from '../../inference/hourly/icu48-inputs.ts'
import type { InputScale } from '../../inference/hourly/inputs.ts'
import { random } from '../../random.ts'
import { writeBundle } from '../bundle.ts'
import type { HourlyStay } from '../cohorts/stay.ts'
import { openTrainingEngine } from '../engine.ts'
import { exportClassifier } from '../onnx/export-classifier.ts'
import type { TrainOptions } from '../train.ts'
import { classifierManifest, classifierMetadata, cohortSha256, type Made } from './bundle.ts'
import { type ClassifierStay, classifierStay, fitScale, scaled } from './cohort.ts'
import { fitClassifier } from './fit.ts'
import { classifierHalfLives } from './half-lives.ts'
import { type LessonsOf, memberFits } from './member-fits.ts'
import type { TrajectoryRecipe } from './recipe.ts'
import type { ClassifierShape, ClassifierWeights } from './shape.ts'
import { stopwatch } from './stopwatch.ts'
import { openSets } from './train-mortality.ts'
import { HEADINGS, headings, type LabelledHours, labelledHours, likeliestSlope, NONE, trajectoryLessons, trajectoryLogits, trajectoryMeasures } from './trajectory.ts' // biome-ignore format: one line
import { type MeasuredFigure, type TrajectoryMetrics, trajectoryCard } from './trajectory-card.ts'

const GOLDEN_STEPS = 48
const NEWS = icu48Inputs.names.indexOf('news')
const REPEATS = 300

/**
 * Train the three-class trend: networks of set a, judged on set b beside base rates and a perceptron on the same inputs; then,
 * on both sets, the networks that are shipped.
 * @throws VigilError as `trainMortality`
 */
export async function trainTrajectory(recipe: TrajectoryRecipe, options: TrainOptions): Promise<{ dir: string; metrics: TrajectoryMetrics }> {
  const { log, seed } = options
  const { shape, lessons } = recipe
  const engine = await openTrainingEngine(options.engine)
  for (const { name, reason } of engine.refused) log(`engine ${name} does not serve: ${reason}`)
  const sets = await openSets(options)
  const labelled = (stay: HourlyStay): ClassifierStay => {
    const read = classifierStay(icu48Inputs, stay)
    const scores = Float64Array.from({ length: read.rows }, (_, t) => read.x[t * shape.inputs + NEWS]!)
    return { ...read, labels: headings(scores, lessons) }
  }
  const [a, b] = [sets.a.map(labelled), sets.b.map(labelled)]
  const dataSha256 = cohortSha256([...sets.a, ...sets.b])
  const timed = stopwatch()
  const lessonsOf: LessonsOf = (of, scale) => trajectoryLessons(shape, scale, of, lessons)
  const fitAll = memberFits(recipe, options, { dataSha256, timed, lessonsOf })
  try {
    const scale = fitScale(icu48Inputs, a)
    const members = (await fitAll(a, scale, 'set a', 1, recipe.foldMembers)).map(({ weights }) => weights)
    const network = labelledHours(b, trajectoryLogits(shape, scale, members, b))
    const perceptron = labelledHours(b, perceptronLogits(recipe, scale, a, b))
    const slope = likeliestSlope(network)
    const figures = figuresOn(b.length, { network, perceptron, base: baseRates(a, network) }, slope)
    log(`trained on a: AUROC ${figures['network']!['auroc']!.value.toFixed(4)}`)
    const everyone = [...a, ...b].sort((one, other) => (one.name < other.name ? -1 : 1))
    const wholeScale = fitScale(icu48Inputs, everyone)
    const fitted = await fitAll(everyone, wholeScale, 'sets a and b', 0, recipe.members)
    const made: Pick<Made, 'kind'> = { kind: 'icu-48h' }
    const shipped = fitted.map(({ weights }) => weights)
    const { onnx, golden } = await exportClassifier(
      shape,
      shipped,
      scaled(everyone[0]!, wholeScale),
      GOLDEN_STEPS,
      classifierMetadata(recipe, made),
    )
    const manifest = classifierManifest(recipe, {
      ...made,
      scale: wholeScale,
      asked: 'every-row',
      classes: HEADINGS,
      threshold: 0,
      slope,
      intercept: 0,
      clock: [],
      onnx,
      seed,
      dataSha256,
      patients: everyone.length,
      updates: fitted.reduce((sum, { updates }) => sum + updates, 0),
      engine: engine.name,
    })
    const metrics: TrajectoryMetrics = {
      patients: b.length,
      hours: network.labels.length,
      shares: HEADINGS.map((_, n) => shareOf(network.labels, n)),
      figures,
      halfLives: classifierHalfLives(shape, shipped, Float32Array.from(golden.x.flat())),
      seconds: timed(),
    } // biome-ignore format: one figure a line
    const dir = join(options.out, recipe.name, recipe.version)
    await writeBundle(dir, { manifest, onnx, golden, metrics, card: trajectoryCard(recipe, manifest, metrics) })
    log(`written to ${dir}`)
    return { dir, metrics }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VigilError('training-failed', cause.message, { place: recipe.name, cause })
  }
} // biome-ignore format: the signature

const shareOf = (labels: Uint8Array, n: number): number => labels.filter((label) => label === n).length / labels.length

/** A softmax on the hour's own inputs, through the same loop: no memory but the summary's. */
function perceptronLogits({ shape, fit, lessons }: TrajectoryRecipe, scale: InputScale, train: readonly ClassifierStay[], test: readonly ClassifierStay[]): Float64Array[] {
  const flat: ClassifierShape = { inputs: shape.inputs, sequence: shape.inputs, front: 0, cell: 'none', hidden: shape.inputs, back: 0, outputs: HEADINGS.length }
  const none = { ...fit, dropout: { front: 0, hidden: 0 } }
  const { weights } = fitClassifier(flat, none, trajectoryLessons(flat, scale, train, lessons), random(1))
  return trajectoryLogits(flat, scale, [weights as ClassifierWeights], test)
} // biome-ignore format: the signatures

/** The training patients' shares at every hour. */
function baseRates(train: readonly ClassifierStay[], hours: LabelledHours): LabelledHours {
  const labels = train.flatMap((stay) => Array.from(stay.labels).filter((label) => label !== NONE))
  const logs = HEADINGS.map((_, n) => Math.log(shareOf(Uint8Array.from(labels), n)))
  return { ...hours, logits: Float64Array.from(hours.logits, (_, i) => logs[i % logs.length]!) }
}

function figuresOn(
  patients: number,
  said: Readonly<Record<'network' | 'perceptron' | 'base', LabelledHours>>,
  slope: number,
): TrajectoryMetrics['figures'] {
  const once = new Uint8Array(patients).fill(1)
  const all = Object.entries(said).map(([name, hours]) => {
    const measures = trajectoryMeasures(hours, name === 'network' ? slope : name === 'base' ? 1 : likeliestSlope(hours))
    const figures = Object.entries(measures).map(([measure, of]): [string, MeasuredFigure] => {
      const interval: Interval = patientBootstrap(patients, of, REPEATS)
      return [measure, { value: of(once), interval }]
    })
    return [name, Object.fromEntries(figures)] as const
  })
  return Object.fromEntries(all)
}

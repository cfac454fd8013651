import { join } from 'node:path'
import { VigilError } from '../errors.ts'
import { FEATURES_PER_CHANNEL } from '../inference/features.ts'
import { graphShape } from '../inference/graph-shape.ts'
import { random } from '../random.ts'
import { VERSION } from '../version.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { MANIFEST_VERSION, type ModelManifest } from '../vitals/manifest.ts'
import { baselines } from './baselines.ts'
import type { ThroughChunk } from './bptt.ts'
import { sha256, writeBundle } from './bundle.ts'
import { cardOf } from './card.ts'
import { type CellPlan, scaleFloor, withDegreesOfFreedom } from './cell-loss.ts'
import { type Checkpoints, openCheckpoints } from './checkpoint.ts'
import { type FramedStay, type Lanes, laneUp } from './dataset.ts'
import { introduced, openTrainingEngine, type TrainingEngineName } from './engine.ts'
import { evaluate, type Fitted, fitNetwork } from './fit.ts'
import { followed } from './followed.ts'
import { goldenSteps } from './golden.ts'
import { type Judged, judge } from './judge.ts'
import type { TrainingMetrics } from './metrics.ts'
import { namedStays } from './named-stays.ts'
import { type NetworkShape, parameterCount } from './network.ts'
import { exportGraph } from './onnx/export.ts'
import type { GraphForm } from './onnx/graph.ts'
import { OPSET } from './onnx/graph.ts'
import { halfLives, longestMemory } from './plain-step.ts'
import type { Forecaster, Recipe } from './recipe.ts'
import { openExported } from './serve-stays.ts'
import { chunkThreads } from './threads/lanes-apart.ts'
import type { TrainingData } from './training-data.ts'
import { trainingFolder } from './training-folder.ts'

export interface TrainOptions {
  /** folders with the recordings, searched in this order */
  readonly dataDirs: readonly string[]
  /** the registry: the bundle is written to OUT/NAME/VERSION */
  readonly out: string
  readonly engine: TrainingEngineName
  readonly seed: number
  /** one line of progress */
  readonly log: (line: string) => void
  /** how far the fit is, many times a second; a line is asked for only when somebody looks */
  readonly progress?: (line: () => string) => void
  /** instead of the recipe's */
  readonly epochs?: number
  /** threads that share the lanes of a chunk; one by default */
  readonly threads?: number
  /** how the graph is written; by default as is faster on this processor */
  readonly form?: GraphForm
  /** where finished networks of an ensemble are kept, so that a training that was ended goes on */
  readonly keep?: string
  /** go on where the last training of this recipe, data, seed and engine was ended */
  readonly resume?: boolean
  /** between two checkpoints */
  readonly checkpointSeconds?: number
  /** what the columns of a CSV are: a file, as `vigil replay` takes it */
  readonly mapping?: string
}

export interface Trained {
  /** folder of the version */
  readonly dir: string
  readonly manifest: ModelManifest
  readonly metrics: TrainingMetrics
}

const GOLDEN_STEPS = 200
/** degrees of freedom before the first fit */
const FIRST_DEGREES = 4
const CHECKPOINT_SECONDS = 30

/** Train a forecaster on the published data set it names. @throws VigilError as trainForecaster */
export function trainRecipe(recipe: Recipe, options: TrainOptions): Promise<Trained> {
  return trainForecaster(recipe, options, () => namedStays(recipe, options.dataDirs))
}

/**
 * Train a forecaster: data through the serving grid, fit, export, parity, calibration, held-out figures, bundle.
 * The same recipe, data, seed and engine on the same machine give the same figures.
 * @param read the data; asked once the engine is there
 * @throws VigilError data-missing, data-unfit, recording-unreadable, provider-unavailable, training-failed,
 *   checkpoint-invalid, registry-unwritable
 */
export async function trainForecaster(
  recipe: Forecaster,
  options: TrainOptions,
  read: () => Promise<TrainingData>,
): Promise<Trained> {
  const { finish } = await fitForecaster(recipe, options, read)
  return await finish()
}

/** A network that is fitted, and no model yet. */
export interface FittedForecaster {
  /** lowest mean surprise of the validation stays, nats */
  readonly validation: number
  /** make it one, on the engine it was fitted on: export, parity, calibration, held-out figures, bundle */
  finish(): Promise<Trained>
}

/** The first half of `trainForecaster`, for whoever fits several networks and wants one of them. @throws as that */
export async function fitForecaster(
  recipe: Forecaster,
  options: TrainOptions,
  read: () => Promise<TrainingData>,
): Promise<FittedForecaster> {
  const { log, seed, threads = 1 } = options
  const engine = await openTrainingEngine(options.engine)
  for (const line of introduced(engine)) log(line)
  const data = await read()
  const { table, normaliser } = data
  const shape: NetworkShape = {
    features: FEATURES_PER_CHANNEL * recipe.channels.length,
    hidden: recipe.hidden,
    layers: recipe.layers,
    channels: recipe.channels.length,
    horizons: recipe.horizons.length,
  }
  const cells = cellPlan(recipe, shape, normaliser, table)
  // threads add gradients in another order than one does: their weights are others in the last bits
  const worked = threads === 1 ? engine.name : `${engine.name}, ${threads} threads`
  const key = sha256(JSON.stringify([recipe, data.sha256, seed, worked, options.epochs]))
  const work = await chunkThreads(engine.name, threads)
  let fitted: Fitted
  try {
    fitted = await fitToData(recipe, options, cells, data, checkpointsOf(recipe, options, key), work.through)
  } finally {
    await work.close()
  }
  const validation = Math.min(...fitted.curve.map((point) => point.validation))
  return { validation, finish: () => finished({ recipe, options, data, cells, fitted, worked }) }
}

/** What a fit leaves for the model that is made of it. */
interface Unfinished {
  readonly recipe: Forecaster
  readonly options: TrainOptions
  readonly data: TrainingData
  readonly cells: CellPlan
  readonly fitted: Fitted
  /** the engine that fitted it, and its threads */
  readonly worked: string
}

/** Export, parity, calibration, held-out figures, bundle. */
async function finished({ recipe, options, data, cells, fitted, worked }: Unfinished): Promise<Trained> {
  const { log, seed } = options
  const { table, normaliser, features, stays } = data
  const { shape } = cells
  const floor = scaleFloor(cells)
  const first = stays.validation[0]!
  const golden = await goldenSteps(shape, fitted.weights, floor, first.x, GOLDEN_STEPS)
  const began = performance.now()
  const exported = await exportGraph(
    shape,
    fitted.weights,
    floor,
    first.x,
    golden,
    metadataOf(recipe, data),
    options.form,
  )
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  log(
    `exported as ${exported.form}, ${exported.onnx.length} bytes, parity ${exported.parity.toExponential(1)}, ${seconds} s`,
  )

  const remembers = halfLives(shape, fitted.weights, first.x)
  const uncalibrated: Omit<ModelManifest, 'calibration'> = {
    manifestVersion: MANIFEST_VERSION,
    name: recipe.name,
    version: recipe.version,
    detector: recipe.detector,
    createdBy: `vigil ${VERSION}`,
    graph: {
      file: 'model.onnx',
      sha256: sha256(exported.onnx),
      form: exported.form,
      opset: OPSET,
      features: shape.features,
      hidden: shape.hidden,
      layers: shape.layers,
      parameters: parameterCount(shape),
    },
    grid: recipe.grid,
    declares: [],
    channels: [...recipe.channels],
    normaliser,
    features,
    horizons: [...recipe.horizons],
    degreesOfFreedom: byHorizon(fitted.degrees, shape),
    memory: longestMemory(remembers, recipe.grid.cadenceSeconds),
    warmupSteps: recipe.warmupSteps,
    policy: recipe.policy,
    training: {
      recipe: recipe.name,
      seed,
      data: data.about,
      dataSha256: data.sha256,
      split: data.split,
      updates: fitted.updates,
      engine: worked,
    },
  }
  const serving = await openExported(exported.onnx, graphShape(uncalibrated), 64)
  let judged: Judged
  try {
    judged = await judge(serving, uncalibrated, table, stays, data.ramped)
  } finally {
    await serving.close()
  }
  const metrics: TrainingMetrics = {
    heldOut: await heldOut(withDegreesOfFreedom(cells, fitted.degrees), fitted, data, recipe),
    conduct: judged.conduct,
    ramps: judged.ramps,
    parity: exported.parity,
    stepsPerSecond: exported.stepsPerSecond,
    halfLives: remembers,
    learning: fitted.curve,
    ...(fitted.skipped === 0 ? {} : { skippedUpdates: fitted.skipped }),
  }
  const { manifest } = judged
  const dir = join(options.out, recipe.name, recipe.version)
  await writeBundle(dir, {
    manifest,
    onnx: exported.onnx,
    golden,
    metrics,
    card: cardOf(recipe, manifest, metrics, data.notes),
  })
  log(`written to ${dir}`)
  return { dir, manifest, metrics }
}

function cellPlan(
  recipe: Forecaster,
  shape: NetworkShape,
  normaliser: ModelManifest['normaliser'],
  table: ChannelTable,
): CellPlan {
  const plan = {
    shape,
    half: Float64Array.from(recipe.channels, (name) => table.channels[table.index.get(name)!]!.resolution / 2),
    centre: Float64Array.from(normaliser.centre),
    scale: Float64Array.from(normaliser.scale),
    curves: [],
  }
  return withDegreesOfFreedom(plan, new Array(shape.horizons * shape.channels).fill(FIRST_DEGREES))
}

async function fitToData(
  recipe: Forecaster,
  options: TrainOptions,
  cells: CellPlan,
  data: TrainingData,
  checkpoints: Checkpoints,
  through: ThroughChunk,
): Promise<Fitted> {
  const { stays } = data
  const rng = random(options.seed)
  const lanes = (of: readonly FramedStay[]): Lanes =>
    laneUp(of, cells.shape.features, cells.curves.length, recipe.warmupSteps)
  const gains = {
    // value, mask, age, trend of every channel: feature-major
    inputs: [1, 1, 1, recipe.trendGain].flatMap((gain) => recipe.channels.map(() => gain)),
    means: recipe.channels.map((_, c) => (recipe.meanGain * 2 * cells.half[c]!) / cells.scale[c]!),
  }
  const epochs = options.epochs ?? recipe.fit.epochs
  const toFit = {
    draw: () => data.draw(rng),
    validation: lanes(stays.validation),
    clean: lanes([...stays.train, ...stays.validation]),
  }
  try {
    return await fitNetwork(
      cells,
      { ...recipe.fit, epochs, gains },
      toFit,
      rng,
      followed(epochs, options, checkpoints.left),
      checkpoints,
      through,
    )
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VigilError('training-failed', cause.message, { place: recipe.name, cause })
  }
}

function checkpointsOf(recipe: Forecaster, options: TrainOptions, key: string): Checkpoints {
  const { resume = false, checkpointSeconds = CHECKPOINT_SECONDS } = options
  const file = join(trainingFolder(options.out, recipe.name), 'checkpoint')
  const checkpoints = openCheckpoints(file, key, resume, checkpointSeconds)
  if (resume) {
    const { left } = checkpoints
    const from = left === undefined ? 'there is no checkpoint: training begins anew' : `epoch ${left.epoch}`
    options.log(left === undefined ? from : `going on from ${from}, update ${left.optimiser.updates}`)
  }
  return checkpoints
}

/** Likelihood on the test stays beside last value and autoregression, nats. */
async function heldOut(
  cells: CellPlan,
  fitted: Fitted,
  { stays, plan }: TrainingData,
  recipe: Forecaster,
): Promise<TrainingMetrics['heldOut']> {
  const { shape } = cells
  const model = await evaluate(
    cells,
    fitted.weights,
    laneUp(stays.test, shape.features, cells.curves.length, recipe.warmupSteps),
  )
  const others = baselines(stays, plan, shape.horizons, cells.half, recipe.warmupSteps)
  return {
    model: byHorizon(model.byTarget, shape),
    lastValue: byHorizon(others.lastValue, shape),
    autoregression: byHorizon(others.autoregression, shape),
    orders: byHorizon(others.orders, shape),
  }
}

function byHorizon(values: ArrayLike<number>, { horizons, channels }: NetworkShape): number[][] {
  return Array.from({ length: horizons }, (_, k) =>
    Array.from({ length: channels }, (_, c) => values[k * channels + c]!),
  )
}

/** metadata_props of the graph: enough to tell what a file is that lost its manifest. */
function metadataOf(recipe: Forecaster, { table, normaliser, about }: TrainingData): Record<string, string> {
  return {
    name: recipe.name,
    version: recipe.version,
    channels: recipe.channels.join(','),
    units: recipe.channels.map((name) => table.channels[table.index.get(name)!]!.unit).join(','),
    normaliser: JSON.stringify(normaliser),
    cadence_seconds: String(recipe.grid.cadenceSeconds),
    horizons: recipe.horizons.join(','),
    max_age_seconds: String(recipe.maxAgeSeconds),
    trend_seconds: String(recipe.trendSeconds),
    data: about,
    intended_use: 'research-advisory',
  }
}

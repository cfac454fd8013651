import { join } from 'node:path'
import { VigilError } from '../errors.ts'
import { FEATURES_PER_CHANNEL, type FeaturePlan, featurePlan } from '../inference/features.ts'
import { graphShape } from '../inference/graph-shape.ts'
import { random } from '../random.ts'
import { VERSION } from '../version.ts'
import { type ChannelTable, channelTable } from '../vitals/channels.ts'
import { MANIFEST_VERSION, type ModelManifest } from '../vitals/manifest.ts'
import { augment } from './augment.ts'
import { baselines } from './baselines.ts'
import { sha256, writeBundle } from './bundle.ts'
import { cardOf } from './card.ts'
import { type CellPlan, scaleFloor, withDegreesOfFreedom } from './cell-loss.ts'
import { type FramedStay, frameStay, framesOf, type Lanes, laneUp, type Stay } from './dataset.ts'
import { openTrainingEngine, type TrainingEngineName } from './engine.ts'
import { evaluate, type Fitted, fitNetwork } from './fit.ts'
import { goldenSteps } from './golden.ts'
import { type Judged, judge, type Parts } from './judge.ts'
import type { TrainingMetrics } from './metrics.ts'
import { type NetworkShape, parameterCount } from './network.ts'
import { fitNormaliser } from './normaliser.ts'
import { exportGraph } from './onnx/export.ts'
import { OPSET } from './onnx/graph.ts'
import { halfLives } from './plain-step.ts'
import type { Recipe } from './recipe.ts'
import { openExported } from './serve-stays.ts'
import { readStays } from './stays.ts'

export interface TrainOptions {
  /** folders with the recordings, searched in this order */
  readonly dataDirs: readonly string[]
  /** the registry: the bundle is written to OUT/NAME/VERSION */
  readonly out: string
  readonly engine: TrainingEngineName
  readonly seed: number
  /** one line of progress */
  readonly log: (line: string) => void
  /** instead of the recipe's */
  readonly epochs?: number
  /** where finished networks of an ensemble are kept, so that a training that was ended goes on */
  readonly keep?: string
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

/**
 * Train a recipe: data through the serving grid, fit, export, parity, calibration, held-out figures, bundle.
 * The same recipe, data, seed and engine on the same machine give the same figures.
 * @throws VigilError data-missing, recording-unreadable, provider-unavailable, training-failed
 */
export async function trainRecipe(recipe: Recipe, options: TrainOptions): Promise<Trained> {
  const { log, seed } = options
  const engine = await openTrainingEngine(options.engine)
  for (const { name, reason } of engine.refused) log(`engine ${name} does not serve: ${reason}`)
  log(`training engine: ${engine.name}`)
  const table = channelTable()
  const names = Object.values(recipe.split).flat()
  const read = await readStays(options.dataDirs, new Map(names.map((name) => [name, recipe.fileOf(name)])), table)
  const raw = split(recipe, read.stays)
  const normaliser = normaliserOf(recipe, raw.train, table)
  const features = {
    perChannel: ['value', 'mask', 'age', 'trend'] as ['value', 'mask', 'age', 'trend'],
    maxAgeSeconds: recipe.maxAgeSeconds,
    trendSeconds: recipe.trendSeconds,
  }
  const plan = featurePlan({ channels: [...recipe.channels], normaliser, features }, table)
  const frame = (stay: Stay) => frameStay(stay, table, recipe.grid.cadenceSeconds, plan, recipe.horizons)
  const stays: Parts<FramedStay[]> = {
    train: raw.train.map(frame),
    validation: raw.validation.map(frame),
    calibration: raw.calibration.map(frame),
    test: raw.test.map(frame),
  }
  const shape: NetworkShape = {
    features: FEATURES_PER_CHANNEL * recipe.channels.length,
    hidden: recipe.hidden,
    layers: recipe.layers,
    channels: recipe.channels.length,
    horizons: recipe.horizons.length,
  }
  const cells = cellPlan(recipe, shape, normaliser, table)
  const fitted = fitRecipe({ recipe, options, cells, raw, stays, frame, table })
  const floor = scaleFloor(cells)
  const first = stays.validation[0]!
  const golden = goldenSteps(shape, fitted.weights, floor, first.x, GOLDEN_STEPS)
  const exported = await exportGraph(shape, fitted.weights, floor, first.x, golden, metadataOf(recipe, normaliser))
  log(`exported as ${exported.form}, ${exported.onnx.length} bytes, parity ${exported.parity.toExponential(1)}`)

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
    warmupSteps: recipe.warmupSteps,
    policy: recipe.policy,
    training: {
      recipe: recipe.name,
      seed,
      data: recipe.data,
      dataSha256: read.sha256,
      split: recipe.split,
      updates: fitted.updates,
      engine: engine.name,
    },
  }
  const serving = await openExported(exported.onnx, graphShape(uncalibrated), 1)
  let judged: Judged
  try {
    judged = await judge(serving, uncalibrated, table, raw, frame)
  } finally {
    await serving.close()
  }
  const metrics: TrainingMetrics = {
    heldOut: heldOut(withDegreesOfFreedom(cells, fitted.degrees), fitted, stays, plan, recipe),
    conduct: judged.conduct,
    ramps: judged.ramps,
    parity: exported.parity,
    stepsPerSecond: exported.stepsPerSecond,
    halfLives: halfLives(shape, fitted.weights, first.x),
    learning: fitted.curve,
  }
  const { manifest } = judged
  const dir = join(options.out, recipe.name, recipe.version)
  await writeBundle(dir, { manifest, onnx: exported.onnx, golden, metrics, card: cardOf(recipe, manifest, metrics) })
  log(`written to ${dir}`)
  return { dir, manifest, metrics }
}

function split(recipe: Recipe, stays: readonly Stay[]): Parts<Stay[]> {
  const byName = new Map(stays.map((stay) => [stay.name, stay]))
  const of = (names: readonly string[]) => names.map((name) => byName.get(name)!)
  const { train, validation, calibration, test } = recipe.split
  return { train: of(train), validation: of(validation), calibration: of(calibration), test: of(test) }
}

function normaliserOf(recipe: Recipe, stays: readonly Stay[], table: ChannelTable): ModelManifest['normaliser'] {
  const frames = stays.map((stay) => framesOf(stay.readings, table, recipe.grid.cadenceSeconds))
  const channels = Int32Array.from(recipe.channels, (name) => table.index.get(name)!)
  const resolutions = Array.from(channels, (channel) => table.channels[channel]!.resolution)
  return fitNormaliser(frames, channels, table.channels.length, resolutions, recipe.clip)
}

function cellPlan(
  recipe: Recipe,
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

function fitRecipe(it: {
  recipe: Recipe
  options: TrainOptions
  cells: CellPlan
  raw: Parts<Stay[]>
  stays: Parts<FramedStay[]>
  frame: (stay: Stay) => FramedStay
  table: ChannelTable
}): Fitted {
  const { recipe, options, cells, raw, stays, frame, table } = it
  const rng = random(options.seed)
  const targets = cells.curves.length
  const lanes = (of: readonly FramedStay[]): Lanes => laneUp(of, cells.shape.features, targets, recipe.warmupSteps)
  const clean = lanes([...stays.train, ...stays.validation])
  const copies = Array.from({ length: recipe.copies }, () => raw.train).flat()
  const draw = () => lanes(copies.map((stay) => frame(augment(stay, table, recipe.augmentation, rng))))
  const gains = {
    // value, mask, age, trend of every channel: feature-major
    inputs: [1, 1, 1, recipe.trendGain].flatMap((gain) => recipe.channels.map(() => gain)),
    means: recipe.channels.map((_, c) => (recipe.meanGain * 2 * cells.half[c]!) / cells.scale[c]!),
  }
  const epochs = options.epochs ?? recipe.fit.epochs
  const began = performance.now()
  try {
    return fitNetwork(cells, { ...recipe.fit, epochs, gains }, draw, lanes(stays.validation), clean, rng, (point) => {
      const seconds = Math.round((performance.now() - began) / 1000)
      const [train, validation] = [point.train.toFixed(4), point.validation.toFixed(4)]
      options.log(`epoch ${point.epoch} of ${epochs}: train ${train}, validation ${validation} nats, ${seconds} s`)
    })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VigilError('training-failed', cause.message, { place: recipe.name, cause })
  }
}

/** Likelihood on the test stays beside last value and autoregression, nats. */
function heldOut(
  cells: CellPlan,
  fitted: Fitted,
  stays: Parts<FramedStay[]>,
  plan: FeaturePlan,
  recipe: Recipe,
): TrainingMetrics['heldOut'] {
  const { shape } = cells
  const model = evaluate(
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
function metadataOf(recipe: Recipe, normaliser: ModelManifest['normaliser']): Record<string, string> {
  const table = channelTable()
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
    data: recipe.data,
    intended_use: 'research-advisory',
  }
}

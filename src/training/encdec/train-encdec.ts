import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { random } from '../../random.ts'
import { reconstructionPlan, reconstructionScore } from '../../scoring/reconstruction.ts'
import { VERSION } from '../../version.ts'
import { RECONSTRUCTOR_MANIFEST_VERSION, type ReconstructorManifest } from '../../vitals/reconstructor-manifest.ts'
import { augment } from '../augment.ts'
import { sha256, writeBundle } from '../bundle.ts'
import { ledoitWolf } from '../covariance.ts'
import { exportTranslator } from '../onnx/export-translator.ts'
import { OPSET } from '../onnx/graph.ts'
import type { TrainOptions } from '../train.ts'
import { type EncdecMetrics, encdecCard } from './card.ts'
import { fitWindows, meanError, windowErrors } from './fit.ts'
import { unitHalfLives } from './half-lives.ts'
import { firstTranslator, newestFrameModel, translatorModel, type WindowModel } from './models.ts'
import type { TranslationRecipe } from './recipe.ts'
import { translatorParameters, weightsOf } from './shape.ts'
import { type FramedParts, framedParts } from './stays.ts'
import { type Window, windowsOf } from './windows.ts'

const GOLDEN_CALLS = 12

/**
 * Train an encoder-decoder: windows through the serving grid, back-propagation in plain doubles, errors whitened on patients
 * it did not learn from, one graph, bundle. Whatever engine is named, the arithmetic is this process' own.
 * @throws VigilError data-missing, recording-unreadable, recording-format, training-failed
 */
export async function trainEncdec(
  recipe: TranslationRecipe,
  options: TrainOptions,
): Promise<{ dir: string; metrics: EncdecMetrics }> {
  const { log, seed } = options
  const { channels, window, stride, hidden, scored, share } = recipe
  if (recipe.cell !== 'lstm') throw new VigilError('usage', 'only an LSTM translator has a graph')
  const C = channels.length
  const parts = await framedParts(recipe, options.dataDirs)
  const rng = random(seed)
  const epochs = options.epochs ?? recipe.fit.epochs
  const translator = firstTranslator(recipe.cell, C, hidden, rng)
  const model = translatorModel(translator, recipe.feed, C)
  const windows = (part: 'validation' | 'calibration' | 'test', step: number) =>
    parts.raw[part].flatMap((stay) => windowsOf(parts.frame(stay), C, window, step))
  const validation = windows('validation', stride)
  const began = performance.now()
  try {
    const draw = () => drawnWindows(recipe, parts, rng)
    const { updates, curve } = fitWindows(model, { ...recipe.fit, epochs }, draw, validation, rng, (point) => {
      const seconds = Math.round((performance.now() - began) / 1000)
      log(`epoch ${point.epoch} of ${epochs}: train ${point.train.toFixed(4)}, validation ${point.validation.toFixed(4)}, ${seconds} s`)
    }) // biome-ignore format: one line
    // what is exported is float32: everything after this is measured on what is exported
    for (const array of model.parameters) array.set(Float32Array.from(array))
    const calibration = windows('calibration', stride)
    const spread = errorSpread(model, [...validation, ...calibration], C)
    const score = { scored, ...spread }
    const threshold = quantile(scoresOf(model, score, calibration), 1 - share)
    const test = windows('test', stride)
    const reference = newestFrameModel(C, window, random(seed))
    fitWindows(reference, { ...recipe.fit, epochs }, draw, validation, random(seed))
    const metrics: EncdecMetrics = {
      heldOutError: { network: meanError(model, test), newestFrame: meanError(reference, test) },
      testWindows: test.length,
      testAboveThreshold: scoresOf(model, score, test).filter((value) => value >= threshold).length / test.length,
      calibrationWindows: calibration.length,
      halfLives: unitHalfLives(translator.encoder, validation.map(({ x }) => x)),
      learning: curve,
      seconds: Math.round((performance.now() - began) / 1000),
    } // biome-ignore format: one figure a line
    const rows = goldenRows(recipe, parts)
    const { onnx, golden } = await exportTranslator({ channels: C, window, stride, hidden }, translator, rows, {
      name: recipe.name,
      version: recipe.version,
      channels: channels.join(','),
      normaliser: JSON.stringify(parts.normaliser),
      cadence_seconds: String(recipe.grid.cadenceSeconds),
      window: String(window),
      stride: String(stride),
      data: recipe.data,
      intended_use: 'research-advisory',
    })
    const manifest: ReconstructorManifest = {
      manifestVersion: RECONSTRUCTOR_MANIFEST_VERSION,
      task: 'reconstruct',
      name: recipe.name,
      version: recipe.version,
      detector: recipe.detector,
      createdBy: `vigil ${VERSION}`,
      graph: { file: 'model.onnx', sha256: sha256(onnx), form: 'lstm-operator', opset: OPSET, hidden, parameters: translatorParameters(weightsOf(translator)) },
      grid: recipe.grid,
      declares: [],
      channels: [...channels],
      normaliser: parts.normaliser,
      window,
      stride,
      score: { ...score, threshold, share },
      training: { recipe: recipe.name, seed, data: recipe.data, dataSha256: parts.sha256, split: recipe.split, updates, engine: 'doubles' },
    } // biome-ignore format: one field a line
    const dir = join(options.out, recipe.name, recipe.version)
    await writeBundle(dir, { manifest, onnx, golden, metrics, card: encdecCard(recipe, manifest, metrics) })
    log(`written to ${dir}`)
    return { dir, metrics }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new VigilError('training-failed', cause.message, { place: recipe.name, cause })
  }
}

/** The windows of an epoch: every training stay once, varied. */
export function drawnWindows(recipe: TranslationRecipe, parts: FramedParts, rng: ReturnType<typeof random>): Window[] {
  return parts.raw.train.flatMap((stay) => {
    const varied = parts.frame(augment(stay, parts.table, recipe.augmentation, rng))
    return windowsOf(varied, recipe.channels.length, recipe.window, recipe.trainStride)
  })
}

/** Mean and shrunk covariance of the absolute errors of frames whose channels were all observed. */
export function errorSpread(
  model: WindowModel,
  windows: readonly Window[],
  channels: number,
): { centre: number[]; covariance: number[][] } {
  const rows = windows.flatMap((window) => {
    const errors = windowErrors(model, window)
    return window.x.map((_, i) => errors.subarray(i * channels, (i + 1) * channels))
  })
  const whole = rows.filter((row) => row.every((error) => error >= 0))
  if (whole.length < 2 * channels) throw new RangeError('hardly any frame has all channels in the calibration data')
  const { centre, covariance } = ledoitWolf(whole)
  return { centre, covariance }
}

function scoresOf(
  model: WindowModel,
  { centre, covariance, scored }: Pick<ReconstructorManifest['score'], 'centre' | 'covariance' | 'scored'>,
  windows: readonly Window[],
): number[] {
  const plan = reconstructionPlan(centre, covariance, scored)
  const contributions = new Float64Array(centre.length)
  return windows
    .map((window) => reconstructionScore(plan, windowErrors(model, window), 0, window.x.length, contributions))
    .filter((score) => !Number.isNaN(score))
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) throw new RangeError('no window of the calibration data was scored')
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

/** Frames of the first validation stay. */
function goldenRows({ channels, stride, window }: TranslationRecipe, parts: FramedParts): Float64Array[] {
  const stay = parts.frame(parts.raw.validation[0]!)
  return windowsOf(stay, channels.length, 1, 1)
    .slice(0, Math.max(GOLDEN_CALLS * stride, window))
    .map(({ x }) => x[0]!)
}

import { VigilError } from '../errors.ts'
import { featurePlan } from '../inference/features.ts'
import { channelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { augment } from './augment.ts'
import { type FramedStay, frameStay, framesOf, laneUp, type Stay } from './dataset.ts'
import { fitNormaliser } from './normaliser.ts'
import { withRamp } from './ramps.ts'
import type { Forecaster, Recipe } from './recipe.ts'
import { readStays } from './stays.ts'
import type { Parts, TrainingData } from './training-data.ts'

/**
 * A published data set whose stays are known by name, whole in memory; every epoch shows each stay several times, varied.
 * @throws VigilError data-missing, data-unfit, recording-unreadable, recording-format
 */
export async function namedStays(recipe: Recipe, dirs: readonly string[]): Promise<TrainingData> {
  const table = channelTable()
  const names = Object.values(recipe.split).flat()
  if (new Set(names).size < names.length) {
    throw new VigilError('data-unfit', 'a stay is in two parts of the split', { place: recipe.name })
  }
  for (const [part, of] of Object.entries(recipe.split)) {
    if (of.length === 0) throw new VigilError('data-unfit', `no stay is for ${part}`, { place: recipe.name })
  }
  const read = await readStays(dirs, new Map(names.map((name) => [name, recipe.fileOf(name)])), table)
  return staysInMemory(recipe, split(recipe, read.stays), read.sha256)
}

/**
 * Stays that are in memory already, in the parts of the recipe's split.
 * @param units the normaliser of the version whose weights the fit goes on from; by default that of the training stays
 * @throws VigilError data-unfit
 */
export function staysInMemory(
  recipe: Recipe,
  raw: Parts<Stay[]>,
  sha256: string,
  units?: ModelManifest['normaliser'],
): TrainingData {
  const table = channelTable()
  const { cadenceSeconds } = recipe.grid
  const frames = raw.train.map((stay) => framesOf(stay.readings, table, cadenceSeconds))
  const normaliser = units ?? fitNormaliser(frames, recipe.channels, table, recipe.clip)
  const features = featuresOf(recipe)
  const plan = featurePlan({ channels: [...recipe.channels], normaliser, features }, table)
  const frame = (stay: Stay) => frameStay(stay, table, cadenceSeconds, plan, recipe.horizons)
  const stays: Parts<FramedStay[]> = {
    train: raw.train.map(frame),
    validation: raw.validation.map(frame),
    calibration: raw.calibration.map(frame),
    test: raw.test.map(frame),
  }
  const copies = Array.from({ length: recipe.copies }, () => raw.train).flat()
  const [inputs, targets] = [plan.channels.length * 4, recipe.horizons.length * recipe.channels.length]
  return {
    table,
    features,
    normaliser,
    plan,
    stays,
    split: recipe.split,
    about: recipe.data,
    sha256,
    notes: [],
    draw: (random) => ({
      parts: 1,
      lanes: () => {
        const varied = copies.map((stay) => frame(augment(stay, table, recipe.augmentation, random)))
        return laneUp(varied, inputs, targets, recipe.warmupSteps)
      },
    }),
    ramped: (ramp) => raw.validation.map((stay) => frame(withRamp(stay, ramp, table))),
  }
}

/** What a forecaster's inputs are made of. */
export function featuresOf(recipe: Forecaster): ModelManifest['features'] {
  const { maxAgeSeconds, trendSeconds } = recipe
  return { perChannel: ['value', 'mask', 'age', 'trend'], maxAgeSeconds, trendSeconds }
}

function split(recipe: Recipe, stays: readonly Stay[]): Parts<Stay[]> {
  const byName = new Map(stays.map((stay) => [stay.name, stay]))
  const of = (names: readonly string[]) => names.map((name) => byName.get(name)!)
  const { train, validation, calibration, test } = recipe.split
  return { train: of(train), validation: of(validation), calibration: of(calibration), test: of(test) }
}

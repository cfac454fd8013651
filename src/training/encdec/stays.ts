import { featurePlan } from '../../inference/features.ts'
import { type ChannelTable, channelTable } from '../../vitals/channels.ts'
import type { ReconstructorManifest } from '../../vitals/reconstructor-manifest.ts'
import { type FramedStay, frameStay, framesOf, type Stay } from '../dataset.ts'
import { fitNormaliser } from '../normaliser.ts'
import { readStays } from '../stays.ts'
import type { TranslationRecipe } from './recipe.ts'

/** Recordings as a translator meets them, by part of the split. */
export interface FramedParts {
  readonly table: ChannelTable
  readonly normaliser: ReconstructorManifest['normaliser']
  /** through the grid, the sensor logic and the normaliser that serve */
  frame(stay: Stay): FramedStay
  readonly raw: Readonly<Record<'train' | 'validation' | 'calibration' | 'test', readonly Stay[]>>
  readonly sha256: string
}

/** @throws VigilError data-missing, recording-unreadable, recording-format */
export async function framedParts(recipe: TranslationRecipe, dirs: readonly string[]): Promise<FramedParts> {
  const { channels, clip, grid, split, fileOf } = recipe
  const table = channelTable()
  const names = Object.values(split).flat()
  const { stays, sha256 } = await readStays(dirs, new Map(names.map((name) => [name, fileOf(name)])), table)
  const byName = new Map(stays.map((stay) => [stay.name, stay]))
  const part = (of: readonly string[]) => of.map((name) => byName.get(name)!)
  const raw = { train: part(split.train), validation: part(split.validation), calibration: part(split.calibration), test: part(split.test) } // biome-ignore format: one line
  const frames = raw.train.map(({ readings }) => framesOf(readings, table, grid.cadenceSeconds))
  const normaliser = fitNormaliser(frames, channels, table, clip)
  return { table, normaliser, frame: framer({ channels, normaliser, grid }, table), raw, sha256 }
}

/** A stay through the grid, the sensor logic and the normaliser of a reconstructor. */
export function framer(
  { channels, normaliser, grid }: { readonly channels: readonly string[] } & Pick<ReconstructorManifest, 'normaliser' | 'grid'>,
  table: ChannelTable,
): (stay: Stay) => FramedStay {
  // of the four features a channel, value and mask are read; age and trend are not
  const features = { perChannel: ['value', 'mask', 'age', 'trend'] as ['value', 'mask', 'age', 'trend'], maxAgeSeconds: 600, trendSeconds: 10 }
  const plan = featurePlan({ channels: [...channels], normaliser, features }, table)
  return (stay) => frameStay(stay, table, grid.cadenceSeconds, plan, [])
} // biome-ignore format: the signature

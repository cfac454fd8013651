import type { ReconstructorManifest } from '../../vitals/reconstructor-manifest.ts'
import type { Augmentation } from '../augment.ts'
import type { Feed } from '../cells/encoder-decoder.ts'
import type { WindowFitOptions } from './fit.ts'
import type { TranslatorCell } from './models.ts'

/** Everything that decides what a translator is, but for the data and the seed. */
export interface TranslationRecipe {
  readonly name: string
  readonly version: string
  readonly detector: string
  /** for the card: one paragraph each */
  readonly purpose: string
  readonly notFor: string
  readonly failureModes: readonly string[]
  /** publisher of the data */
  readonly data: string
  readonly grid: ReconstructorManifest['grid']
  readonly channels: readonly string[]
  readonly clip: number
  /** stays by name; patients are never split */
  readonly split: ReconstructorManifest['training']['split']
  /** file of a stay */
  readonly fileOf: (name: string) => string
  readonly augmentation: Augmentation
  readonly cell: TranslatorCell
  readonly feed: Feed
  readonly hidden: number
  /** W, frames */
  readonly window: number
  /** S, frames from one call to the next */
  readonly stride: number
  /** newest frames of a window that are scored */
  readonly scored: number
  /** frames between the windows of an epoch */
  readonly trainStride: number
  readonly fit: WindowFitOptions
  /** of the calibration windows, the share that reaches the shipped threshold */
  readonly share: number
}

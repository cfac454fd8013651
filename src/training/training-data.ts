import type { FeaturePlan } from '../inference/features.ts'
import type { Random } from '../random.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { FramedStay } from './dataset.ts'
import type { Epoch } from './fit.ts'
import type { Ramp } from './ramps.ts'

/** The four parts of the data; a patient is in one of them. */
export type Parts<T> = Readonly<Record<'train' | 'validation' | 'calibration' | 'test', T>>

/** What a forecaster is trained on, through the grid, the sensors and the features that serve. */
export interface TrainingData {
  /** channels of the frames */
  readonly table: ChannelTable
  readonly features: ModelManifest['features']
  readonly normaliser: ModelManifest['normaliser']
  readonly plan: FeaturePlan
  /** in memory: all of it, or a sample where the recordings are too large */
  readonly stays: Parts<FramedStay[]>
  /** whose recordings are in which part, by name */
  readonly split: ModelManifest['training']['split']
  /** publisher, or what the recordings are */
  readonly about: string
  /** of what the network saw */
  readonly sha256: string
  /** for the card: what was left out, and why */
  readonly notes: readonly string[]
  /** lanes of an epoch; draws from `random` */
  draw(random: Random): Epoch
  /** the validation stays with a change put into them; none where it cannot be */
  ramped(ramp: Ramp): FramedStay[]
}

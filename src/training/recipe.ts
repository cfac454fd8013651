import type { ModelManifest } from '../vitals/manifest.ts'
import type { Augmentation } from './augment.ts'
import type { FitOptions } from './fit.ts'

/** Everything that decides what is trained, but for the data, the seed and the engine. */
export interface Recipe {
  readonly name: string
  readonly version: string
  readonly detector: string
  /** for the card: one paragraph each */
  readonly purpose: string
  readonly notFor: string
  readonly failureModes: readonly string[]
  /** publisher of the data, and where it is offered */
  readonly data: string
  readonly grid: ModelManifest['grid']
  readonly channels: readonly string[]
  /** in ticks */
  readonly horizons: readonly number[]
  readonly hidden: number
  readonly layers: number
  readonly clip: number
  readonly maxAgeSeconds: number
  readonly trendSeconds: number
  /** gain of the trend features on the first layer: they are movements, a tenth of the size of levels */
  readonly trendGain: number
  /** gain of the head's means, resolution cells per unit of output */
  readonly meanGain: number
  /** frames after a reset without loss, and before the detector may raise */
  readonly warmupSteps: number
  /** stays by name; patients are never split */
  readonly split: ModelManifest['training']['split']
  /** file of a stay */
  readonly fileOf: (name: string) => string
  readonly augmentation: Augmentation
  /** differently augmented copies of every stay in an epoch */
  readonly copies: number
  readonly fit: Omit<FitOptions, 'gains' | 'from'>
  readonly policy: ModelManifest['policy']
}

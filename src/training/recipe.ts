import type { ModelManifest } from '../vitals/manifest.ts'
import type { Augmentation } from './augment.ts'
import type { FitOptions } from './fit.ts'

/** Everything that decides how a forecaster is trained, but for the data, the seed and the engine. */
export interface Forecaster {
  readonly name: string
  readonly version: string
  readonly detector: string
  /** for the card: one paragraph each */
  readonly purpose: string
  readonly notFor: string
  readonly failureModes: readonly string[]
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
  readonly fit: Omit<FitOptions, 'gains'>
  readonly policy: ModelManifest['policy']
}

/** A forecaster of a published data set, whose stays are known by name and fit into memory. */
export interface Recipe extends Forecaster {
  /** publisher of the data, and where it is offered */
  readonly data: string
  /** stays by name; patients are never split */
  readonly split: ModelManifest['training']['split']
  /** file of a stay */
  readonly fileOf: (name: string) => string
  readonly augmentation: Augmentation
  /** differently augmented copies of every stay in an epoch */
  readonly copies: number
}

/** A forecaster of whatever a site has recorded: streamed, and split by patient and by time. */
export interface WardRecipe extends Forecaster {
  /** shares of the patients, in the order of a hash of their keys; the rest trains */
  readonly shares: Readonly<Record<'validation' | 'calibration' | 'test', number>>
  /** stays side by side in the network */
  readonly lanes: number
  /** frames of a piece: what one lane shows before the next piece begins from a cold state */
  readonly pieceFrames: number
  /** pieces of each part held in memory: for the normaliser, validation, calibration and the held-out figures */
  readonly sample: Readonly<Record<'train' | 'validation' | 'calibration' | 'test', number>>
  /** what one patient may give of an epoch: this share, or twice an equal one where there are few */
  readonly patientShare: number
  /** left out before and after an alarm of the fixed limits */
  readonly alarmMinutes: number
}

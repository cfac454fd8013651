import type { TranslationRecipe } from '../encdec/recipe.ts'
import { bedside } from './bedside.ts'

/**
 * Translation: half a minute of vital signs, encoded and said again backwards. The bedside model's recordings, split,
 * channels and variations, so that the two can be compared, and the one be a second opinion on the other.
 */
export const encdec: TranslationRecipe = {
  name: 'encdec',
  version: '1.0.0',
  detector: 'encdec',
  purpose:
    'Says whether the last half minute of heart rate, pulse, oxygen saturation and breathing rate hangs together as it does in other patients: a second opinion beside the bedside forecaster, every ten seconds.',
  notFor:
    'Diagnosis, treatment, replacing limit alarms, children, or any patient without a monitor beside it; to be the only detector. It has never been validated in clinical use.',
  failureModes: [
    'Trained on three hours of recordings from one hospital.',
    'A level it has rarely seen is badly reconstructed, whether or not the patient is well: it judges a window by other patients, not by this patient before.',
    'A spike of a few seconds is a few frames in thirty, and mostly goes unnoticed; the forecaster is for those.',
    'It answers at best every ten seconds.',
  ],
  data: bedside.data,
  grid: bedside.grid,
  channels: bedside.channels,
  clip: bedside.clip,
  split: bedside.split,
  fileOf: bedside.fileOf,
  augmentation: bedside.augmentation,
  cell: 'lstm',
  feed: 'own',
  hidden: 32,
  window: 30,
  stride: 10,
  scored: 30,
  trainStride: 10,
  fit: {
    epochs: 40,
    batch: 32,
    peakRate: 3e-3,
    lastRate: 1e-5,
    warmup: 0.05,
    weightDecay: 1e-3,
    clipNorm: 1,
    averaging: 0.99,
    validateEvery: 5,
  },
  share: 0.01,
}

import type { Recipe } from '../recipe.ts'

/**
 * The bedside forecaster: heart rate, pulse, oxygen saturation and breathing rate at one second, on the 40 recordings of
 * PhysioNet BIDMC (eight minutes each) that have monitor numerics here. bidmc_06/07/08 and bidmc_20/21/23 are segments of
 * one patient each, and stand on the same side of the split. The test recordings are the ones the demo shows.
 */
export const bedside: Recipe = {
  name: 'bedside',
  version: '1.0.0',
  detector: 'bedside',
  purpose:
    'Forecasts heart rate, pulse, oxygen saturation and breathing rate of an adult on a monitor 1, 10 and 60 seconds ahead; the surprise of what then comes raises a research advisory.',
  notFor:
    'Diagnosis, treatment, replacing limit alarms, children, or any patient without a monitor beside it. It has never been validated in clinical use.',
  failureModes: [
    'Trained on three hours of recordings from one hospital: rhythms it has not seen (paroxysms, pacing, artefact storms) surprise it without being dangerous.',
    'A change slower than its memory becomes the new normal: limits and trends must watch for that.',
    'Movement artefact of the oximeter looks like a change of pulse; the contribution per channel says so, the score does not.',
    'Oxygen saturation near 100 % cannot rise: half of its forecast lies where no value can fall.',
    'One threshold serves all patients, and the wildest of the calibration patients set it: in a calm patient a slow fall of saturation or breathing goes unnoticed (see the changes above). The fixed limits are what catches it.',
    'Thresholds come from eight patients and are marked as not calibrated until a site gives 20 patient-days of its own.',
  ],
  data: 'PhysioNet BIDMC PPG and Respiration Dataset 1.0.0',
  grid: { cadenceSeconds: 1, latenessSeconds: 3 },
  channels: ['hr', 'pulse', 'spo2', 'resp'],
  horizons: [1, 10, 60],
  hidden: 64,
  layers: 2,
  clip: 10,
  maxAgeSeconds: 600,
  trendSeconds: 10,
  trendGain: 8,
  meanGain: 1,
  warmupSteps: 60,
  split: {
    train: bidmc([1, 2, 6, 7, 8, 11, 14, 18, 20, 21, 23, 24, 27, 32, 33, 39, 40, 45, 48, 50]),
    validation: bidmc([10, 16, 29, 37, 44, 52]),
    calibration: bidmc([3, 15, 25, 30, 36, 41, 47, 51]),
    test: bidmc([5, 12, 19, 28, 34, 43]),
  },
  fileOf: (name) => `${name}_Numerics.csv`,
  augmentation: {
    variations: [
      { channels: ['hr', 'pulse'], shift: 16, stretch: 0.5 },
      { channels: ['spo2'], shift: 2, stretch: 0.5 },
      { channels: ['resp'], shift: 4, stretch: 0.5 },
    ],
    dropped: 0.05,
    dropLength: 20,
  },
  copies: 3,
  fit: {
    chunk: 97,
    epochs: 60,
    peakRate: 4e-3,
    lastRate: 1e-5,
    warmup: 0.05,
    dropout: 0.1,
    cellPenalty: 1e-3,
    weightDecay: 0.01,
    clipNorm: 1,
    averaging: 0.99,
    validateEvery: 3,
    patience: 7,
  },
  // two, not three: 10 and 60 s forecasts come due once in their stride, so a jump surprises few ticks (card.md, changes)
  policy: { q: 0.001, n: 2, of: 60, clearSeconds: 30 },
}

function bidmc(numbers: readonly number[]): string[] {
  return numbers.map((number) => `bidmc_${String(number).padStart(2, '0')}`)
}

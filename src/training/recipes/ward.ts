import type { WardRecipe } from '../recipe.ts'
import { bedside } from './bedside.ts'

/** The bedside forecaster, trained on whatever a site has recorded. */
export const ward: WardRecipe = {
  name: 'ward',
  version: '1.0.0',
  detector: 'ward',
  purpose: bedside.purpose,
  notFor: bedside.notFor,
  failureModes: [
    "Trained on one site's recordings: what they do not hold surprises it without being dangerous.",
    "A change slower than its memory becomes the new normal within minutes: CUSUM and the patient's own half hour against six hours watch for that, and need minutes and hours.",
    'What happened around alarms was left out of training: it has no idea of what a deterioration looks like, only of what is not one.',
  ],
  grid: bedside.grid,
  channels: bedside.channels,
  horizons: bedside.horizons,
  hidden: bedside.hidden,
  layers: bedside.layers,
  clip: bedside.clip,
  maxAgeSeconds: bedside.maxAgeSeconds,
  trendSeconds: bedside.trendSeconds,
  trendGain: bedside.trendGain,
  meanGain: bedside.meanGain,
  warmupSteps: bedside.warmupSteps,
  policy: bedside.policy,
  shares: { validation: 0.15, calibration: 0.15, test: 0.1 },
  lanes: 64,
  pieceFrames: 2048,
  sample: { train: 32, validation: 32, calibration: 64, test: 32 },
  patientShare: 0.05,
  alarmMinutes: 10,
  fit: { ...bedside.fit, chunk: 128, epochs: 12, peakRate: 2e-3, averaging: 0.999, validateEvery: 1, patience: 4 },
}

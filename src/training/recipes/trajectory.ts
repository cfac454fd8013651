import { ICU48_SEQUENCE, icu48Inputs } from '../../inference/hourly/icu48-inputs.ts'
import type { TrajectoryRecipe } from '../classifier/recipe.ts'

/** Improving, stable or worsening over the next six hours: a class at every hour of the first 48. */
export const trajectory: TrajectoryRecipe = {
  name: 'trajectory',
  version: '1.0.0',
  detector: 'trajectory',
  purpose:
    'Says at every hour of the first 48 in intensive care whether the vital signs are heading up or down: NEWS2 over the next six hours beside the last six.',
  notFor:
    'Decisions on treatment, triage, children, or any patient by himself. It has never been validated in clinical use.',
  failureModes: [
    'The label is a score of vital signs, not how the patient fares: a patient who is sedated, ventilated or paced may be "stable".',
    'What is not measured counts as unchanged, and what is measured, and how often, is part of the inputs.',
    'Trained on stays of at least 48 hours in one hospital, 2001 to 2008.',
  ],
  data: 'PhysioNet/CinC Challenge 2012, sets a and b',
  event: 'worsening over the next six hours (NEWS2)',
  shape: {
    inputs: icu48Inputs.names.length,
    sequence: ICU48_SEQUENCE,
    front: 0,
    cell: 'lstm',
    hidden: 32,
    back: 64,
    outputs: 3,
  },
  members: 1,
  fit: {
    epochs: 6,
    peakRate: 2e-3,
    lastRate: 0,
    warmupUpdates: 50,
    dropout: { front: 0, hidden: 0.2 },
    odds: 1,
    weightDecay: 0.1,
    clipNorm: 1,
    averaging: 0.99,
  },
  lessons: { hours: 6, change: 1, batch: 64, inputDropout: 0.2 },
  folds: 2,
  foldMembers: 1,
}

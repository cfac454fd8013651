import { ICU48_SEQUENCE, icu48Inputs } from '../../inference/hourly/icu48-inputs.ts'
import type { MortalityRecipe } from '../classifier/recipe.ts'

/** Death in hospital from the first 48 hours: one label a stay, from the final state and the summary beside it. */
export const mortality: MortalityRecipe = {
  name: 'mortality',
  version: '1.0.0',
  detector: 'mortality',
  purpose:
    'Says after the first 48 hours of an intensive-care stay how likely death in hospital is, from vital signs, laboratory values and attributes; hour by hour before that it says what is known so far.',
  notFor:
    'Decisions on treatment or its limits, triage, comparing units, children, or any patient by himself. It has never been validated in clinical use.',
  failureModes: [
    'Trained on stays of at least 48 hours in one hospital, 2001 to 2008: who died or left earlier is not in the data.',
    'A summary needs hours to become what it was trained on: before 48 hours the probabilities are not calibrated.',
    'What is measured, and how often, is part of the inputs: another way of charting moves the scores.',
    'Orders to limit treatment are not in the data, and shape the outcome.',
  ],
  data: 'PhysioNet/CinC Challenge 2012, sets a and b',
  event: 'death in hospital',
  shape: { inputs: icu48Inputs.names.length, sequence: ICU48_SEQUENCE, front: 0, cell: 'gru', hidden: 32, back: 128 },
  members: 3,
  fit: {
    epochs: 8,
    peakRate: 1.4e-3,
    lastRate: 0,
    warmupUpdates: 50,
    dropout: { front: 0, hidden: 0.3 },
    odds: 0.16,
    weightDecay: 2,
    clipNorm: 1,
    averaging: 0.99,
  },
  lessons: { batch: 64, inputDropout: 0.3, before: 1, beforeWeight: 0.2 },
  folds: 4,
  foldMembers: 3,
}

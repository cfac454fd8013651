import { sepsisInputs } from '../../inference/hourly/sepsis-inputs.ts'
import type { SepsisRecipe } from '../classifier/recipe.ts'

const inputs = sepsisInputs.names.length

/** Sepsis by the hour: a label at every step, judged by what the Challenge 2019 pays. */
export const sepsis: SepsisRecipe = {
  name: 'sepsis',
  version: '1.0.0',
  detector: 'sepsis',
  purpose:
    'Says at every hour of an intensive-care stay, from vital signs, laboratory values and the clock, whether an alarm for sepsis would pay by the utility of the PhysioNet/CinC Challenge 2019: from twelve hours before the clinical onset to three hours after.',
  notFor:
    'Diagnosis, treatment, children, wards other than intensive care, or a hospital whose charting it has not been held against. It has never been validated in clinical use.',
  failureModes: [
    'It has learnt from one hospital what is measured, when and how often: orders are part of its inputs, so another way of charting moves its scores. Published models of this challenge lost most of their utility in a third hospital.',
    'Much of the utility of any model is the clock (see the baseline): early in a stay it has little to go on.',
    'The labels are those of the challenge (Sepsis-3 by orders of cultures and antibiotics and a rise of SOFA): what clinicians suspected, not what was there.',
    'Most alarms are false: sepsis is in one hour of fifty.',
  ],
  data: 'PhysioNet/CinC Challenge 2019, training set B',
  event: 'sepsis within hours (utility of the PhysioNet/CinC Challenge 2019)',
  // of 0.32 alarms a patient-day without a margin, 0.25 are left, at .002 less of the utility (docs/alerts.md)
  policy: { says: 'Sepsis risk', priority: 'low', hold: 1, clear: { margin: 0.5, hours: 1 }, silenceSeconds: 6 * 3600 },
  shape: { inputs, sequence: inputs, front: 64, cell: 'lstm', hidden: 64, back: 0 },
  members: 3,
  fit: {
    epochs: 12,
    peakRate: 2e-3,
    lastRate: 0,
    warmupUpdates: 50,
    dropout: { front: 0.3, hidden: 0.3 },
    odds: 0.5,
    weightDecay: 0.01,
    clipNorm: Number.POSITIVE_INFINITY,
    averaging: 0.99,
  },
  lessons: { batch: 64, mix: 40, drawn: 1 / 3, inputDropout: 0.15, divisor: 2500 },
  folds: 5,
  foldMembers: 2,
}

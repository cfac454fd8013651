import type { LeakCheck } from './parts.ts'

/** A figure that others published, and on what. */
export interface Published {
  readonly name: string
  readonly figures: readonly string[]
}

/** Utility and AUROC. Reyna et al., Crit Care Med 2020, and the challenge's results. */
export const PUBLISHED_SEPSIS: readonly Published[] = [
  { name: 'winner of the challenge', figures: ['0.434', ''] },
  { name: 'LSTM of PKU_DLIB', figures: ['0.386', '0.82'] },
  { name: 'LSTM of IADI', figures: ['0.365', '0.79'] },
  { name: 'LSTM of ISIBrno', figures: ['0.327', ''] },
]

/** Event 1. Silva et al., CinC 2012. */
export const PUBLISHED_MORTALITY: readonly Published[] = [
  { name: 'winner of the challenge', figures: ['0.535', ''] },
  { name: 'second', figures: ['0.535', ''] },
  { name: 'third', figures: ['0.501', ''] },
  { name: 'SAPS-I', figures: ['0.313', ''] },
]

/** Standard profile; published detections scored again on the series without `realKnownCause`. */
export const PUBLISHED_NAB: readonly Published[] = [
  { name: 'ARTime', figures: ['77.0', '', ''] },
  { name: 'CAD OSE', figures: ['75.4', '', ''] },
  { name: 'Numenta HTM', figures: ['73.0', '', ''] },
  { name: 'Skyline', figures: ['63.2', '', ''] },
  { name: 'KNN-CAD', figures: ['60.5', '', ''] },
  { name: 'Random Cut Forest', figures: ['53.1', '', ''] },
]

/** Mean AUC-PR of records 805, 806 and 820. */
export const PUBLISHED_ECG: readonly Published[] = [
  { name: 'NORMA (not streaming)', figures: ['0.683'] },
  { name: 'autoencoder', figures: ['0.312'] },
  { name: 'isolation forest', figures: ['0.296'] },
  { name: 'LSTM', figures: ['0.072'] },
]

type Tries = readonly (readonly [string, ...string[]])[]

/** One network on the first of five parts, where nothing else is said. */
export const SEPSIS_TRIES: Tries = [
  ['two networks, five parts (the recipe)', '0.390', '0.851'],
  ['one network, five parts', '0.385', '0.850'],
  ['no recurrence: logistic regression on the same inputs, five parts', '0.376', '0.842'],
  ['alarms from the level that earned most on the other four parts', '0.383', '0.850'],
  ['12 epochs, a third of the others: two random streams', '0.361, 0.351', '0.835, 0.832'],
  ["logit's bias begun at odds of 0.5 instead of 0.05", '0.334', '0.835'],
  ['10 epochs, a fifth of the others', '0.313', '0.829'],
]

/** Trained on set a, judged on set b. */
export const MORTALITY_TRIES: Tries = [
  ['GRU beside the summary, mean of three (the recipe)', '0.555', '0.870'],
  ['one of them', '0.544', '0.867'],
  ['no recurrence: the summary alone, 128 ReLU, weight decay 2', '0.558', '0.871'],
  ['no recurrence: gradient-boosted trees on the same inputs', '0.537', '0.871'],
  ['no recurrence: logistic regression on the same inputs', '0.528', '0.864'],
  ['weight decay 0.02 instead of 2', '0.516 to 0.525', '0.854 to 0.861'],
]

export const NAB_TRIES: Tries = [
  ['network, three horizons, refractory time, spatial flag (as shipped)', '78.5'],
  ['without the network', '79.2'],
  ['calendar alone: no network, no value among the regressors', '79.5'],
  ['one row ahead only', '69.6'],
  ['error not averaged over 50 rows', '64.6'],
  ['spatial flag alone', '55.8'],
  ['without the spatial flag', '53.8'],
  ['without the refractory time', 'below 33'],
  ['settings chosen on a random half, scored on the other (200 splits)', '74.4 ± 4.3'],
]

export const ECG_TRIES: Tries = [
  ['three seeds, forecasts of 80, 120 and 160 updates averaged (as shipped)', '0.916', '0.857', '0.886'],
  ['one time of training: 80 updates', '0.943', '0.559', '0.751'],
  ['one time of training: 160 updates', '0.885', '0.857', '0.871'],
  ['not divided by the usual error', '0.919', '0.837', '0.878'],
  ['no network: AR(64) with the scoring that serves it best', '0.920', '0.511', '0.715'],
  ['no network: mean of squares', '0.907', '0.178', '0.542'],
]

const law = (text: string, test: string): LeakCheck => ({ law: text, test: `tests/${test}` })

export const HOURLY_CHECKS = (benchmark: string): readonly LeakCheck[] => [
  law('Changing the future never changes a past score; a stream scored hour by hour is the whole file', `evaluation/${benchmark}.test.ts`),
  law('A patient alone, in other company and in another order is scored the same, bit for bit', `evaluation/${benchmark}.test.ts`),
  law('Labels are never read: without them the predictions are the same', `evaluation/${benchmark}.test.ts`),
  law('Patients touch neither normaliser, calibration nor threshold of what they are judged by', benchmark === 'sepsis2019' ? 'training/classifier/train-sepsis.test.ts' : 'evaluation/mortality2012.test.ts'),
  law('No baseline learns from the patients it is judged on, nor takes its threshold from them', 'laws/hourly-leaks.test.ts'),
  law('Predictions are written hour by hour, a row an hour', `evaluation/${benchmark}.test.ts`),
] // biome-ignore format: one law, one line

export const SERIES_CHECKS: readonly LeakCheck[] = [
  law('Changing the future never changes a past score, of ours nor of any baseline', 'laws/evaluation-leaks.test.ts'),
  law('Series do not depend on each other, nor on their order', 'laws/evaluation-leaks.test.ts'),
  law('Predictions are written row by row, for every row of a file', 'integration/evaluate-series.test.ts'),
]

export const WARD_CHECKS: readonly LeakCheck[] = [
  law('Changing the future never changes an alert that was raised before', 'laws/ward-leaks.test.ts'),
  law("A patient's scores are the same bytes alone and among others", 'laws/step-batch.test.ts'),
  law('Test patients touch no setting of a baseline: settings come from training and validation patients', 'laws/ward-leaks.test.ts'),
  law('A recording replayed gives the same alerts, byte for byte', 'laws/replay.test.ts'),
] // biome-ignore format: one law, one line

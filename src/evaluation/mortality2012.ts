import { VigilError } from '../errors.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { readPhysionet2012 } from '../training/cohorts/physionet2012.ts'
import { type Faults, noFaults } from '../training/cohorts/stay.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { drawnInterval, type Interval } from './metrics/bootstrap.ts'
import { type CalibrationTenth, calibrationTenths } from './metrics/calibration.ts'
import { areas } from './metrics/curves.ts'
import { event1, event1Interval } from './metrics/event1.ts'
import type { PredictionFolder } from './prediction-files.ts'
import { probabilityOf, scoreHourly } from './serve-hourly.ts'

/** The keys of `evaluate mortality2012 --json`; null where the data has no outcomes. */
export interface MortalityReport {
  readonly model: string
  readonly labels: boolean
  readonly event1: number | null
  /** 95 %, patients drawn with replacement */
  readonly event1Interval: Interval | null
  readonly auroc: number | null
  readonly aurocInterval: Interval | null
  readonly auprc: number | null
  readonly patients: number
  readonly deaths: number | null
  readonly predictedDeaths: number
  readonly calibration: readonly CalibrationTenth[] | null
  readonly faults: Faults
}

/**
 * Score sets of the Challenge 2012 hour by hour; the state after 48 hours says who will die in hospital.
 * @param predictions where `predictions.csv` goes
 * @throws VigilError as `evaluateSepsis2019`
 */
export async function evaluateMortality2012(
  bundle: ModelBundle<ClassifierManifest>,
  dataDir: string,
  predictions?: PredictionFolder,
  tell?: (patients: number) => void,
): Promise<MortalityReport> {
  const { manifest } = bundle
  if (manifest.inputs.kind !== 'icu-48h') throw new VigilError('usage', `${manifest.name} reads other data than this`)
  const faults = noFaults()
  const rows: { name: string; probability: number; label: number; died: number | undefined }[] = []
  for await (const { stay, logits } of scoreHourly(bundle, readPhysionet2012(dataDir, faults))) {
    const logit = logits.at(-1)!
    rows.push({
      name: stay.name,
      probability: probabilityOf(manifest, logit),
      label: logit >= manifest.outcome.threshold ? 1 : 0,
      died: stay.labels?.[0],
    })
    tell?.(rows.length)
  }
  // the order in which patients come changes nothing
  rows.sort((a, b) => (a.name < b.name ? -1 : 1))
  const lines = rows.map(({ name, probability, label }) => `${name},${probability},${label}\n`)
  await predictions?.write('predictions.csv', `RecordID,probability,label\n${lines.join('')}`)
  const counted = {
    model: `${manifest.name}@${manifest.version}`,
    patients: rows.length,
    predictedDeaths: rows.filter(({ label }) => label === 1).length,
    faults,
  }
  if (rows.some(({ died }) => died === undefined)) return { ...UNLABELLED, ...counted }
  const died = Uint8Array.from(rows, (row) => row.died!)
  const probabilities = Float64Array.from(rows, (row) => row.probability)
  const labels = Uint8Array.from(rows, (row) => row.label)
  return {
    labels: true,
    event1: event1(labels, died),
    event1Interval: event1Interval(labels, died),
    ...areas(probabilities, died),
    aurocInterval: drawnInterval(probabilities, died, (scores, of) => areas(scores, of).auroc),
    deaths: died.reduce((a, b) => a + b, 0),
    calibration: calibrationTenths(probabilities, died),
    ...counted,
  }
}

const UNLABELLED = {
  labels: false,
  event1: null,
  event1Interval: null,
  auroc: null,
  aurocInterval: null,
  auprc: null,
  deaths: null,
  calibration: null,
} as const

import { VigilError } from '../errors.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { cohortSha256 } from '../training/classifier/bundle.ts'
import { hoursOf, readPhysionet2019 } from '../training/cohorts/physionet2019.ts'
import { type Faults, type HourlyStay, noFaults } from '../training/cohorts/stay.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { firesAt } from './metrics/clock.ts'
import type { PredictionFolder } from './prediction-files.ts'
import { type SepsisCase, type SepsisScores, sepsisScores } from './sepsis-scores.ts'
import { probabilityOf, scoreHourly } from './serve-hourly.ts'

/** The keys of `evaluate sepsis2019 --json`; null where the data has no labels. */
export type SepsisReport = {
  readonly model: string
  readonly labels: boolean
  readonly patients: number
  readonly hours: number
  readonly alarmHours: number
  /** whether these are the very patients, all of them, that the model was trained on: then nothing here is a test */
  readonly trainedOnThese: boolean
  readonly faults: Faults
} & { readonly [Key in keyof SepsisScores]: SepsisScores[Key] | null }

export interface SepsisEvaluation {
  readonly report: SepsisReport
  /** by name; none where the data has no labels */
  readonly cases: readonly SepsisCase[]
}

/**
 * Score a folder of the Challenge 2019 hour by hour and hold it against its labels, where it has some.
 * @param predictions where one `<record>.psv` a patient goes, a row an hour
 * @param tell called after every group of stays with their number so far
 * @throws VigilError data-missing, recording-format, recording-unreadable, sink-failed; usage for another kind of model
 */
export async function evaluateSepsis2019(
  bundle: ModelBundle<ClassifierManifest>,
  dataDir: string,
  predictions?: PredictionFolder,
  tell?: (patients: number) => void,
): Promise<SepsisEvaluation> {
  const { manifest } = bundle
  if (manifest.inputs.kind !== 'sepsis-hour')
    throw new VigilError('usage', `${manifest.name} reads other data than this`)
  const faults = noFaults()
  const rows: (Omit<SepsisCase, 'labels'> & { readonly labels: Uint8Array | undefined })[] = []
  for await (const { stay, logits } of scoreHourly(bundle, readPhysionet2019(dataDir, faults))) {
    const probabilities = logits.map((logit) => probabilityOf(manifest, logit))
    const fired = Uint8Array.from(logits, (logit) => (logit >= manifest.outcome.threshold ? 1 : 0))
    await predictions?.write(`${stay.name}.psv`, predictionFile(probabilities, fired))
    const clock = firesAt(manifest.outcome.clock, hoursOf(stay))
    rows.push({ stay, labels: stay.labels, logits, probabilities, fired, clock })
    tell?.(rows.length)
  }
  // the order in which patients come changes nothing
  rows.sort((a, b) => byName(a.stay, b.stay))
  const counted = {
    model: `${manifest.name}@${manifest.version}`,
    patients: rows.length,
    hours: rows.reduce((sum, { fired }) => sum + fired.length, 0),
    alarmHours: rows.reduce((sum, { fired }) => sum + fired.reduce((a, b) => a + b, 0), 0),
    trainedOnThese: cohortSha256(rows.map(({ stay }) => stay)) === manifest.training.dataSha256,
    faults,
  }
  const cases = rows.filter((row): row is SepsisCase => row.labels !== undefined)
  if (cases.length === 0) return { report: { labels: false, ...NO_SCORES, ...counted }, cases }
  return { report: { labels: true, ...sepsisScores(cases), ...counted }, cases }
}

const byName = (a: HourlyStay, b: HourlyStay): number => (a.name < b.name ? -1 : 1)

const NO_SCORES: { readonly [Key in keyof SepsisScores]: null } = {
  utility: null,
  utilityInterval: null,
  auroc: null,
  aurocInterval: null,
  auprc: null,
  auprcInterval: null,
  septicPatients: null,
  clockOnlyUtility: null,
  aboveClockInterval: null,
  baselines: null,
  calibration: null,
}

function predictionFile(probabilities: Float64Array, fired: Uint8Array): string {
  const lines = Array.from(probabilities, (probability, t) => `${probability}|${fired[t]!}\n`)
  return `PredictedProbability|PredictedLabel\n${lines.join('')}`
}

import { VigilError } from '../errors.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { cohortSha256 } from '../training/classifier/bundle.ts'
import { readPhysionet2012 } from '../training/cohorts/physionet2012.ts'
import { type Faults, type HourlyStay, noFaults } from '../training/cohorts/stay.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { type MortalityCase, type MortalityScores, mortalityScores } from './mortality-scores.ts'
import type { PredictionFolder } from './prediction-files.ts'
import { probabilityOf, scoreHourly } from './serve-hourly.ts'

/** The keys of `evaluate mortality2012 --json`; null where the data has no outcomes. */
export type MortalityReport = {
  readonly model: string
  readonly labels: boolean
  readonly patients: number
  readonly predictedDeaths: number
  /** whether these are the very patients, all of them, that the model was trained on: then nothing here is a test */
  readonly trainedOnThese: boolean
  readonly faults: Faults
} & { readonly [Key in keyof MortalityScores]: MortalityScores[Key] | null }

export interface MortalityEvaluation {
  readonly report: MortalityReport
  /** by name; none where the data has no outcomes */
  readonly cases: readonly MortalityCase[]
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
): Promise<MortalityEvaluation> {
  const { manifest } = bundle
  if (manifest.inputs.kind !== 'icu-48h') throw new VigilError('usage', `${manifest.name} reads other data than this`)
  const faults = noFaults()
  const rows: (Omit<MortalityCase, 'died'> & { readonly died: number | undefined })[] = []
  for await (const { stay, logits } of scoreHourly(bundle, readPhysionet2012(dataDir, faults))) {
    const probabilities = logits.map((logit) => probabilityOf(manifest, logit))
    const label = logits.at(-1)! >= manifest.outcome.threshold ? 1 : 0
    rows.push({ stay, died: stay.labels?.[0], probabilities, probability: probabilities.at(-1)!, label })
    tell?.(rows.length)
  }
  // the order in which patients come changes nothing
  rows.sort((a, b) => byName(a.stay, b.stay))
  const lines = rows.map(({ stay, probability, label }) => `${stay.name},${probability},${label}\n`)
  await predictions?.write('predictions.csv', `RecordID,probability,label\n${lines.join('')}`)
  const counted = {
    model: `${manifest.name}@${manifest.version}`,
    patients: rows.length,
    predictedDeaths: rows.filter(({ label }) => label === 1).length,
    trainedOnThese: cohortSha256(rows.map(({ stay }) => stay)) === manifest.training.dataSha256,
    faults,
  }
  const cases = rows.filter((row): row is MortalityCase => row.died !== undefined)
  if (cases.length < rows.length) return { report: { labels: false, ...NO_SCORES, ...counted }, cases: [] }
  return { report: { labels: true, ...mortalityScores(cases), ...counted }, cases }
}

const byName = (a: HourlyStay, b: HourlyStay): number => (a.name < b.name ? -1 : 1)

const NO_SCORES: { readonly [Key in keyof MortalityScores]: null } = {
  event1: null,
  event1Interval: null,
  auroc: null,
  aurocInterval: null,
  auprc: null,
  auprcInterval: null,
  deaths: null,
  baselines: null,
  calibration: null,
}

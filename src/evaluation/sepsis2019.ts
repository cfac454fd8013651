import { VigilError } from '../errors.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { hoursOf, readPhysionet2019 } from '../training/cohorts/physionet2019.ts'
import { type Faults, noFaults } from '../training/cohorts/stay.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { type Interval, ratioInterval } from './metrics/bootstrap.ts'
import { type CalibrationTenth, calibrationTenths } from './metrics/calibration.ts'
import { firesAt } from './metrics/clock.ts'
import { areas } from './metrics/curves.ts'
import { joined } from './metrics/joined.ts'
import { patientUtility } from './metrics/sepsis-utility.ts'
import type { PredictionFolder } from './prediction-files.ts'
import { probabilityOf, scoreHourly } from './serve-hourly.ts'

/** The keys of `evaluate sepsis2019 --json`; null where the data has no labels. */
export interface SepsisReport {
  readonly model: string
  readonly labels: boolean
  readonly utility: number | null
  /** 95 %, patients drawn with replacement */
  readonly utilityInterval: Interval | null
  readonly auroc: number | null
  readonly auprc: number | null
  readonly patients: number
  readonly septicPatients: number | null
  readonly hours: number
  readonly alarmHours: number
  readonly clockOnlyUtility: number | null
  /** our utility less the clock's, same patients */
  readonly aboveClockInterval: Interval | null
  readonly calibration: readonly CalibrationTenth[] | null
  readonly faults: Faults
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
): Promise<SepsisReport> {
  const { manifest } = bundle
  if (manifest.inputs.kind !== 'sepsis-hour')
    throw new VigilError('usage', `${manifest.name} reads other data than this`)
  const faults = noFaults()
  const rows: Row[] = []
  for await (const { stay, logits } of scoreHourly(bundle, readPhysionet2019(dataDir, faults))) {
    const probabilities = logits.map((logit) => probabilityOf(manifest, logit))
    const fired = Uint8Array.from(logits, (logit) => (logit >= manifest.outcome.threshold ? 1 : 0))
    await predictions?.write(`${stay.name}.psv`, predictionFile(probabilities, fired))
    rows.push({
      name: stay.name,
      probabilities,
      fired,
      clock: firesAt(manifest.outcome.clock, hoursOf(stay)),
      labels: stay.labels,
    })
    tell?.(rows.length)
  }
  // the order in which patients come changes nothing
  rows.sort((a, b) => (a.name < b.name ? -1 : 1))
  const counted = {
    model: `${manifest.name}@${manifest.version}`,
    patients: rows.length,
    hours: rows.reduce((sum, { fired }) => sum + fired.length, 0),
    alarmHours: rows.reduce((sum, { fired }) => sum + fired.reduce((a, b) => a + b, 0), 0),
    faults,
  }
  const labelled = rows.filter((row): row is Labelled => row.labels !== undefined)
  return labelled.length === 0 ? { ...UNLABELLED, ...counted } : { ...scores(labelled), ...counted }
}

interface Row {
  readonly name: string
  readonly probabilities: Float64Array
  readonly fired: Uint8Array
  readonly clock: Uint8Array
  readonly labels: Uint8Array | undefined
}
type Labelled = Row & { readonly labels: Uint8Array }

const UNLABELLED = {
  labels: false,
  utility: null,
  utilityInterval: null,
  auroc: null,
  auprc: null,
  septicPatients: null,
  clockOnlyUtility: null,
  aboveClockInterval: null,
  calibration: null,
} as const

function scores(rows: readonly Labelled[]) {
  const ours = rows.map(({ labels, fired }) => patientUtility(labels, fired))
  const clock = rows.map(({ labels, clock: fired }) => patientUtility(labels, fired))
  const [earned, best] = [ours.map((it) => it.earned), ours.map((it) => it.best)].map((of) => Float64Array.from(of!)) as [Float64Array, Float64Array] // biome-ignore format: one line
  const above = earned.map((value, i) => value - clock[i]!.earned)
  const total = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0)
  const labels = joined(rows.map((row) => row.labels))
  const probabilities = joined(rows.map((row) => row.probabilities))
  return {
    labels: true,
    utility: share(total(earned), total(best)),
    utilityInterval: ratioInterval(earned, best),
    ...areas(probabilities, labels),
    septicPatients: rows.filter((row) => row.labels.includes(1)).length,
    clockOnlyUtility: share(total(clock.map((it) => it.earned)), total(best)),
    aboveClockInterval: ratioInterval(above, best),
    calibration: calibrationTenths(probabilities, labels),
  }
}

/** Where nobody becomes septic there is nothing to be earned, and no utility. */
const share = (earned: number, best: number): number => (best === 0 ? Number.NaN : earned / best)

function predictionFile(probabilities: Float64Array, fired: Uint8Array): string {
  const lines = Array.from(probabilities, (probability, t) => `${probability}|${fired[t]!}\n`)
  return `PredictedProbability|PredictedLabel\n${lines.join('')}`
}

import type { TrainingEngineName } from '../training/engine.ts'
import { ecgBaselines, ecgScores } from './ecg-baselines.ts'
import { forecastRecords, normalised } from './ecg-forecasts.ts'
import { type EcgRecord, trainedSamples } from './ecg-record.ts'
import { differenceOf, type Interval, middleOf } from './metrics/bootstrap.ts'
import { areas, fallingOrder } from './metrics/curves.ts'
import { drawnAreas } from './metrics/drawn-areas.ts'
import { strongestLag, vusPr } from './range-curve.ts'

export interface EcgFigures {
  readonly aucPr: number
  readonly vusPr: number
}

export interface EcgResult {
  /** [records][N], aligned with the samples */
  readonly scores: readonly Float64Array[]
  /** undefined where no record is labelled */
  readonly figures: EcgTable | undefined
}

/** By record, and the mean over records, of the labelled ones. */
export interface EcgTable {
  readonly records: Readonly<Record<string, EcgFigures>>
  readonly meanAucPr: number
  /** AUC-PR by baseline: by record, and the mean */
  readonly baselines: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** 95 % of the mean AUC-PR, half minutes of every record drawn with replacement */
  readonly interval: Interval
  /** ours less theirs, mean AUC-PR, the same half minutes drawn, 95 % */
  readonly above: Readonly<Record<string, Interval>>
}

/** Train on each record's first tenth, score the whole of it, compare with its labels where it has both kinds. */
export async function evaluateEcg(
  records: readonly EcgRecord[],
  engine: TrainingEngineName,
  told: (line: string) => void,
): Promise<EcgResult> {
  const forecasts = await forecastRecords(records, engine, told)
  const scores = records.map((record, r) => ecgScores(normalised(record), forecasts[r]!))
  const figures: Record<string, EcgFigures> = {}
  const baselines: Record<string, Record<string, number>> = {}
  const draws = new Map<string, Float64Array[]>()
  const judge = (name: string, of: Float64Array, labels: Uint8Array): number => {
    const order = fallingOrder(of)
    draws.set(name, [...(draws.get(name) ?? []), blockDraws(of, labels, order)])
    return areas(of, labels, order).auprc
  }
  records.forEach((record, r) => {
    const { name, values, labels } = record
    if (labels === undefined || !labels.includes(1)) return
    const widest = strongestLag(values.map((value) => (Number.isNaN(value) ? 0 : value)))
    figures[name] = { aucPr: judge(OURS, scores[r]!, labels), vusPr: vusPr(scores[r]!, labels, widest) }
    const z = Float64Array.from(normalised(record))
    for (const [baseline, theirs] of Object.entries(ecgBaselines(z, trainedSamples(record)))) {
      baselines[baseline] = { ...baselines[baseline], [name]: judge(baseline, theirs, labels) }
    }
  })
  if (Object.keys(figures).length === 0) return { scores, figures: undefined }
  for (const each of Object.values(baselines)) each['mean'] = mean(Object.values(each))
  const meanAucPr = mean(Object.values(figures).map(({ aucPr }) => aucPr))
  const ours = meanDraws(draws.get(OURS)!)
  const above = Object.fromEntries(
    Object.keys(baselines).map((name) => [name, differenceOf(ours, meanDraws(draws.get(name)!))]),
  )
  return { scores, figures: { records: figures, meanAucPr, baselines, interval: middleOf(ours), above } }
}

const OURS = 'vigil'
/** half a minute at 128 Hz: longer than what one odd beat does to its neighbours */
const BLOCK = 3840
const DRAWS = 200

/** [repeats] AUC-PR of a record whose half minutes are drawn with replacement. */
function blockDraws(scores: Float64Array, labels: Uint8Array, order: Int32Array): Float64Array {
  const patientOf = Int32Array.from(scores, (_, t) => Math.floor(t / BLOCK))
  return drawnAreas({ scores, labels, order, patientOf }, Math.ceil(scores.length / BLOCK), DRAWS).auprc
}

/** [repeats] mean over records. */
function meanDraws(byRecord: readonly Float64Array[]): Float64Array {
  return byRecord[0]!.map((_, draw) => mean(byRecord.map((of) => of[draw]!)))
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0)

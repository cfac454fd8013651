import type { TrainingEngineName } from '../training/engine.ts'
import { ecgBaselines, ecgScores } from './ecg-baselines.ts'
import { forecastRecords, normalised } from './ecg-forecasts.ts'
import { type EcgRecord, trainedSamples } from './ecg-record.ts'
import { areas } from './metrics/curves.ts'
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
  records.forEach((record, r) => {
    const { name, values, labels } = record
    if (labels === undefined || !labels.includes(1)) return
    const widest = strongestLag(values.map((value) => (Number.isNaN(value) ? 0 : value)))
    figures[name] = { aucPr: areas(scores[r]!, labels).auprc, vusPr: vusPr(scores[r]!, labels, widest) }
    const z = Float64Array.from(normalised(record))
    for (const [baseline, theirs] of Object.entries(ecgBaselines(z, trainedSamples(record)))) {
      baselines[baseline] = { ...baselines[baseline], [name]: areas(theirs, labels).auprc }
    }
  })
  if (Object.keys(figures).length === 0) return { scores, figures: undefined }
  for (const each of Object.values(baselines)) each['mean'] = mean(Object.values(each))
  const meanAucPr = mean(Object.values(figures).map(({ aucPr }) => aucPr))
  return { scores, figures: { records: figures, meanAucPr, baselines } }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0)

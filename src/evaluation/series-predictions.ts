import path from 'node:path'
import type { EcgRecord } from './ecg-record.ts'
import type { NabSeries } from './nab-corpus.ts'
import { predictionFolder } from './prediction-files.ts'

/**
 * The benchmark's own result files: `<category>/vigil_<file>.csv` with `timestamp,value,anomaly_score,label`, a row for
 * each row of the series in its order. The label is the benchmark's, 1 inside a window; 0 where there are no labels.
 * @throws VigilError sink-failed
 */
export async function writeNabPredictions(
  dir: string,
  series: readonly NabSeries[],
  scores: readonly Float64Array[],
): Promise<void> {
  for (const [s, { name, stamps, texts, windows }] of series.entries()) {
    const [category, file] = name.split('/') as [string, string]
    const rows = stamps.map((stamp, row) => {
      const label = windows?.some(({ first, last }) => row >= first && row <= last) ? 1 : 0
      return `${stamp},${texts[row]},${scores[s]![row]},${label}\n`
    })
    const folder = await predictionFolder(path.join(dir, category))
    await folder.write(`vigil_${file}`, `timestamp,value,anomaly_score,label\n${rows.join('')}`)
  }
}

/** `<record>.csv`, one score a line, line t for sample t. @throws VigilError sink-failed */
export async function writeEcgPredictions(
  dir: string,
  records: readonly EcgRecord[],
  scores: readonly Float64Array[],
): Promise<void> {
  const folder = await predictionFolder(dir)
  for (const [r, { name }] of records.entries()) {
    await folder.write(`${name}.csv`, Array.from(scores[r]!, (score) => `${score}\n`).join(''))
  }
}

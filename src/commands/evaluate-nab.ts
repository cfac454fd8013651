import { Command } from 'commander'
import { evaluateNab } from '../evaluation/nab.ts'
import { type NabCorpus, readNab } from '../evaluation/nab-corpus.ts'
import { NAB_THRESHOLD } from '../evaluation/nab-detector.ts'
import { predictionFolder } from '../evaluation/prediction-files.ts'
import { nabDocument } from '../evaluation/report/nab-report.ts'
import { writeNabPredictions } from '../evaluation/series-predictions.ts'
import { printJson } from './options.ts'
import { progressLine } from './progress.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface NabFlags {
  data: string
  predictions?: string
  report?: string
  json?: boolean
}

export function nab(): Command {
  return new Command('nab')
    .description('Numenta Anomaly Benchmark: streaming, one setting and one threshold for all series')
    .requiredOption('--data <dir>', "the benchmark's data/ and labels/, or a .tar.gz of them")
    .option('--predictions <dir>', 'write <category>/vigil_<file>.csv: timestamp,value,anomaly_score,label')
    .option(...REPORT_FLAG)
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample (a checkout of numenta/NAB):\n  vigil evaluate nab --data NAB --json\n')
    .action(async ({ data, predictions, report, json }: NabFlags) => {
      checkReportName(report)
      const started = performance.now()
      const corpus = await readNab(data)
      if (predictions !== undefined) await predictionFolder(predictions) // rather now than after the work
      const progress = progressLine()
      const result = await evaluateNab(corpus, (line) => progress.tell(() => line))
      const { scores, figures, interval, baselines, above } = result
      progress.clear()
      if (predictions !== undefined) await writeNabPredictions(predictions, corpus.series, scores)
      const warnings = shortcomings(corpus, figures === undefined)
      for (const warning of warnings) process.stderr.write(`${warning}\n`)
      if (report !== undefined) {
        await writeReport(report, nabDocument(corpus, result, warnings, provenanceOf(data, started)))
      }
      const nothing = { standard: null, rewardLowFP: null, rewardLowFN: null }
      const about = { series: corpus.series.length, unreadableRows: corpus.unreadableRows, missing: corpus.missing }
      if (json === true) {
        printJson({
          ...(figures ?? nothing),
          threshold: NAB_THRESHOLD,
          ...about,
          interval: interval ?? null,
          baselines,
          above,
          warnings,
        })
        return
      }
      process.stdout.write(`${corpus.series.length} series, threshold ${NAB_THRESHOLD}\n`)
      for (const [name, score] of Object.entries({ ...figures, ...baselines })) {
        process.stdout.write(`${name.padEnd(36)}${score.toFixed(2).padStart(8)}\n`)
      }
    })
}

/** What makes the figures less than they seem, in words. */
function shortcomings({ series, labelled, unreadableRows, missing }: NabCorpus, noMetric: boolean): string[] {
  const unlabelled = series.filter(({ windows }) => windows === undefined).length
  const warnings: string[] = []
  if (!labelled) warnings.push('no metric: the folder has no combined_windows.json')
  else if (noMetric) warnings.push('no metric: the labels have no window in these series')
  if (labelled && unlabelled > 0) warnings.push(`not in the figures: ${unlabelled} series without labels`)
  if (missing.length > 0) warnings.push(`not in the figures: ${missing.length} labelled series that are not there`)
  if (unreadableRows > 0) warnings.push(`${unreadableRows} rows cannot be read; they score 0`)
  return warnings
}

import { Command, Option } from 'commander'
import { evaluateEcg } from '../evaluation/ecg.ts'
import { readEcg } from '../evaluation/ecg-record.ts'
import { predictionFolder } from '../evaluation/prediction-files.ts'
import { ecgDocument } from '../evaluation/report/ecg-report.ts'
import { writeEcgPredictions } from '../evaluation/series-predictions.ts'
import { TRAINING_ENGINES, type TrainingEngineName } from '../training/engine.ts'
import { printJson } from './options.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface EcgFlags {
  data: string
  predictions?: string
  report?: string
  engine: TrainingEngineName
  json?: boolean
}

export function ecg(): Command {
  return new Command('ecg')
    .description('ECG records with labelled spans: networks trained on the first tenth of each, then streaming')
    .requiredOption('--data <dir>', 'folder of records: NAME.out, .csv or .txt, plain or .gz, rows "value,label"')
    .option('--predictions <dir>', 'write <record>.csv: one score a line, aligned with the samples')
    .addOption(new Option('--engine <name>', 'TensorFlow.js engine').choices(TRAINING_ENGINES).default('wasm'))
    .option(...REPORT_FLAG)
    .option('--json', 'one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExample (MBA_ECG805_data.out and others of TSB-UAD in a folder):\n  vigil evaluate ecg --data ecg --json\n',
    )
    .action(async ({ data, predictions, report, engine, json }: EcgFlags) => {
      checkReportName(report)
      const started = performance.now()
      const records = await readEcg(data)
      if (predictions !== undefined) await predictionFolder(predictions) // rather now than after the work
      const result = await evaluateEcg(records, engine, (line) => void process.stderr.write(`${line}\n`))
      const { scores, figures } = result
      if (predictions !== undefined) await writeEcgPredictions(predictions, records, scores)
      const unreadableSamples = records.reduce((sum, { values }) => sum + values.filter(Number.isNaN).length, 0)
      const warnings: string[] = []
      const unlabelled = records.filter(({ name }) => figures?.records[name] === undefined).length
      if (figures === undefined) warnings.push('no metric: no record has a label of 1')
      else if (unlabelled > 0) warnings.push(`not in the figures: ${unlabelled} records without a label of 1`)
      if (unreadableSamples > 0)
        warnings.push(`${unreadableSamples} samples cannot be read; they keep the score before them`)
      for (const warning of warnings) process.stderr.write(`${warning}\n`)
      if (report !== undefined) {
        await writeReport(report, ecgDocument(records, result, warnings, provenanceOf(data, started)))
      }
      if (json === true) {
        printJson({
          ...(figures ?? { records: {}, meanAucPr: null, baselines: {}, interval: null, above: {} }),
          unreadableSamples,
          warnings,
        })
        return
      }
      const line = (name: string, ...values: number[]) =>
        process.stdout.write(`${name.padEnd(36)}${values.map((value) => value.toFixed(3).padStart(8)).join('')}\n`)
      if (figures === undefined) return
      process.stdout.write(`${'record'.padEnd(36)}  AUC-PR  VUS-PR\n`)
      for (const [name, { aucPr, vusPr }] of Object.entries(figures.records)) line(name, aucPr, vusPr)
      line('mean', figures.meanAucPr)
      for (const [name, by] of Object.entries(figures.baselines)) line(name, ...Object.values(by))
    })
}

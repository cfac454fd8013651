import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { VigilError } from '../errors.ts'
import { type PredictionFolder, predictionFolder } from '../evaluation/prediction-files.ts'
import type { Provenance } from '../evaluation/report/parts.ts'
import { type ModelBundle, openClassifier } from '../inference/model-store.ts'
import { createLog } from '../log.ts'
import type { ReportDocument } from '../report/document.ts'
import { type Faults, faultsInWords } from '../training/cohorts/stay.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import { printJson } from './options.ts'
import { progressLine } from './progress.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface Flags {
  data: string
  report?: string
  model: string
  models: string
  predictions?: string
  json?: boolean
}

/** What every report of a classifier has. */
interface Report {
  readonly labels: boolean
  readonly patients: number
  readonly faults: Faults
}

/** A benchmark of a shipped classifier: its own flags, its report, and what a person reads of it. */
export function classifierBenchmark<E extends { readonly report: Report }>(about: {
  readonly name: string
  readonly description: string
  /** model by default */
  readonly model: string
  readonly example: string
  evaluate(
    bundle: ModelBundle<ClassifierManifest>,
    dataDir: string,
    predictions: PredictionFolder | undefined,
    tell: (patients: number) => void,
  ): Promise<E>
  /** lines of a report with labels */
  lines(evaluation: E): readonly string[]
  /** @param metrics the model's own metrics.json */
  document(evaluation: E, manifest: ClassifierManifest, metrics: unknown, provenance: Provenance): ReportDocument
}): Command {
  return new Command(about.name)
    .description(about.description)
    .requiredOption('--data <dir>', 'the data as its publisher lays it out: files, folders or .tar.gz')
    .option('--model <id>', 'NAME or NAME@VERSION', about.model)
    .option('--models <dir>', 'the registry', SHIPPED_MODELS)
    .option('--predictions <dir>', 'write prediction files there, as the official scorer reads them')
    .option(...REPORT_FLAG)
    .option('--json', 'print the report as one JSON object on standard output')
    .addHelpText('after', `\nExample:\n  ${about.example}\n`)
    .action(async ({ data, model, models, predictions, report: file, json }: Flags) => {
      checkReportName(file)
      const started = performance.now()
      const bundle = await openClassifier(models, model)
      if (bundle.manifest.outcome.classes !== undefined) {
        throw new VigilError('manifest-invalid', 'outcome.classes: a benchmark asks for one event', {
          place: bundle.dir,
        })
      }
      const folder = predictions === undefined ? undefined : await predictionFolder(predictions)
      const progress = progressLine()
      const evaluation = await about.evaluate(bundle, data, folder, (patients) =>
        progress.tell(() => `${about.name}: ${patients} patients`),
      )
      progress.clear()
      const { report } = evaluation
      const faults = faultsInWords(report.faults)
      if (faults !== undefined) warn(faults)
      if (!report.labels) warn('the data has no labels: predictions only, no metric')
      if (file !== undefined) {
        const metrics = await metricsOf(bundle.dir)
        const provenance = provenanceOf(data, started)
        await writeReport(file, about.document(evaluation, bundle.manifest, metrics, provenance))
      }
      if (json === true) printJson(report)
      else if (report.labels) process.stdout.write(`${about.lines(evaluation).join('\n')}\n`)
      else process.stdout.write(`${report.patients} patients scored, no labels to hold them against\n`)
    })
}

/** What was measured while a model was made; undefined where it says nothing of it. */
async function metricsOf(dir: string): Promise<unknown> {
  const text = await readFile(join(dir, 'metrics.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** To a person as a line, to a machine as JSON. */
function warn(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`)
  else createLog('info').warn(line)
}

/** `.412 [.384, .440]` */
export function withInterval(value: number, [low, high]: readonly [number, number]): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}

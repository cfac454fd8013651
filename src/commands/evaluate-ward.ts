import { Command } from 'commander'
import { withClosing } from '../closing.ts'
import { wardDocument } from '../evaluation/report/ward-report.ts'
import { evaluateWard, type WardResult } from '../evaluation/ward/evaluate.ts'
import { evaluatedModel } from './evaluated-model.ts'
import { alarmBudget, printJson, whole } from './options.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface WardFlags {
  budget: string
  beds: number
  calmBeds: number
  seed: number
  model: string
  dir?: string
  report?: string
  json?: boolean
}

export function ward(): Command {
  return new Command('ward')
    .description(
      'one episode a patient-day in a simulated ward: how early it is found, and whether sensors are told apart',
    )
    .option('--budget <n/patient-day>', 'alarms a patient-day of every detector in a calm ward', '1/patient-day')
    .option('--beds <n>', 'patients with an episode each, for a day', whole(14), 112)
    .option('--calm-beds <n>', 'patients of the calm ward that sets the thresholds', whole(8), 32)
    .option('--seed <n>', 'the same seed gives the same figures', whole(0), 1)
    .option('--model <id>', 'the model to judge: NAME or NAME@VERSION', 'bedside')
    .option('--dir <folder>', 'the registry it is in; the shipped models by default')
    .option(...REPORT_FLAG)
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample:\n  vigil evaluate ward --beds 28 --json\n')
    .action((flags: WardFlags) =>
      withClosing(async (atEnd) => {
        checkReportName(flags.report)
        const started = performance.now()
        const perDay = alarmBudget(flags.budget)
        const model = await evaluatedModel(flags, atEnd)
        const say = (line: string) => void process.stderr.write(`${line}\n`)
        const evaluation = await evaluateWard(model, { ...flags, perDay }, say)
        const { result } = evaluation
        if (flags.report !== undefined) {
          const provenance = provenanceOf(`simulated ward, seed ${flags.seed}`, started)
          await writeReport(flags.report, wardDocument(evaluation, model.manifest, provenance))
        }
        if (flags.json === true) printJson(result)
        else process.stdout.write(text(result))
      }),
    )
}

function text({ model, patientDays, budget, detectors, confusion, byKind }: WardResult): string {
  const lines = [`${model}: ${patientDays} patient-days, every detector at ${budget} alarms a patient-day when calm`]
  for (const [name, { setting, lead }] of Object.entries(detectors)) {
    lines.push(`${name} (${setting})`)
    for (const [kind, { episodes, found, interval, medianDelayMinutes, medianLeadMinutes }] of Object.entries(lead))
      lines.push(
        `  ${kind.padEnd(12)} found ${(100 * found).toFixed(0).padStart(3)} % (${interval.map((it) => (100 * it).toFixed(0)).join(' to ')}) of ${episodes}, ${medianDelayMinutes ?? '-'} min after onset, ${medianLeadMinutes ?? '-'} min before its worst`,
      )
  }
  lines.push('what it was: said to be physiological / technical / nothing said')
  for (const [kind, said] of [...Object.entries(confusion), ...Object.entries(byKind)])
    lines.push(`  ${kind.padEnd(14)} ${said.physiological} / ${said.technical} / ${said.nothing}`)
  return `${lines.join('\n')}\n`
}

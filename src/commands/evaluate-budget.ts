import { Command, Option } from 'commander'
import { withClosing } from '../closing.ts'
import { evaluateBudget } from '../evaluation/budget/evaluate.ts'
import { budgetDocument } from '../evaluation/report/budget-report.ts'
import { SETTINGS, type WardSetting } from '../ingest/simulator/settings.ts'
import { evaluatedModel } from './evaluated-model.ts'
import { alarmBudget, positive, printJson, whole } from './options.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface BudgetFlags {
  budget: string
  calibrationBeds: number
  beds: number
  from: WardSetting['name']
  hours: number
  seed: number
  model: string
  dir?: string
  report?: string
  json?: boolean
}

export function budget(): Command {
  return new Command('budget')
    .description('an alarm budget kept: a threshold from one simulated ward, realised on another')
    .option('--budget <n/patient-day>', 'advisories a patient-day', '1/patient-day')
    .option('--beds <n>', 'patients watched to realise it', whole(1), 104)
    .option('--calibration-beds <n>', 'patients who set the threshold', whole(1), 104)
    .addOption(
      new Option('--from <setting>', 'settings of the ward that sets the threshold')
        .choices(Object.keys(SETTINGS))
        .default('evaluation'),
    )
    .option('--hours <n>', 'hours of a patient', positive, 24)
    .option('--seed <n>', 'the same seed gives the same figures', whole(0), 1)
    .option('--model <id>', 'the model to judge: NAME or NAME@VERSION', 'bedside')
    .option('--dir <folder>', 'the registry it is in; the shipped models by default')
    .option(...REPORT_FLAG)
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample:\n  vigil evaluate budget --json\n')
    .action((flags: BudgetFlags) =>
      withClosing(async (atEnd) => {
        checkReportName(flags.report)
        const started = performance.now()
        const perDay = alarmBudget(flags.budget)
        const model = await evaluatedModel(flags, atEnd)
        const say = (line: string) => void process.stderr.write(`${line}\n`)
        const evaluation = await evaluateBudget(model, { ...flags, perDay }, say)
        const { result } = evaluation
        if (flags.report !== undefined) {
          const provenance = provenanceOf(`simulated ward, seed ${flags.seed}`, started)
          await writeReport(flags.report, budgetDocument(evaluation, model.manifest, provenance))
        }
        if (flags.json === true) return printJson(result)
        const [low, high] = result.interval
        process.stdout.write(
          `${result.model}: ${result.realised} advisories a patient-day (95 % ${low} to ${high}) in ${result.patientDays} patient-days, budget ${result.budget}\n`,
        )
      }),
    )
}

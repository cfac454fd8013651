import { Command } from 'commander'
import { withClosing } from '../closing.ts'
import { evaluateFaults } from '../evaluation/faults/evaluate.ts'
import { faultsTable } from '../evaluation/faults/table.ts'
import { faultsDocument } from '../evaluation/report/faults-report.ts'
import { evaluatedModel, secondOpinion } from './evaluated-model.ts'
import { positive, printJson } from './options.ts'
import { checkReportName, provenanceOf, REPORT_FLAG, writeReport } from './report-file.ts'

interface FaultsFlags {
  data: string
  model: string
  dir?: string
  second?: string
  rate: number
  report?: string
  json?: boolean
}

export function faults(): Command {
  return new Command('faults')
    .description('faults put into BIDMC recordings that nothing was tuned on, every detector at the same false alarms')
    .requiredOption('--data <dir>', 'PhysioNet BIDMC numerics (*_Numerics.csv)')
    .option('--model <id>', 'the model to judge: NAME or NAME@VERSION', 'bedside')
    .option('--dir <folder>', 'the registry it is in; the shipped models by default')
    .option('--second <id>', 'a reconstructor to judge beside it, as a detector of its own: encdec')
    .option('--rate <n>', 'false alarms per patient-hour on the untouched recordings, at most', positive, 4)
    .option(...REPORT_FLAG)
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample (PhysioNet BIDMC):\n  vigil evaluate faults --data bidmc --second encdec --json\n')
    .action((flags: FaultsFlags) =>
      withClosing(async (atEnd) => {
        checkReportName(flags.report)
        const started = performance.now()
        const model = await evaluatedModel(flags, atEnd)
        const say = (line: string) => void process.stderr.write(`${line}\n`)
        const { dir, second } = flags
        const opinion =
          second === undefined
            ? undefined
            : await secondOpinion({ ...(dir === undefined ? {} : { dir }), second }, atEnd)
        const evaluation = await evaluateFaults(model, flags.data, flags.rate, say, opinion)
        const { result } = evaluation
        if (flags.report !== undefined) {
          await writeReport(flags.report, faultsDocument(evaluation, model.manifest, provenanceOf(flags.data, started)))
        }
        if (flags.json === true) printJson(result)
        else process.stdout.write(faultsTable(result))
      }),
    )
}

import { Command } from 'commander'
import { firstValueFrom } from 'rxjs'
import { markdown } from '../bench/suite/report.ts'
import { runSuite } from '../bench/suite/run.ts'
import { printJson, whole, words } from './options.ts'
import { stopSignal } from './stop-signal.ts'

interface AllFlags {
  only?: readonly string[]
  out: string
  continue?: boolean
  runs?: number
  json?: boolean
}

export function allCommand(): Command {
  return new Command('all')
    .description('every bench within ten minutes, held against what has to be reached and the last committed figures')
    .option('--only <names>', 'some benches, with commas between them; the results are partial', words)
    .option('--continue', 'keep what the partial results of this commit have, and run the rest')
    .option('--runs <n>', 'each so often, instead of up to five times where it is short', whole(1))
    .option(
      '--out <folder>',
      'results: latest.json and latest.md of a whole run, else partial.json and partial.md',
      'bench',
    )
    .option('--json', 'print the results as one JSON object, not as a table')
    .addHelpText('after', '\nExample:\n  vigil bench all --only train --out /tmp/bench\n')
    .action(async ({ only, out, continue: goOn, runs, json }: AllFlags) => {
      const stop = new AbortController()
      void firstValueFrom(stopSignal()).then(() => stop.abort())
      const say = (line: string) => void process.stderr.write(`[bench] ${line}\n`)
      const report = await runSuite({ out, only, goOn, runs, say, signal: stop.signal })
      if (json) printJson(report)
      else process.stdout.write(markdown(report))
    })
}

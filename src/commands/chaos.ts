import { createWriteStream } from 'node:fs'
import { Command } from 'commander'
import { type ChaosOptions, chaos, wrongIn } from '../chaos/chaos.ts'
import { KILL_POINTS } from '../chaos/faults.ts'
import { VigilError } from '../errors.ts'
import { createLog } from '../log.ts'
import { positive, printJson, whole } from './options.ts'

interface Flags
  extends Record<'seed' | 'kills' | 'rebalances' | 'brokerRestarts' | 'stalls' | 'patients' | 'atOnce', number> {
  minutes?: number
  sessionSeconds: number
  processLog?: string
  swaps?: boolean
}

export function chaosCommand(): Command {
  return new Command('chaos')
    .description(
      'kills, stops and cuts off processes of the service, and holds what they said against an undisturbed run',
    )
    .option('--minutes <n>', 'begin no more faults after so long (default: until all are done)', positive)
    .option('--seed <n>', 'of the load and of the order of the faults', whole(0), 1)
    .option('--kills <n>', `kill -9, shared out among ${KILL_POINTS.join(', ')}`, whole(0), 24)
    .option('--rebalances <n>', 'processes that join or leave politely', whole(0), 6)
    .option(
      '--broker-restarts <n>',
      'broker restarts: power cuts, some in the middle of a commit, and polite ones',
      whole(0),
      3,
    )
    .option(
      '--stalls <n>',
      'stalled networks and processes that sleep through the loss of their partitions',
      whole(0),
      4,
    )
    .option('--patients <n>', 'patients of the load', whole(1), 24)
    .option('--at-once <n>', 'faults at the same time', whole(1), 1)
    .option('--session-seconds <n>', 'silence after which a process loses its partitions', positive, 3)
    .option('--swaps', 'versions of a model change hands meanwhile, and kills at steps of a commit wait for that')
    .option('--process-log <file>', 'what the processes log')
    .option('--json', 'accepted everywhere; the report is one JSON object in any case')
    .addHelpText('after', '\nExample:\n  vigil chaos --minutes 2 --seed 1\n')
    .action(async ({ processLog, ...flags }: Flags) => {
      const file = processLog === undefined ? undefined : createWriteStream(processLog, { flags: 'a' })
      const options: ChaosOptions = {
        ...flags,
        log: createLog('warn'),
        stderr: (text) => file?.write(text),
        say: (line) => void process.stderr.write(`${line}\n`),
      }
      const report = await chaos(options)
      file?.end()
      printJson(report)
      const wrong = wrongIn(report)
      if (wrong.length > 0) throw new VigilError('chaos-differs', `${wrong.join(', ')}; ${report.first.join('; ')}`)
    })
}

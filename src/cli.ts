import { Command, CommanderError } from 'commander'
import { benchCommand } from './commands/bench.ts'
import { calibrateCommand } from './commands/calibrate.ts'
import { chaosCommand } from './commands/chaos.ts'
import { compareCommand } from './commands/compare.ts'
import { deliverCommand } from './commands/deliver.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { explainCommand } from './commands/explain.ts'
import { gradientsCommand } from './commands/gradients.ts'
import { hl7Command } from './commands/hl7.ts'
import { kafkaCommand } from './commands/kafka.ts'
import { modelsCommand } from './commands/models.ts'
import { recordCommand } from './commands/record.ts'
import { replayCommand } from './commands/replay.ts'
import { retrainCommand } from './commands/retrain.ts'
import { serveCommand } from './commands/serve.ts'
import { simulateCommand } from './commands/simulate.ts'
import { printed, watchStandardOutput } from './commands/standard-output.ts'
import { tokenCommand } from './commands/token.ts'
import { trainCommand } from './commands/train.ts'
import { VigilError } from './errors.ts'
import { VERSION } from './version.ts'

/** Exit codes: done, the work failed, bad usage. */
const FAILED = 1
const BAD_USAGE = 2

const vigil = new Command('vigil')
  .description('Vital signs in, calibrated and explained alerts out. Research software, not a medical device.')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(vigil --help lists the commands)')
  .addHelpText('after', '\nExample:\n  vigil replay examples/recordings\n')
  .addCommand(demoCommand())
  .addCommand(serveCommand())
  .addCommand(hl7Command())
  .addCommand(deliverCommand())
  .addCommand(replayCommand())
  .addCommand(simulateCommand())
  .addCommand(trainCommand())
  .addCommand(recordCommand())
  .addCommand(retrainCommand())
  .addCommand(calibrateCommand())
  .addCommand(compareCommand())
  .addCommand(explainCommand())
  .addCommand(evaluateCommand())
  .addCommand(gradientsCommand())
  .addCommand(modelsCommand())
  .addCommand(benchCommand())
  .addCommand(chaosCommand())
  .addCommand(doctorCommand())
  .addCommand(tokenCommand())
  .addCommand(kafkaCommand(), { hidden: true })
for (const command of [vigil, ...vigil.commands.flatMap((it) => [it, ...it.commands])]) command.exitOverride()

/** Run one command line; the result is the exit code. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    await vigil.parseAsync(argv)
    await printed()
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USAGE
    if (!(error instanceof VigilError)) {
      process.stderr.write(`vigil: internal: ${error instanceof Error ? error.stack : String(error)}\n`)
      return FAILED
    }
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
    const why = typeof code === 'string' && !error.message.includes(code) ? `: ${code}` : ''
    const place = error.place === undefined ? '' : ` (${error.place})`
    process.stderr.write(`vigil: ${error.code}: ${error.message}${why}${place}\n`)
    return error.code === 'usage' ? BAD_USAGE : FAILED
  }
}

watchStandardOutput()
process.exitCode = await run(process.argv)

import { Command } from 'commander'
import { openServing } from '../app/serving.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { createLog } from '../log.ts'
import { stopSignal } from './stop-signal.ts'

export function serveCommand(): Command {
  return new Command('serve')
    .description('the service: readings from Kafka in, alerts out, state saved exactly once')
    .option('--config <file>', 'settings, YAML or JSON; every setting also from the environment')
    .addHelpText(
      'after',
      '\nExample:\n  npm run kafka          (a broker with a simulated ward, in another terminal)\n  vigil serve\n' +
        '\nOn SIGHUP it reads limits and alert rules again; other settings take a restart.\n',
    )
    .action((flags: { config?: string }) => withClosing((atEnd) => serve(flags, atEnd)))
}

/** A silent Kafka must not hold the end: what could not be committed is worked again, as after a crash. */
const END_MS = 8500

async function serve({ config }: { config?: string }, atEnd: AtEnd): Promise<void> {
  const asked = stopSignal()
  const settings = loadSettings(config, process.env)
  const log = createLog(settings.log.level)
  const service = await openServing({ settings, log }, atEnd)
  process.stdout.write(
    `Watching. The ward is at ${service.url}/  (metrics: ${service.url}/metrics). Ctrl-C stops it.\n`,
  )
  asked.subscribe(() => {
    void service.stop()
    setTimeout(() => {
      log.warn('Kafka does not answer: ended without having left the group')
      process.exit(0)
    }, END_MS).unref()
  })
  const reload = () => void service.reload(() => loadSettings(config, process.env))
  process.on('SIGHUP', reload)
  await service.ended.finally(() => process.off('SIGHUP', reload))
}

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
      '\nExample:\n  npm run kafka          (a broker with a simulated ward, in another terminal)\n  vigil serve\n',
    )
    .action((flags: { config?: string }) => withClosing((atEnd) => serve(flags, atEnd)))
}

async function serve({ config }: { config?: string }, atEnd: AtEnd): Promise<void> {
  const asked = stopSignal()
  const settings = loadSettings(config, process.env)
  const service = await openServing({ settings, log: createLog(settings.log.level) }, atEnd)
  process.stdout.write(
    `Watching. The ward is at ${service.url}/  (metrics: ${service.url}/metrics). Ctrl-C stops it.\n`,
  )
  asked.subscribe(() => void service.stop())
  await service.ended
}

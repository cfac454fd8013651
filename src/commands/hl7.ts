import { Command } from 'commander'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import type { VigilError } from '../errors.ts'
import { openGateway } from '../hl7/gateway.ts'
import type { Met } from '../hl7/site.ts'
import { listen } from '../http/listener.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import { createLog, type Log } from '../log.ts'
import { eventLoopCheck } from '../metrics/health.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { openVaultWriter, vaultPlace } from '../vault/vault.ts'
import { channelTable } from '../vitals/channels.ts'
import type { Settings } from '../vitals/settings.ts'
import { stopSignal } from './stop-signal.ts'
import { vaultTrouble } from './vault-trouble.ts'

export function hl7Command(): Command {
  return new Command('hl7')
    .description('the edge for HL7 v2: monitors and admissions by MLLP in, pseudonymous readings into Kafka')
    .option('--config <file>', 'settings, YAML or JSON; every setting also from the environment')
    .addHelpText(
      'after',
      '\nExample:\n  npm run kafka          (a broker, in another terminal)\n' +
        '  VIGIL_HL7_SECRET=a-secret-of-this-site VIGIL_HTTP_PORT=8081 vigil hl7\n',
    )
    .action((flags: { config?: string }) => withClosing((atEnd) => gateway(flags, atEnd)))
}

/** What is to hear of patients: the vault, where there is one. One that fails holds up no reading, and is tried again with the next. */
function keeping(settings: Settings, log: Log, atEnd: AtEnd): Met | undefined {
  const place = vaultPlace(settings.vault)
  if (place === undefined) return undefined
  const vault = openVaultWriter(place)
  atEnd(() => vault.close())
  const failed = vaultTrouble(log)
  return (pseudonym, identity) => {
    try {
      vault.keep(pseudonym, identity)
    } catch (error) {
      failed(error as VigilError)
    }
  }
}

async function gateway({ config }: { config?: string }, atEnd: AtEnd): Promise<void> {
  const asked = stopSignal()
  const settings = loadSettings(config, process.env)
  const log = createLog(settings.log.level)
  const telemetry = prometheusTelemetry()
  const client = await openKafka(settings.kafka, log)
  atEnd(() => client.close())
  const writer = await client.writer()
  atEnd(() => writer.close())
  const gateway = await openGateway({
    settings: settings.hl7,
    topicPrefix: settings.kafka.topicPrefix,
    partitions: client.partitions,
    writer,
    table: channelTable(),
    telemetry: telemetry.hl7,
    log,
    met: keeping(settings, log, atEnd),
  })
  atEnd(() => gateway.close())
  const eventLoop = eventLoopCheck()
  const kafka = () => ({ ok: gateway.trouble === undefined, reason: gateway.trouble ?? 'Kafka takes what comes' })
  const http = await listen({
    ...settings.http,
    telemetry,
    health: { live: () => ({ eventLoop: eventLoop() }), ready: () => ({ kafka: kafka() }) },
    log,
  })
  atEnd(() => http.close())
  process.stdout.write(
    `Listening for HL7 on ${settings.hl7.host}:${gateway.port} (metrics: ${http.url}/metrics). Ctrl-C stops it.\n`,
  )
  await new Promise<void>((done) => asked.subscribe(() => done()))
}

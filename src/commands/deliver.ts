import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { firstValueFrom } from 'rxjs'
import { openDeliveries } from '../app/deliveries.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { hl7Receiver } from '../delivery/hl7-receiver.ts'
import type { IdentityOf, Receiver } from '../delivery/receiver.ts'
import { webhook } from '../delivery/webhook.ts'
import { VigilError } from '../errors.ts'
import { listen } from '../http/listener.ts'
import { createLog } from '../log.ts'
import { eventLoopCheck } from '../metrics/health.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { openVaultReader, vaultPlace } from '../vault/vault.ts'
import type { ReceiverSettings } from '../vitals/settings.ts'
import { stopSignal } from './stop-signal.ts'
import { vaultTrouble } from './vault-trouble.ts'

/** Names of this machine: what is said there is on no wire. */
const LOCAL: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', '::1', 'localhost'])

export function deliverCommand(): Command {
  return new Command('deliver')
    .description('alerts from Kafka to webhooks and HL7 receivers, each alone, in order, at least once')
    .option('--config <file>', 'settings, YAML or JSON; every setting also from the environment')
    .addHelpText(
      'after',
      '\nExample:\n  VIGIL_HTTP_PORT=8082 VIGIL_DELIVER_RECEIVERS=\'[{"kind":"webhook","name":"pager","url":"http://127.0.0.1:9000/"}]\' vigil deliver\n',
    )
    .action((flags: { config?: string }) => withClosing((atEnd) => deliver(flags, atEnd)))
}

async function deliver({ config }: { config?: string }, atEnd: AtEnd): Promise<void> {
  const asked = stopSignal()
  const settings = loadSettings(config, process.env)
  const { receivers } = settings.deliver
  if (receivers.length === 0)
    throw new VigilError('config-invalid', 'deliver.receivers names nobody', { place: 'deliver.receivers' })
  const log = createLog(settings.log.level)
  const telemetry = prometheusTelemetry()
  const vault = vaultPlace(settings.vault)
  const identityOf = vault && openVaultReader(vault, vaultTrouble(log))
  const told = receivers.map((wanted) => ({ receiver: receiverOf(wanted, identityOf), wanted }))
  const { ended } = await openDeliveries({ kafka: settings.kafka, told, telemetry: telemetry.deliveries, log }, atEnd)
  const eventLoop = eventLoopCheck()
  const http = await listen({
    ...settings.http,
    telemetry,
    health: {
      live: () => ({ eventLoop: eventLoop() }),
      ready: () => ({ receivers: { ok: true, reason: `${receivers.length} are followed` } }),
    },
    log,
  })
  atEnd(() => http.close())
  process.stdout.write(
    `Delivering alerts to ${receivers.map(({ name }) => name).join(', ')} (metrics: ${http.url}/metrics). Ctrl-C stops it.\n`,
  )
  await Promise.race([firstValueFrom(asked), ended])
}

/** @param vault undefined where the settings name none */
function receiverOf(settings: ReceiverSettings, vault: IdentityOf | undefined): Receiver {
  const timeoutMs = settings.timeoutSeconds * 1000
  const identityOf = settings.identify ? vault : undefined
  const unfit = (why: string) =>
    new VigilError('config-invalid', `${settings.name} is to be told record numbers, and ${why}`, { place: 'deliver.receivers' }) // biome-ignore format: one line
  if (settings.identify && vault === undefined) throw unfit('vault.file names no vault')
  if (settings.kind === 'hl7') {
    if (settings.identify && settings.caFile === undefined && !LOCAL.has(settings.host)) throw unfit('has no caFile: by TLS alone') // biome-ignore format: one line
    return hl7Receiver({ ...settings, caFile: settings.caFile, timeoutMs, identityOf })
  }
  const { protocol, hostname } = new URL(settings.url)
  if (settings.identify && protocol !== 'https:' && !LOCAL.has(hostname)) throw unfit('its url is not https')
  const { name, url, batch } = settings
  return webhook({ name, url, batch, secret: secretOf(settings), timeoutMs, identityOf })
}

function secretOf({ name, secretFile }: Extract<ReceiverSettings, { kind: 'webhook' }>): string | undefined {
  if (secretFile === undefined) return undefined
  try {
    const [secret = ''] = readFileSync(secretFile, 'utf8').split(/\r?\n/, 1)
    if (secret.length >= 16) return secret
  } catch (cause) {
    throw new VigilError('config-invalid', `the secret of ${name} cannot be read`, { place: secretFile, cause })
  }
  throw new VigilError('config-invalid', `the secret of ${name} has less than 16 characters`, { place: secretFile })
}

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, Option } from 'commander'
import { explainKept } from '../app/explain-kept.ts'
import { SHIPPED_MODELS } from '../app.ts'
import { withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { openRecorded } from '../evaluation/budget/recorded.ts'
import { type Explanation, explainAlert } from '../evaluation/explain/explain.ts'
import { siteReading } from '../hl7/site.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { createLog } from '../log.ts'
import { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Settings } from '../vitals/settings.ts'
import { printJson } from './options.ts'

interface ExplainFlags {
  alerts?: string
  mapping?: string
  zeros?: 'missing' | 'value'
  config?: string
  json?: boolean
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('an alert recomputed from its evidence, step by step, or where exactly it differs')
    .argument('<alert-id>', 'alertId of the alert, or as many of its first characters as tell it apart')
    .argument('[recording...]', "what the patient's monitor sent, from the beginning: files, or folders of them; Kafka when absent")
    .option('--alerts <file>', 'with recordings: what was said, alert bodies, one a line, as vigil replay --alerts writes them')
    .option('--mapping <file>', 'what the columns of a CSV are')
    .addOption(new Option('--zeros <meaning>', 'what 0 means in the recordings').choices(['missing', 'value']))
    .option('--config <file>', 'settings under which it was said')
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample:\n  vigil replay examples/recordings --alerts alerts.ndjson\n  vigil explain 5e1c examples/recordings --alerts alerts.ndjson\n  vigil explain 5e1c --config vigil.yaml          (from the evidence that Kafka keeps)\n')
    .action(explain)
} // biome-ignore format: the example

async function explain(id: string, paths: readonly string[], flags: ExplainFlags): Promise<void> {
  if (!/^[0-9a-f]{1,32}$/.test(id)) throw new VigilError('usage', `an alertId is 32 hexadecimal digits, not ${id}`)
  const settings = loadSettings(flags.config, process.env)
  const models = settings.models.dir ?? SHIPPED_MODELS
  const explanation =
    paths.length > 0
      ? await explainRecorded(id, paths, flags, settings, models)
      : await withClosing((atEnd) => explainKept(settings, models, id, createLog(settings.log.level), atEnd))
  if (flags.json === true) printJson(explanation)
  else process.stdout.write(text(explanation))
  if (explanation.equal) return
  throw new VigilError('alert-differs', `what was stored is not what is recomputed; the first step that differs: ${explanation.differsAt}`)
} // biome-ignore format: one message

async function explainRecorded(id: string, paths: readonly string[], flags: ExplainFlags, settings: Settings, models: string): Promise<Explanation> {
  const { alerts, mapping, zeros } = flags
  if (alerts === undefined) throw new VigilError('usage', 'with recordings, --alerts says which file holds what was said')
  const recordings = await findRecordings(paths)
  const stored = await messagesOf(id, alerts)
  const open = (table: ChannelTable) =>
    openRecorded(recordings, {
      table,
      hl7: () => siteReading(settings.hl7, table),
      ...(mapping !== undefined && { mapping }),
      ...(zeros !== undefined && { zeros }),
    })(1)
  return explainAlert({ stored, settings, models, open })
} // biome-ignore format: the signature

/** Every message of one alert. @throws VigilError data-missing, recording-format, recording-unreadable; usage where several alerts begin so */
async function messagesOf(id: string, file: string): Promise<AlertBody[]> {
  const found: AlertBody[] = []
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (!line.includes(`"alertId":"${id}`)) continue
      found.push(AlertBody.parse(JSON.parse(line)))
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== undefined) throw new VigilError('recording-unreadable', 'the alerts cannot be read', { place: file, cause })
    throw new VigilError('recording-format', `line ${number} is no alert body`, { place: file, cause })
  }
  const ids = new Set(found.map(({ alertId }) => alertId))
  if (ids.size === 0) throw new VigilError('data-missing', 'no alert there has this id', { place: file })
  if (ids.size > 1) throw new VigilError('usage', `${ids.size} alerts begin with ${id}: give more of it`)
  return found.sort((a, b) => a.seq - b.seq)
} // biome-ignore format: one reason, one line

function text({ alertId, code, label, equal, differsAt, messages, recomputed, steps }: Explanation): string {
  const lines = [`${alertId}  ${code}`, label, '']
  for (const { step, says, differences } of steps) {
    if (says.length === 0 && differences.length === 0) continue
    lines.push(`${differences.length > 0 ? 'DIFFERS' : 'same   '}  ${step}`)
    for (const said of says) lines.push(`           ${said}`)
    for (const { seq, path, stored, recomputed: again } of differences)
      lines.push(`         ! message ${seq}, ${path}: stored ${JSON.stringify(stored)}, recomputed ${JSON.stringify(again)}`)
  }
  const end = equal ? `all ${messages} messages are the same, byte for byte` : `${recomputed} of ${messages} messages are the same; first difference: ${differsAt}`
  return `${[...lines, '', end].join('\n')}\n`
} // biome-ignore format: one line, one line

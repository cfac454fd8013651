import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { Command } from 'commander'
import { readTopicRange } from '../app/retrain-window.ts'
import { withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { wireReading } from '../ingest/wire-reading.ts'
import { createLog } from '../log.ts'
import { channelTable } from '../vitals/channels.ts'
import { instant, printJson } from './options.ts'

interface RecordFlags {
  from: number
  to: number
  out: string
  config?: string
  json?: boolean
}

export function recordCommand(): Command {
  return new Command('record')
    .description('a range of the readings topic, with its journal entries, into a recording that `vigil replay` reads')
    .requiredOption('--from <time>', 'event time of the first reading (ISO 8601 or ms)', instant)
    .requiredOption('--to <time>', 'event time before which the last lies', instant)
    .requiredOption('--out <file.ndjson>', 'made anew; it names patients, as the topic does')
    .option('--config <file>', 'settings, YAML or JSON; those of kafka count')
    .option('--json', 'a summary as one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  vigil record --from 2026-01-01T08:00:00Z --to 2026-01-01T20:00:00Z --out day.ndjson\n',
    )
    .action((flags: RecordFlags) => record(flags))
}

async function record({ from, to, out, config, json }: RecordFlags): Promise<void> {
  if (!/\.ndjson$/.test(out))
    throw new VigilError('usage', '--out is a file whose name ends with .ndjson', { place: out })
  if (!(from < to)) throw new VigilError('usage', '--from must lie before --to')
  const settings = loadSettings(config, process.env)
  const table = channelTable()
  const counts = { readings: 0, entries: 0, rejected: 0 }
  await withClosing(async (atEnd) => {
    const file = createWriteStream(out)
    const failed = (cause: unknown) =>
      new VigilError('sink-failed', 'the recording cannot be written', { place: out, cause })
    await once(file, 'open').catch((cause) => Promise.reject(failed(cause)))
    await readTopicRange(settings, table, { from, to }, createLog(settings.log.level), atEnd, async (inputs) => {
      const lines: string[] = []
      for (const input of inputs) {
        if (input.kind === 'reading') {
          counts.readings++
          lines.push(`${JSON.stringify(wireReading(input, table, 'replay'))}\n`)
        } else if (input.kind === 'journal') {
          counts.entries++
          lines.push(`${JSON.stringify(input)}\n`)
        } else if (input.kind === 'rejection') counts.rejected++
      }
      if (lines.length > 0 && !file.write(lines.join(''))) await once(file, 'drain')
    })
    file.end()
    await finished(file).catch((cause) => Promise.reject(failed(cause)))
  })
  if (json === true) printJson({ out, ...counts })
  else
    process.stdout.write(
      `${out}: ${counts.readings} readings, ${counts.entries} journal entries, ${counts.rejected} rejected\n`,
    )
}

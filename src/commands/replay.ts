import { Command, Option } from 'commander'
import { lastValueFrom, reduce } from 'rxjs'
import { ndjsonFile } from '../alerts/sinks/ndjson-file.ts'
import { terminalSink } from '../alerts/sinks/terminal.ts'
import { openWard } from '../app.ts'
import { loadSettings } from '../config.ts'
import type { VigilError } from '../errors.ts'
import { deadLetterSink } from '../ingest/dead-letters.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { replaySource } from '../ingest/recordings.ts'
import { createLog } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { Output, Sink } from '../stream/ports.ts'
import { frameFile } from './frame-file.ts'
import { instant, printJson, speed } from './options.ts'

interface ReplayFlags {
  speed: number | 'max'
  from?: number
  to?: number
  model?: string[]
  alerts?: string
  frames?: string
  deadLetters?: string
  mapping?: string
  zeros?: 'missing' | 'value'
  config?: string
  json?: boolean
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('recordings through the pipeline that serves a bed: NDJSON, CSV, WFDB numerics, plain or gzipped')
    .argument('<recording...>', 'files, or folders of them')
    .option('--speed <n|max>', 'seconds of the recording a second of the clock', speed, 'max')
    .option('--from <time>', 'only readings from this instant on (ISO 8601 or ms)', instant)
    .option('--to <time>', 'only readings before this instant', instant)
    .option('--model <id...>', 'models instead of those in the settings: NAME or NAME@VERSION')
    .option('--alerts <file>', 'alert bodies, one a line; equal byte for byte on every replay')
    .option('--frames <file>', 'frames with their scores, one a line')
    .option('--dead-letters <file>', 'what could not be scored, with reason and place, one a line')
    .option('--mapping <file>', 'what the columns of a CSV are')
    .addOption(new Option('--zeros <meaning>', 'what 0 means in the recordings').choices(['missing', 'value']))
    .option('--config <file>', 'settings, YAML or JSON')
    .option('--json', 'print the summary as one JSON object, and nothing else, on standard output')
    .addHelpText('after', '\nExample:\n  vigil replay examples/recordings --alerts alerts.ndjson\n')
    .action(async (paths: string[], flags: ReplayFlags) => replay(paths, flags))
}

async function replay(paths: readonly string[], flags: ReplayFlags): Promise<void> {
  const settings = loadSettings(flags.config, process.env)
  if (flags.model !== undefined) settings.models.serve = flags.model
  const log = createLog(settings.log.level)
  const recordings = await findRecordings(paths)
  const frames = flags.frames === undefined ? undefined : frameFile(flags.frames)
  const telemetry = prometheusTelemetry()
  const served = await openWard({ settings, telemetry, log, ...(frames !== undefined && { tap: () => frames }) })
  const counts = { alerts: 0, rejections: {} as Record<string, number> }
  const sinks: Sink[] = [counter(counts)]
  if (flags.alerts !== undefined) sinks.push(await ndjsonFile(flags.alerts, { fresh: true }))
  if (flags.deadLetters !== undefined) sinks.push(await deadLetterSink(flags.deadLetters))
  if (flags.json !== true) sinks.push(terminalSink(process.stdout, process.env))
  const skipped: VigilError[] = []
  const began = performance.now()
  try {
    const source = replaySource(recordings, {
      table: served.table,
      speed: flags.speed,
      onBadFile: 'skip',
      onSkipped: (error) => skipped.push(error),
      ...(flags.from !== undefined && { from: flags.from }),
      ...(flags.to !== undefined && { to: flags.to }),
      ...(flags.mapping !== undefined && { mapping: flags.mapping }),
      ...(flags.zeros !== undefined && { zeros: flags.zeros }),
    })
    const flushes = pipeline(source, served.ward, {
      sinks,
      telemetry,
      maxBatch: settings.inference.maxBatch,
      maxWaitMs: flags.speed === 'max' ? 0 : settings.inference.maxWaitMs,
      signalLostSeconds: undefined,
      now: Date.now,
    })
    const total = await lastValueFrom(
      flushes.pipe(
        reduce((sum, flush) => ({ inputs: sum.inputs + flush.inputs, frames: sum.frames + flush.frames }), {
          inputs: 0,
          frames: 0,
        }),
      ),
    )
    for (const error of skipped) log.error({ code: error.code, place: error.place }, error.message)
    for (const [reason, count] of Object.entries(counts.rejections)) log.warn({ reason, count }, 'not scored')
    const summary = {
      recordings: recordings.length,
      unreadable: skipped.length,
      inputs: total.inputs,
      frames: total.frames,
      alertEvents: counts.alerts,
      rejections: counts.rejections,
      heldBack: served.ward.held,
      seconds: Number(((performance.now() - began) / 1000).toFixed(3)),
    }
    if (flags.json === true) printJson(summary)
    else log.info(summary, 'replayed')
  } finally {
    for (const sink of sinks) await sink.close()
    frames?.close()
    await served.close()
  }
  const first = skipped[0]
  if (first !== undefined) throw first
}

function counter(counts: { alerts: number; rejections: Record<string, number> }): Sink {
  return {
    name: 'counts',
    async deliver(outputs: readonly Output[]) {
      for (const output of outputs) {
        if (output.kind === 'alert') counts.alerts++
        if (output.kind !== 'dead-letter') continue
        const { reason } = output.rejection
        counts.rejections[reason] = (counts.rejections[reason] ?? 0) + 1
      }
    },
    async close() {},
  }
}

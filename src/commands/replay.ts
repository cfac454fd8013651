import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { lastValueFrom, NEVER, scan, takeUntil, tap } from 'rxjs'
import { AlarmCount } from '../alerts/alarm-rate.ts'
import { deadLetterFile } from '../alerts/sinks/dead-letter-file.ts'
import { ndjsonFile } from '../alerts/sinks/ndjson-file.ts'
import { challengerOf } from '../app/challenger.ts'
import { openWard, type Served } from '../app.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { replaySource } from '../ingest/recordings.ts'
import { createLog } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { Output, Sink } from '../stream/ports.ts'
import { frameFile } from './frame-file.ts'
import { instant, printJson, speed, words } from './options.ts'
import { progressLine } from './progress.ts'
import { readerGone, standardOutputSink } from './standard-output.ts'

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
    .option('--model <id>', 'instead of the models in the settings; repeatable: NAME or NAME@VERSION', words)
    .option('--alerts <file>', 'alert bodies, one a line; equal byte for byte on every replay')
    .option('--frames <file>', 'frames with their scores, one a line')
    .option('--dead-letters <file>', 'what could not be scored, with reason and place, one a line')
    .option('--mapping <file>', 'what the columns of a CSV are')
    .addOption(new Option('--zeros <meaning>', 'what 0 means in the recordings').choices(['missing', 'value']))
    .option('--config <file>', 'settings, YAML or JSON')
    .option('--json', 'print the summary as one JSON object, and nothing else, on standard output')
    .addHelpText('after', '\nExample:\n  vigil replay examples/recordings --alerts alerts.ndjson\n')
    .action((paths: string[], flags: ReplayFlags) => withClosing((atEnd) => replay(paths, flags, atEnd)))
}

async function replay(paths: readonly string[], flags: ReplayFlags, atEnd: AtEnd): Promise<void> {
  const settings = loadSettings(flags.config, process.env)
  if (flags.model !== undefined) settings.models.serve = flags.model
  const log = createLog(settings.log.level)
  const recordings = await findRecordings(paths)
  checkOutputs(flags, recordings)
  const frames = flags.frames === undefined ? undefined : frameFile(flags.frames)
  if (frames !== undefined) atEnd(() => frames.close())
  const telemetry = prometheusTelemetry()
  const served = await openWard({
    settings,
    telemetry,
    log,
    challenger: (name) => challengerOf(settings.models, name),
    ...(frames !== undefined && { tap: () => frames }),
  })
  atEnd(() => served.close())
  const counts: Counts = { events: 0, alarms: new AlarmCount(), rejections: {} }
  const progress = progressLine()
  atEnd(() => progress.clear())
  const sinks: Sink[] = [counter(counts)]
  const written = async (sink: Promise<Sink>) => {
    const opened = await sink
    atEnd(() => opened.close())
    sinks.push(opened)
  }
  if (flags.alerts !== undefined) await written(ndjsonFile(flags.alerts, { fresh: true }))
  if (flags.deadLetters !== undefined) await written(deadLetterFile(flags.deadLetters))
  if (flags.json !== true) sinks.push(standardOutputSink())
  const skipped: VigilError[] = []
  const began = performance.now()
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
  // a reader that has had enough of the alerts ends the replay, unless a file still wants them
  const toFiles = OUTPUTS.some((name) => flags[name] !== undefined)
  const flushes = pipeline(source.pipe(takeUntil(toFiles ? NEVER : readerGone)), served.ward, {
    sinks,
    telemetry,
    maxBatch: settings.inference.maxBatch,
    maxWaitMs: flags.speed === 'max' ? 0 : settings.inference.maxWaitMs,
    signalLostSeconds: undefined,
    now: Date.now,
  })
  const total = await lastValueFrom(
    flushes.pipe(
      scan((sum, flush) => ({ inputs: sum.inputs + flush.inputs, frames: sum.frames + flush.frames }), NOTHING),
      tap(({ frames: scored }) => progress.tell(() => `${scored} frames scored, ${counts.events} alert events`)),
    ),
    { defaultValue: NOTHING },
  )
  progress.clear()
  for (const error of skipped) log.error({ code: error.code, place: error.place }, error.message)
  for (const [reason, count] of Object.entries(counts.rejections)) log.warn({ reason, count }, 'not scored')
  const summary = {
    recordings: recordings.length,
    unreadable: skipped.length,
    inputs: total.inputs,
    frames: total.frames,
    alertEvents: counts.events,
    alarms: counts.alarms.rate(total.frames, served.ward.cadenceSeconds),
    rejections: counts.rejections,
    ...(served.shadows.length > 0 && { shadows: served.shadows.map(shadowed) }),
    heldBack: served.ward.held,
    seconds: Number(((performance.now() - began) / 1000).toFixed(3)),
  }
  if (flags.json === true) printJson(summary)
  else log.info(summary, 'replayed')
  if (skipped[0] !== undefined) throw skipped[0]
}

/** What a version in shadow would have said. */
function shadowed({ id, tally }: Served['shadows'][number]) {
  const { frames, onsets, raised, broken, beside } = tally.take()
  return { model: id, frames, onsets, raisedFrames: raised, brokenForecasts: broken, agreement: beside }
}

const OUTPUTS = ['alerts', 'frames', 'deadLetters'] as const

/** No output may be written over a recording, or over another output. @throws VigilError usage */
function checkOutputs(flags: ReplayFlags, recordings: readonly string[]): void {
  const taken = new Set(recordings.map(identity))
  for (const name of OUTPUTS) {
    const path = flags[name]
    if (path === undefined) continue
    const flag = name === 'deadLetters' ? '--dead-letters' : `--${name}`
    if (taken.has(identity(path))) {
      throw new VigilError('usage', `${flag} names a recording or another output; it would be overwritten`, {
        place: path,
      })
    }
    // several may go to /dev/null, or to one pipe
    if (!existsSync(path) || statSync(path).isFile()) taken.add(identity(path))
  }
}

/** A file by what it is, whatever it is called; one that is not there yet by its path. */
function identity(path: string): string {
  if (!existsSync(path)) return resolve(path)
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}

interface Counts {
  events: number
  readonly alarms: AlarmCount
  readonly rejections: Record<string, number>
}

const NOTHING = { inputs: 0, frames: 0 }

function counter(counts: Counts): Sink {
  return {
    name: 'counts',
    async deliver(outputs: readonly Output[]) {
      for (const output of outputs) {
        if (output.kind === 'alert') {
          counts.events++
          counts.alarms.add(output.envelope.body)
        }
        if (output.kind !== 'dead-letter') continue
        const { reason } = output.rejection
        counts.rejections[reason] = (counts.rejections[reason] ?? 0) + 1
      }
    },
    async close() {},
  }
}

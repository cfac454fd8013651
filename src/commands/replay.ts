import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { lastValueFrom, merge, NEVER, scan, takeUntil, tap } from 'rxjs'
import { AlarmCount } from '../alerts/alarm-rate.ts'
import { deadLetterFile } from '../alerts/sinks/dead-letter-file.ts'
import { ndjsonFile } from '../alerts/sinks/ndjson-file.ts'
import { openReplayPage } from '../app/replay/page.ts'
import { openStraight } from '../app/replay/straight.ts'
import { surveyor } from '../app/replay/survey.ts'
import { fromThen } from '../app/replay/told.ts'
import type { Served } from '../app.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { siteReading } from '../hl7/site.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import type { Playhead } from '../ingest/playhead.ts'
import { replaySource } from '../ingest/recordings.ts'
import { openTopic } from '../kafka/kafkajs/client.ts'
import { checkTestTopic, testTopicSink } from '../kafka/test-topic.ts'
import { createLog } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { Output, Sink } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { frameFile } from './frame-file.ts'
import { instant, port, positive, printJson, speed, words } from './options.ts'
import { progressLine } from './progress.ts'
import { readerGone, standardOutputSink } from './standard-output.ts'
import { stopSignal } from './stop-signal.ts'

interface ReplayFlags {
  speed?: number | 'max'
  from?: number
  to?: number
  model?: string[]
  alerts?: string
  frames?: string
  deadLetters?: string
  mapping?: string
  zeros?: 'missing' | 'value'
  page?: boolean
  port?: number
  toTopic?: string
  snapshots?: string
  snapshotMinutes?: number
  config?: string
  json?: boolean
}

/** Minutes of the recording between two snapshots, where nobody says how many. */
const SNAPSHOT_MINUTES = 5

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'recordings through the pipeline that serves a bed: NDJSON, CSV, HL7, Parquet, WFDB numerics, plain or packed',
    )
    .argument('<recording...>', 'files, folders of them, or patterns ("ward/**/*.ndjson.gz")')
    .option('--speed <n|max>', 'seconds of the recording a second of the clock; max, or 1 with --page', speed)
    .option('--from <time>', 'only readings from this instant on (ISO 8601 or ms)', instant)
    .option('--to <time>', 'only readings before this instant', instant)
    .option('--model <id>', 'instead of the models in the settings; repeatable: NAME or NAME@VERSION', words)
    .option('--alerts <file>', 'alert bodies, one a line; equal byte for byte on every replay')
    .option('--frames <file>', 'frames with their scores, one a line')
    .option('--dead-letters <file>', 'what could not be scored, with reason and place, one a line')
    .option('--page', 'show the ward on a page, with a time line to go to any moment of it, until Ctrl-C')
    .option('--port <n>', 'port of the page; 0 takes a free one', port)
    .option('--snapshots <folder>', 'keep the ward every few minutes of the recording, for --from and the page of later runs') // biome-ignore format: one line
    .option('--snapshot-minutes <n>', `minutes of the recording between two of them (default ${SNAPSHOT_MINUTES})`, positive) // biome-ignore format: one line
    .option('--to-topic <name>', 'alerts as records of a Kafka topic, which is none that these settings use')
    .option('--mapping <file>', 'what the columns of a CSV are')
    .addOption(new Option('--zeros <meaning>', 'what 0 means in the recordings').choices(['missing', 'value']))
    .option('--config <file>', 'settings, YAML or JSON')
    .option('--json', 'print the summary as one JSON object, and nothing else, on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  vigil replay examples/recordings --alerts alerts.ndjson\n  vigil replay examples/recordings --page --speed 8\n  vigil replay examples/recordings --snapshots kept --from 2026-01-01T00:04:00Z\n',
    )
    .action((paths: string[], flags: ReplayFlags) => withClosing((atEnd) => replay(paths, flags, atEnd)))
}

async function replay(paths: readonly string[], flags: ReplayFlags, atEnd: AtEnd): Promise<void> {
  const settings = loadSettings(flags.config, process.env)
  if (flags.model !== undefined) settings.models.serve = flags.model
  const log = createLog(settings.log.level)
  if (flags.toTopic !== undefined) checkTestTopic(flags.toTopic, settings)
  const recordings = await findRecordings(paths)
  checkOutputs(flags, recordings)
  const frames = flags.frames === undefined ? undefined : frameFile(flags.frames)
  if (frames !== undefined) atEnd(() => frames.close())
  const asked = flags.page === true ? stopSignal() : NEVER
  const ward = await openStraight(recordings, flags, settings, log, frames, atEnd)
  const { served, paged, store, base } = ward
  const straight = flags.page === true ? 'max' : (flags.speed ?? 'max')
  const skipped: VigilError[] = []
  const sourceOf = (
    table: ChannelTable,
    speed: number | 'max' | Playhead,
    skip: number,
    onSkipped: (error: VigilError) => void, // biome-ignore format: one line
  ) =>
    replaySource(recordings, {
      table,
      hl7: () => siteReading(settings.hl7, table),
      speed,
      skip,
      onBadFile: 'skip',
      onSkipped,
      // a flush is so many batches, whatever the disk does: the order of what is said is the same every time
      ...(speed === 'max' && { batch: settings.inference.maxBatch }),
      ...(flags.from !== undefined && base === undefined && { from: flags.from }),
      ...(flags.to !== undefined && { to: flags.to }),
      ...(flags.mapping !== undefined && { mapping: flags.mapping }),
      ...(flags.zeros !== undefined && { zeros: flags.zeros }),
    })
  const followed =
    paged &&
    surveyor({
      paged,
      store,
      everyMs: (flags.snapshotMinutes ?? SNAPSHOT_MINUTES) * 60_000,
      from: base && flags.from,
      base: base?.time,
    })
  const shown =
    flags.page === true
      ? await openReplayPage(
          {
            settings,
            port: flags.port,
            telemetry: prometheusTelemetry(),
            log,
            open: (table, skip, moment) => sourceOf(table, moment, skip, () => {}),
            survey: followed!,
            store: store!,
            speed: flags.speed ?? 1,
            from: base && flags.from,
          },
          atEnd,
        )
      : undefined
  if (shown !== undefined) process.stderr.write(`The ward is at ${shown.url}/  Ctrl-C stops it.\n`)
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
  if (flags.toTopic !== undefined) {
    const { partitions, writer } = await openTopic(settings.kafka, flags.toTopic, log)
    await written(Promise.resolve(testTopicSink(flags.toTopic, partitions, writer)))
  }
  if (flags.json !== true) sinks.push(standardOutputSink())
  // a state is a function of all that came before; from the middle there is none, unless somebody kept it
  if (base !== undefined)
    log.info({ from: new Date(flags.from!).toISOString(), snapshot: new Date(base.time).toISOString() }, 'goes on from a snapshot') // biome-ignore format: one sentence
  else if (flags.from !== undefined)
    log.warn({ from: new Date(flags.from).toISOString() }, 'beds begin cold here: warming until the models have seen enough') // biome-ignore format: one sentence
  const began = performance.now()
  const source = sourceOf(served.table, straight, base?.position ?? 0, (error) => skipped.push(error))
  // a reader that has had enough of the alerts ends the replay, unless a file still wants them
  const heard = shown !== undefined || flags.toTopic !== undefined || OUTPUTS.some((name) => flags[name] !== undefined)
  const stopped = merge(asked, heard ? NEVER : readerGone)
  const read = followed === undefined ? source : source.pipe(followed.read)
  const told = base === undefined ? sinks : sinks.map((sink) => fromThen(sink, flags.from!))
  const flushes = pipeline(read.pipe(takeUntil(stopped)), served.ward, {
    // the page remembers what was before it, too
    sinks: paged === undefined ? told : [...told, paged.shown, followed!.sink],
    ...(followed !== undefined && { committer: followed.committer }),
    telemetry: paged?.run.telemetry ?? ward.telemetry,
    maxBatch: settings.inference.maxBatch,
    maxWaitMs: settings.inference.maxWaitMs,
    unpaced: straight === 'max',
    signalLostSeconds: undefined,
    now: Date.now,
  })
  const showing = shown?.run(asked) ?? Promise.resolve()
  // thrown where it is awaited: after what the straight way has to say
  showing.catch(() => {})
  const total = await lastValueFrom(
    flushes.pipe(
      scan((sum, flush) => ({ inputs: sum.inputs + flush.inputs, frames: sum.frames + flush.frames }), NOTHING),
      tap(({ frames: scored }) => progress.tell(() => `${scored} frames scored, ${counts.events} alert events`)),
    ),
    { defaultValue: NOTHING },
  )
  followed?.done()
  progress.clear()
  for (const error of skipped) log.error({ code: error.code, place: error.place }, error.message)
  for (const [reason, count] of Object.entries(counts.rejections)) log.warn({ reason, count }, 'not scored')
  const scored = base === undefined ? total.frames : ward.told()
  const summary = {
    recordings: recordings.length,
    unreadable: skipped.length,
    inputs: total.inputs,
    frames: scored,
    alertEvents: counts.events,
    alarms: counts.alarms.rate(scored, served.ward.cadenceSeconds),
    rejections: counts.rejections,
    ...(served.shadows.length > 0 && { shadows: served.shadows.map(shadowed) }),
    heldBack: served.ward.held,
    seconds: Number(((performance.now() - began) / 1000).toFixed(3)),
  }
  if (flags.json === true) printJson(summary)
  else log.info(summary, 'replayed')
  await showing
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

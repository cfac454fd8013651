import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { defer, lastValueFrom, map, merge, NEVER, repeat, takeUntil, timer } from 'rxjs'
import { fromNowOn } from '../app/from-now-on.ts'
import { pageActs } from '../app/page-acts.ts'
import { openPagedWard } from '../app/paged-ward.ts'
import { SHIFT, shiftSource } from '../app/shift/shift.ts'
import { slowSepsis } from '../app/slow-sepsis.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { PAGE } from '../dashboard/ward.ts'
import { fhirFeed } from '../fhir/feed.ts'
import { actions } from '../http/actions.ts'
import { alertStream } from '../http/alert-stream.ts'
import { listen } from '../http/listener.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { replaySource } from '../ingest/recordings.ts'
import { createLog } from '../log.ts'
import { eventLoopCheck, readiness } from '../metrics/health.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { Input, Source } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { port, positive, whole } from './options.ts'
import { readerGone, standardOutputSink } from './standard-output.ts'
import { stopSignal } from './stop-signal.ts'

interface DemoFlags {
  port?: number
  beds: number
  speed: number
  for?: number
  config?: string
}

/** Real recordings that no training ever saw: PhysioNet BIDMC, held-out patients. */
const RECORDINGS = fileURLToPath(new URL('../../examples/recordings/', import.meta.url))
/** The recordings are of 8 minutes; then the next patient comes into the bed, after a short pause. */
const SHIFT_MS = 8 * 60_000 + 15_000
const UNIT = 'ICU'
/** a ward whose patients are otherwise calm in its first minutes, so that what happens is seen */
const SEED = 10
/** the models in the box, together, where nobody chose others */
const BOX = ['bedside', 'sepsis', 'mortality']

/** six recordings, the simulated beds at which something happens, and the one with a day behind it */
const BEDS = 6 + SHIFT.length + 1

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'a shift on a ward in this one process, with its page: held-out real recordings, and simulated beds at which something happens',
    )
    .option('--port <n>', 'port of the page; 0 takes a free one', port)
    .option('--beds <n>', 'beds in all; the first six are real recordings', whole(1), BEDS)
    .option('--speed <n>', 'seconds of the ward a second of the clock', positive, 1)
    .option('--for <seconds>', 'stop after this long', positive)
    .option('--config <file>', 'settings, YAML or JSON')
    .addHelpText('after', '\nExample:\n  vigil demo --beds 8 --speed 4 --for 120\n')
    .action((flags: DemoFlags) => withClosing((atEnd) => demo(flags, atEnd)))
}

async function demo(flags: DemoFlags, atEnd: AtEnd): Promise<void> {
  const asked = stopSignal()
  const began = Date.now()
  const settings = loadSettings(flags.config, process.env)
  const chosen = flags.config !== undefined || process.env['VIGIL_MODELS_SERVE'] !== undefined
  if (!chosen) settings.models.serve = BOX
  const log = createLog(settings.log.level)
  const telemetry = prometheusTelemetry()
  const ready = readiness(['model', 'source'])
  const eventLoop = eventLoopCheck()
  const { served, page, models, run } = await openPagedWard({ settings, telemetry, log }, atEnd)
  ready.set('model', true, models)
  const acts = pageActs(3)
  const alerts = alertStream()
  atEnd(() => alerts.close())
  const fhir = fhirFeed({ channels: served.table.channels, models: served.models, beds: page.newest })
  const http = await listen({
    ...settings.http,
    port: flags.port ?? settings.http.port,
    telemetry,
    health: { live: () => ({ eventLoop: eventLoop(), pipeline: telemetry.progress() }), ready: ready.ready },
    routes: [
      ...page.routes,
      alerts.route,
      ...fhir.routes,
      { kind: 'action', path: '/api/actions', act: actions({ target: page.target, submit: acts.submit }) },
    ],
    page: PAGE,
    log,
  })
  atEnd(() => http.close())
  process.stdout.write(`The ward is at ${http.url}/  (metrics: ${http.url}/metrics). Ctrl-C stops it.\n`)
  const source = await wardSource(flags, served.table)
  ready.set('source', true, `${flags.beds} beds`)
  // the source stops, not the pipeline: what it has taken in is scored and delivered before anything closes
  const stopped = merge(asked, readerGone, flags.for === undefined ? NEVER : timer(flags.for * 1000))
  const flushes = pipeline(merge(source, acts.source).pipe(takeUntil(stopped)), served.ward, {
    ...run,
    sinks: [fromNowOn(standardOutputSink(), began), page, alerts, fhir],
  })
  await lastValueFrom(flushes, { defaultValue: undefined })
}

/**
 * Six beds of recordings, each in turn with the next patient, and simulated beds for the rest; the last of them has a day
 * of its stay behind it, as hourly models need.
 */
async function wardSource(flags: DemoFlags, table: ChannelTable): Promise<Source> {
  const recordings = (await findRecordings([RECORDINGS])).filter((path) => path.includes('bidmc_')).slice(0, flags.beds)
  const start = Math.ceil(Date.now() / 1000) * 1000
  let shift = 0
  const real = defer(() => shiftOf(recordings, table, start, shift++, flags.speed)).pipe(repeat())
  const simulated = flags.beds - recordings.length
  if (simulated === 0) return real
  return merge(
    real,
    shiftSource({ beds: simulated - 1, seed: SEED, start }, table, flags.speed).pipe(
      map((batch) => ({ ...batch, partition: 1 })),
    ),
    slowSepsis({ unit: 'SIM', bed: `${simulated}` }, start, table, flags.speed).pipe(
      map((batch) => ({ ...batch, partition: 2 })),
    ),
  )
}

/** One patient per bed for eight minutes; another encounter begins with every shift. */
function shiftOf(
  recordings: readonly string[],
  table: ChannelTable,
  start: number,
  shift: number,
  speed: number,
): Source {
  const beds = new Map<string, string>()
  const source = replaySource(recordings, {
    table,
    speed,
    anchor: start + shift * SHIFT_MS,
    patientKey: (path) => {
      const bed = `${recordings.indexOf(path) + 1}`
      const key = `recording-${bed}`
      beds.set(key, bed)
      return key
    },
  })
  const admitted = (input: Input): Input =>
    input.kind === 'reading'
      ? { ...input, mode: 'demo', unit: UNIT, bed: beds.get(input.patientKey), encounter: `shift-${shift + 1}` }
      : input
  return source.pipe(map((batch) => ({ ...batch, inputs: batch.inputs.map(admitted) })))
}

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { firstValueFrom, interval, merge, type Observable, timer } from 'rxjs'
import { filter, map } from 'rxjs/operators'
import { readRecordings, readTopicRange } from '../app/retrain-window.ts'
import { SHIPPED_MODELS } from '../app.ts'
import { type AtEnd, withClosing } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { listen } from '../http/listener.ts'
import { openModel } from '../inference/model-store.ts'
import { createLog, type Log } from '../log.ts'
import { prometheusTelemetry } from '../metrics/telemetry.ts'
import { collector } from '../retrain/collect.ts'
import { type Cycled, retrain } from '../retrain/cycle.ts'
import type { TrainerTelemetry } from '../stream/ports.ts'
import { channelTable } from '../vitals/channels.ts'
import type { Settings } from '../vitals/settings.ts'
import { port, printJson } from './options.ts'
import { stopSignal } from './stop-signal.ts'

interface RetrainFlags {
  every: number
  once?: boolean
  config?: string
  json?: boolean
  port?: number
}

const HOUR_MS = 3_600_000
/** how often a drifted model is looked for */
const LOOK_MS = 60_000

/** `24h`, `30m`, `90s` in ms. */
function duration(text: string): number {
  const match = /^([\d.]+)(s|m|h|d)$/.exec(text)
  const ms = Number(match?.[1]) * { s: 1000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS }[(match?.[2] ?? 's') as 's']
  if (!(ms > 0)) throw new InvalidArgumentError('a time: 24h, 90m, 45s, 7d.')
  return ms
}

export function retrainCommand(): Command {
  return new Command('retrain')
    .description('a challenger is trained on the newest window, judged against the champion, and kept or named')
    .option('--every <time>', 'a cycle each so often, and earlier when the model has drifted', duration, 24 * HOUR_MS)
    .option('--once', 'one cycle, as for a CronJob: exit code 0 whether the challenger passed or was refused')
    .option('--config <file>', 'settings, YAML or JSON: those of retrain, models and kafka count')
    .option(
      '--port <n>',
      'metrics and health on this port (0: any free one), as the settings of http say; none without it',
      port,
    )
    .option('--json', 'with --once, the verdict as one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExample (with settings that name recordings and a registry, docs/model-life.md):\n  vigil retrain --once --config examples/retrain.yaml\n',
    )
    .action((flags: RetrainFlags) => withClosing((atEnd) => run(flags, atEnd)))
}

async function run({ every, once, config, json, port }: RetrainFlags, atEnd: AtEnd): Promise<void> {
  if (json === true && once !== true) throw new VigilError('usage', '--json goes with --once')
  const settings = loadSettings(config, process.env)
  const log = createLog(settings.log.level)
  const metrics = prometheusTelemetry()
  metrics.trainer.begun()
  if (port !== undefined) {
    const alive = () => ({ trainer: { ok: true, reason: 'it runs' } })
    const health = { live: alive, ready: alive }
    const http = await listen({ ...settings.http, port, telemetry: metrics, health, log })
    atEnd(() => http.close())
    const where = `Retraining ${settings.retrain.model} (metrics: ${http.url}/metrics).`
    if (json === true) log.info(where)
    else process.stdout.write(`${where} Ctrl-C stops it.\n`)
  }
  const watched = () => counted(() => cycle(settings, log, metrics.trainer), metrics.trainer)
  if (once !== true) return periodically(settings, every, log, watched)
  const { dir, verdict } = await watched()
  if (json === true) printJson(verdict)
  else process.stdout.write(`${dir}: ${[verdict.decision, ...verdict.reasons].join('; ')}\n`)
}

/** A cycle whose end is told, whatever it is. */
async function counted(work: () => Promise<Cycled>, telemetry: TrainerTelemetry): Promise<Cycled> {
  const began = performance.now()
  const ended = (outcome: Parameters<TrainerTelemetry['ended']>[0]) => {
    telemetry.ended(outcome, (performance.now() - began) / 1000, Date.now())
    telemetry.doing('resting')
  }
  telemetry.doing('collecting')
  try {
    const done = await work()
    ended(done.verdict.decision)
    return done
  } catch (error) {
    ended('failed')
    throw error
  }
}

/** One cycle, with everything it opens closed at its end. */
function cycle(settings: Settings, log: Log, telemetry: TrainerTelemetry): Promise<Cycled> {
  return withClosing(async (atEnd) => {
    const { model, recordings, windowHours, engine, seed, epochs, heldOut, whenPassed } = settings.retrain
    const registry = settings.models.dir ?? SHIPPED_MODELS
    const table = channelTable((await openModel(registry, model)).manifest.declares)
    const now = Date.now()
    // recordings are a window by themselves: they may be of any year
    const range = recordings
      ? { from: 0, to: Number.POSITIVE_INFINITY }
      : { from: now - windowHours * HOUR_MS, to: now }
    const window = collector(range)
    const take = (inputs: Parameters<typeof window.take>[0]) => window.take(inputs)
    if (recordings) await readRecordings(settings, recordings, table, log, take)
    else await readTopicRange(settings, table, range, log, atEnd, take)
    const collected = window.end()
    if (collected.left.readings > 0) log.info(collected.left, 'left out of the window: more than is needed')
    const options = { engine, seed, heldOut, whenPassed, ...(epochs === undefined ? {} : { epochs }) }
    const say = (line: string) => log.info(line)
    return retrain(collected, { ...options, registry, name: model, now: Date.now, telemetry, log: say })
  })
}

/** Cycles until the process is asked to stop. One that fails is said, and the next comes at its time. */
async function periodically(settings: Settings, everyMs: number, log: Log, next: () => Promise<Cycled>): Promise<void> {
  const asked = stopSignal()
  for (let why = 'time'; why !== 'stop'; ) {
    const began = Date.now()
    // a cycle may end anywhere: the registry is whole after each of its writes, and the lock of a dead process is nobody's
    const stopping = asked.subscribe(() => {
      log.info('stopped in the middle of a cycle')
      process.exit(0)
    })
    try {
      const { verdict } = await next()
      log.info({ model: verdict.model, decision: verdict.decision, reasons: verdict.reasons }, 'cycle done')
    } catch (error) {
      if (!(error instanceof VigilError)) throw error
      log.error({ code: error.code, place: error.place }, `no cycle: ${error.message}`)
    } finally {
      stopping.unsubscribe()
    }
    const rest = Math.max(0, began + everyMs - Date.now())
    why = await firstValueFrom(
      merge(asked.pipe(map(() => 'stop')), timer(rest).pipe(map(() => 'time')), drifted(settings, began)),
    )
    if (why !== 'stop') log.info(why === 'time' ? 'the next cycle' : 'the model has drifted: a cycle before its time')
  }
}

/** Emits once the file of drifted models names ours, `earlyHours` after the last cycle at the earliest. */
function drifted({ models, retrain: { model, earlyHours } }: Settings, began: number): Observable<string> {
  return interval(LOOK_MS).pipe(
    filter(() => Date.now() - began >= earlyHours * HOUR_MS && namesModel(models.driftFile, model)),
    map(() => 'drift'),
  )
}

function namesModel(file: string | undefined, model: string): boolean {
  if (file === undefined) return false
  try {
    return Object.hasOwn(JSON.parse(readFileSync(file, 'utf8')) as object, model)
  } catch {
    return false
  }
}

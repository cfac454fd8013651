import { lastValueFrom, Subject, takeUntil } from 'rxjs'
import { openWard } from '../app.ts'
import { VigilError } from '../errors.ts'
import { SILENT } from '../evaluation/watched.ts'
import { siteReading } from '../hl7/site.ts'
import { findRecordings } from '../ingest/find-recordings.ts'
import { replaySource } from '../ingest/recordings.ts'
import { createLog } from '../log.ts'
import { pipeline } from '../stream/pipeline.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { Rejection } from '../vitals/rejection.ts'
import type { FrameReport } from '../vitals/report.ts'
import { type LibrarySettings, settingsOf } from './settings.ts'

export interface ReplayOptions extends LibrarySettings {
  /** only readings of event times in [from, to), ms since 1970 */
  readonly from?: number
  readonly to?: number
  /** seconds of the recording a second of the clock; 'max' unless told */
  readonly speed?: number | 'max'
  /** file that says what the columns of a CSV or Parquet table are */
  readonly mapping?: string
  readonly zeros?: 'missing' | 'value'
  /** whether frames are given, too: one for every tick of every patient */
  readonly frames?: boolean
}

/** What comes out of a replay, in order. */
export type ReplayEvent =
  | { readonly kind: 'alert'; readonly alert: AlertBody }
  | { readonly kind: 'frame'; readonly frame: FrameReport }
  | { readonly kind: 'rejection'; readonly rejection: Rejection }

/**
 * Recordings through the pipeline that serves a bed: files, folders or patterns, as `vigil replay` takes them, merged in the order
 * of time. What is not yet asked for holds the replay back; leaving the loop ends it and closes the models.
 * @throws VigilError at the end of what could be read: a recording that is bad, a model that cannot be opened
 */
export async function* replay(
  paths: string | readonly string[],
  options: ReplayOptions = {},
): AsyncGenerator<ReplayEvent, void, undefined> {
  const settings = settingsOf(options)
  const recordings = await findRecordings(typeof paths === 'string' ? [paths] : paths)
  const events: ReplayEvent[] = []
  const served = await openWard({
    settings,
    telemetry: SILENT,
    log: createLog(settings.log.level),
    unpaced: (options.speed ?? 'max') === 'max',
    ...(options.frames === true && {
      tap: () => ({
        wants: () => true,
        frames: (reports: readonly FrameReport[]) =>
          void events.push(...reports.map((it) => ({ kind: 'frame' as const, frame: structuredClone(it) }))),
        watchingChanged() {},
        left() {},
      }),
    }),
  })
  const left = new Subject<void>()
  let wake = () => {}
  /** resolves once everything said so far was taken */
  let taken = () => {}
  let failure: unknown
  let ended = false
  let leaving = false
  const { from, to, mapping, zeros } = options
  const source = replaySource(recordings, {
    table: served.table,
    speed: options.speed ?? 'max',
    hl7: () => siteReading(settings.hl7, served.table),
    onBadFile: 'skip',
    onSkipped: (error) => {
      failure ??= error
    },
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(mapping !== undefined && { mapping }),
    ...(zeros !== undefined && { zeros }),
  })
  const handOver = () =>
    new Promise<void>((resolve) => {
      taken = resolve
      if (leaving) resolve()
      wake()
    })
  const running = lastValueFrom(
    pipeline(source.pipe(takeUntil(left)), served.ward, {
      telemetry: SILENT,
      maxBatch: settings.inference.maxBatch,
      maxWaitMs: 0,
      unpaced: (options.speed ?? 'max') === 'max',
      signalLostSeconds: undefined,
      now: Date.now,
      sinks: [],
      committer: {
        flushed(outputs) {
          for (const it of outputs) {
            if (it.kind === 'alert') events.push({ kind: 'alert', alert: it.envelope.body })
            if (it.kind === 'dead-letter') events.push({ kind: 'rejection', rejection: it.rejection })
          }
          return events.length === 0 ? undefined : handOver()
        },
      },
    }),
    { defaultValue: undefined },
  )
    .catch((error: unknown) => {
      failure = error
    })
    .finally(() => {
      ended = true
      wake()
    })
  try {
    while (!ended || events.length > 0) {
      if (events.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
          if (ended || events.length > 0) resolve()
        })
      yield* events.splice(0)
      taken()
    }
    if (failure !== undefined) throw failure instanceof VigilError ? failure : new VigilError('internal', 'the replay failed', { cause: failure }) // biome-ignore format: one sentence
  } finally {
    leaving = true
    left.next()
    taken()
    await running
    await served.close()
  }
}

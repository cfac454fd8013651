import { openWard, type Served } from '../app.ts'
import type { AtEnd } from '../closing.ts'
import { wardFeed } from '../dashboard/ward.ts'
import type { Log } from '../log.ts'
import type { PrometheusTelemetry } from '../metrics/telemetry.ts'
import type { PipelineOptions } from '../stream/pipeline.ts'
import type { FrameTap, Sink, VersionTelemetry } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'
import { challengerOf } from './challenger.ts'

export interface PagedWardOptions {
  readonly settings: Settings
  readonly telemetry: PrometheusTelemetry
  readonly log: Log
  readonly partitioned?: boolean
  /** what of the ward the page is shown; all of it by default */
  readonly shown?: (page: FrameTap & Sink) => FrameTap & Sink
}

/** How often the metrics are told what champions and shadows did, ms. */
const COUNT_MS = 1000

/** A ward that people look at: its models are said on the page and to the metrics, its beds are counted on both. */
export interface PagedWard {
  readonly served: Served
  /** the page's routes and state */
  readonly page: ReturnType<typeof wardFeed>
  /** the page as a sink, as far as it is shown */
  readonly shown: Sink
  /** the models that serve, in words */
  readonly models: string
  /** how the ward is run in real time; sinks and committer are the caller's */
  readonly run: Omit<PipelineOptions, 'sinks' | 'committer'>
}

/** What it opens it hands to `atEnd`. @throws VigilError as `openWard` */
export async function openPagedWard(options: PagedWardOptions, atEnd: AtEnd): Promise<PagedWard> {
  const { settings, telemetry, log, partitioned = false, shown: within = (page) => page } = options
  let made: { readonly page: ReturnType<typeof wardFeed>; readonly shown: FrameTap & Sink } | undefined
  const served = await openWard({
    settings,
    telemetry,
    log,
    partitioned,
    // on Kafka who runs beside whom is each partition's own
    ...(!partitioned && { challenger: (name: string) => challengerOf(settings.models, name) }),
    tap: (table) => {
      const page = wardFeed({ table, alive: telemetry.progress })
      made = { page, shown: within(page) }
      return made.shown
    },
  })
  atEnd(() => served.close())
  const { page, shown } = made!
  atEnd(() => page.close())
  if (served.shadows.length > 0) {
    const counting = setInterval(() => tellVersions(served, telemetry.versions), COUNT_MS)
    atEnd(() => clearInterval(counting))
  }
  telemetry.serving(served.models)
  page.serving(served.models)
  return {
    served,
    page,
    shown,
    models: served.models.map(({ name, version, provider }) => `${name}@${version} on ${provider}`).join(', '),
    run: {
      telemetry: {
        ...telemetry,
        watching(beds) {
          telemetry.watching(beds)
          page.counted(beds)
        },
      },
      maxBatch: settings.inference.maxBatch,
      maxWaitMs: settings.inference.maxWaitMs,
      signalLostSeconds: settings.stream.signalLostSeconds,
      now: Date.now,
    },
  }
}

function tellVersions({ detectors, shadows }: Served, telemetry: VersionTelemetry): void {
  for (const { manifest, tally } of detectors) telemetry.counted(manifest, 'champion', tally.take())
  for (const { manifest, tally } of shadows) telemetry.counted(manifest, 'shadow', tally.take())
}

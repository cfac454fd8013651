import { openWard, type Served } from '../app.ts'
import type { AtEnd } from '../closing.ts'
import type { ReplayWhole } from '../dashboard/protocol.ts'
import { type SavedWard, wardFeed } from '../dashboard/ward.ts'
import type { Log } from '../log.ts'
import type { PrometheusTelemetry } from '../metrics/telemetry.ts'
import type { PipelineOptions } from '../stream/pipeline.ts'
import type { FrameTap, Sink, VersionTelemetry } from '../stream/ports.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { Settings } from '../vitals/settings.ts'
import { type BudgetSpent, budgetSpent, type SavedBudget } from './budget-spent.ts'
import { challengerOf } from './challenger.ts'

export interface PagedWardOptions {
  readonly settings: Settings
  readonly telemetry: PrometheusTelemetry
  readonly log: Log
  readonly partitioned?: boolean
  /** an engine that fails leaves its patients to the limits, which is the default; otherwise it ends the run */
  readonly fallsBack?: boolean
  /** where in a recording the page stands */
  readonly replay?: () => ReplayWhole
  /** what of the ward the page is shown; all of it by default */
  readonly shown?: (page: FrameTap & Sink) => FrameTap & Sink
}

/** How often the metrics are told what champions and shadows did, ms. */
const COUNT_MS = 1000

const NOTHING_SPENT: SavedBudget = { frames: 0, episodes: 0, called: 0 }

/** A ward that people look at: its models are said on the page and to the metrics, its beds are counted on both. */
export interface PagedWard {
  readonly served: Served
  /** the page's routes and state */
  readonly page: ReturnType<typeof wardFeed>
  /** the page as a sink, as far as it is shown */
  readonly shown: Sink
  /** the models that serve, in words */
  readonly models: string
  /** what of the ward is not its patients' state: page and budget */
  readonly memory: {
    save(): PageMemory
    /** the page is hidden until it is told that it is shown */
    load(saved: PageMemory | undefined): void
  }
  /** how the ward is run in real time; sinks and committer are the caller's */
  readonly run: Omit<PipelineOptions, 'sinks' | 'committer'>
}

/** What a paged ward remembers beside its patients' state. */
export interface PageMemory {
  readonly page: SavedWard
  readonly spent: SavedBudget
}

/** A model that fails is logged, and again once a minute while it does. */
function loud(telemetry: PrometheusTelemetry, log: Log): PrometheusTelemetry {
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    ...telemetry,
    modelFailed(detector, cause, rows) {
      telemetry.modelFailed(detector, cause, rows)
      if (performance.now() - saidAt < 60_000) return
      saidAt = performance.now()
      log.error({ detector, cause, rows }, 'a model fails: its patients have fixed limits only')
    },
  }
}

/** A tap that counts the frames of every patient, also of those the page does not show. */
function counting(tap: FrameTap, frame: (patientKey: string) => void): FrameTap {
  return {
    wants(patientKey, time) {
      frame(patientKey)
      return tap.wants(patientKey, time)
    },
    frames: (reports) => tap.frames(reports),
    watchingChanged: (patientKey, watching) => tap.watchingChanged(patientKey, watching),
    left: (patientKey) => tap.left(patientKey),
  }
}

/** What it opens it hands to `atEnd`. @throws VigilError as `openWard` */
export async function openPagedWard(options: PagedWardOptions, atEnd: AtEnd): Promise<PagedWard> {
  const {
    settings,
    telemetry,
    log,
    partitioned = false,
    fallsBack = true,
    replay,
    shown: within = (page) => page,
  } = options
  let spent: BudgetSpent | undefined
  let made: { readonly page: ReturnType<typeof wardFeed>; readonly shown: FrameTap & Sink } | undefined
  const alert = (body: AlertBody) => {
    telemetry.alert(body)
    spent?.alert(body)
  }
  const served = await openWard({
    settings,
    fallsBack,
    telemetry: { ...loud(telemetry, log), alert },
    log,
    partitioned,
    // on Kafka who runs beside whom is each partition's own
    ...(!partitioned && { challenger: (name: string) => challengerOf(settings.models, name) }),
    tap: (table) => {
      const page = wardFeed({
        table,
        alive: telemetry.progress,
        spent: () => spent?.spent() ?? null,
        ...(replay !== undefined && { replay }),
      })
      made = { page, shown: within(page) }
      return counting(made.shown, (patientKey) => spent?.frame(patientKey))
    },
  })
  const manifests = served.detectors.map(({ manifest }) => manifest)
  spent = budgetSpent(
    served.ward.cadenceSeconds,
    manifests.map(({ detector }) => detector),
    manifests.find(({ site }) => site !== undefined)?.site?.budgetPerPatientDay ?? null,
  )
  telemetry.budget(spent.spent)
  atEnd(() => served.close())
  const { page, shown } = made!
  const counted = spent
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
    memory: {
      save: () => ({ page: page.save(), spent: counted.save() }),
      load(saved) {
        page.load(saved?.page)
        counted.load(saved?.spent ?? NOTHING_SPENT)
      },
    },
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

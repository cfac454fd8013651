import { availableParallelism, hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { VigilError } from './errors.ts'
import {
  type AnyManifest,
  isClassifier,
  isForecaster,
  isReconstructor,
  type ModelBundle,
  openAnyModel,
  openModel,
} from './inference/model-store.ts'
import { type EngineEvent, openEngine } from './inference/open-engine.ts'
import type { Log } from './log.ts'
import type { ServedModel } from './metrics/telemetry.ts'
import { Detector } from './stream/detector.ts'
import type { Lane } from './stream/lane.ts'
import { OpinionDetector } from './stream/opinion-detector.ts'
import type { FrameTap, StepEngine, Telemetry } from './stream/ports.ts'
import { RiskDetector } from './stream/risk-detector.ts'
import { Ward } from './stream/ward.ts'
import { wardTickSeconds } from './stream/ward-grid.ts'
import { type ChannelTable, channelTable } from './vitals/channels.ts'
import type { ModelManifest } from './vitals/manifest.ts'
import type { Settings } from './vitals/settings.ts'

/** The registry that comes with Vigil: `models/` beside `dist/` (or `src/`). */
export const SHIPPED_MODELS = fileURLToPath(new URL('../models/', import.meta.url))

/** This process, in envelopes and heartbeats. */
export const INSTANCE = `${hostname()}/${process.pid}`

export interface Served {
  readonly ward: Ward
  readonly table: ChannelTable
  readonly models: readonly ServedModel[]
  /** the forecasters, and the hourly models beside them */
  readonly detectors: readonly Detector[]
  readonly risks: readonly RiskDetector[]
  /** versions that run beside their champions from the first frame on, where that was asked for */
  readonly shadows: readonly Detector[]
  /**
   * Open another version of a forecaster, NAME@VERSION, as a detector of its own; closed with the rest.
   * @throws VigilError as `openWard`; config-invalid where it does not fit the ward: another detector, grid or channel
   */
  open(id: string): Promise<Detector>
  close(): Promise<void>
}

export interface ServeOptions {
  readonly settings: Settings
  readonly telemetry: Telemetry
  readonly log: Log
  /** told of every frame it wants; made after the channel table is known */
  readonly tap?: (table: ChannelTable) => FrameTap
  readonly now?: () => number
  /** a patient belongs to one partition of the source, and its state with it */
  readonly partitioned?: boolean
  /** a model's manifest as it shall serve, where that is not as it was registered: another policy, say */
  readonly asServed?: (manifest: ModelManifest) => ModelManifest
  /** false: frames are stepped, and nothing is said of them; for benches */
  readonly scoring?: boolean
  /** NAME@VERSION that is to run beside the champion of a model, from the first frame on; undefined: nothing */
  readonly challenger?: (name: string) => Promise<string | undefined>
  /** an engine that fails leaves its patients to the limits; otherwise it ends the run */
  readonly fallsBack?: boolean
  /** inputs come as fast as they are taken, as in a replay */
  readonly unpaced?: boolean
}

/**
 * Open the models that the settings name, each on the first provider that reproduces its golden steps, and a ward that
 * they watch. Close it before the process ends; when this throws, nothing stays open.
 * @throws VigilError when a model cannot be opened or served; config-invalid when the settings limit an unknown channel
 */
export async function openWard(options: ServeOptions): Promise<Served> {
  const engines: StepEngine[] = []
  const close = async () => void (await Promise.all(engines.map((engine) => engine.close())))
  try {
    return { ...(await open(options, engines)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  {
    settings,
    telemetry,
    log,
    tap,
    now = Date.now,
    partitioned = false,
    scoring = true,
    asServed = (manifest) => manifest,
    fallsBack = false,
    unpaced = false,
    challenger,
  }: ServeOptions,
  engines: StepEngine[],
): Promise<Omit<Served, 'close'>> {
  const { dir = SHIPPED_MODELS, serve } = settings.models
  const { providers, threads, maxBatch } = settings.inference
  const bundles = await Promise.all(serve.map((id) => openAnyModel(dir, id)))
  const ids = bundles.map(({ manifest }) => `${manifest.name}@${manifest.version}`)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) {
    throw new VigilError('config-invalid', `${twice} is served twice: ${serve.join(', ')}`, { place: 'models.serve' })
  }
  const table = channelTable(bundles.flatMap(({ manifest }) => manifest.declares))
  const workers = workersHere(settings.inference.workers, log)
  const opened = async (bundle: ModelBundle<AnyManifest>): Promise<StepEngine> => {
    const engine = await openEngine(bundle, {
      providers,
      threads,
      maxBatch,
      inWorker: true,
      unpaced,
      workers,
      log: (event) => tellEngine(event, bundle.manifest.detector, log, telemetry),
    })
    engines.push(engine)
    return engine
  }
  const open = async (id: string): Promise<Detector> => {
    const bundle = await openModel(dir, id)
    checkFit(bundle.manifest, detectors, table, id)
    return new Detector(bundle.manifest, table, await opened(bundle), maxBatch)
  }
  const detectors: Detector[] = []
  for (const bundle of bundles.filter(isForecaster)) {
    detectors.push(new Detector(asServed(bundle.manifest), table, await opened(bundle), maxBatch))
  }
  const risks: RiskDetector[] = []
  for (const bundle of bundles.filter(isClassifier)) {
    if (bundle.manifest.outcome.classes !== undefined)
      throw notServed(bundle, 'answers with classes, and a ward asks for one event')
    risks.push(new RiskDetector(bundle.manifest, table, await opened(bundle), wardTickSeconds(detectors)))
  }
  const opinions: OpinionDetector[] = []
  const tickSeconds = wardTickSeconds(detectors)
  for (const bundle of bundles.filter(isReconstructor)) {
    const { cadenceSeconds } = bundle.manifest.grid
    if (cadenceSeconds !== tickSeconds)
      throw notServed(bundle, `reads ${cadenceSeconds} s frames, the ward's are of ${tickSeconds} s`)
    opinions.push(new OpinionDetector(bundle.manifest, table, await opened(bundle), maxBatch))
  }
  const ward = new Ward({
    table,
    detectors,
    pinned: new Set(bundles.flatMap(({ manifest }, i) => (isPinned(serve[i]!, manifest) ? [manifest.detector] : []))),
    risks,
    opinions,
    settings,
    maxBatch,
    telemetry,
    tap: tap?.(table),
    instance: INSTANCE,
    partitioned,
    scoring,
    fallsBack,
    now,
  })
  const shadows: Detector[] = []
  for (const { manifest, id } of detectors) {
    const other = ward.versions.pinned.has(manifest.detector) ? undefined : await challenger?.(manifest.name)
    if (other === undefined || other === id) continue
    const shadow = await open(other)
    ward.versions.beside(shadow)
    shadows.push(shadow)
  }
  return {
    ward,
    table,
    detectors,
    risks,
    shadows,
    open,
    models: [...detectors, ...risks, ...opinions].map(servedModel),
  }
}

/** A worker beyond the cores only waits for another; a ward is watched all the same, wherever its settings were written. */
function workersHere(wanted: number, log: Log): number {
  const cores = availableParallelism()
  if (wanted <= cores) return wanted
  log.warn({ wanted, cores }, 'inference.workers is more than there are cores: each core has one')
  return cores
}

/** What an engine's provider does, to the log and the metrics. */
function tellEngine(
  { model, provider, serves, software, reason, lost, thread }: EngineEvent,
  detector: string,
  log: Log,
  telemetry: Telemetry,
): void {
  if (lost !== undefined) {
    telemetry.providerLost(provider, detector)
    log.error({ model, provider, ...lost }, 'device lost: the processor took over and steps its patients')
  } else if (thread === 'lost')
    log.error({ model, provider, reason }, 'step thread lost: it is opened again, and others step meanwhile') // biome-ignore format: one sentence
  else if (thread === 'back') log.info({ model, provider }, 'step thread steps again')
  else if (!serves) log.warn({ model, provider, reason }, 'provider refused')
  else if (software) log.warn({ model, provider, software }, 'model serves on a software driver: correct, and slow')
  else log.info({ model, provider }, 'model serves')
}

/** A lane that serves, as metrics and page name it. */
export function servedModel({ manifest: { detector, name, version }, engine: { provider } }: Lane): ServedModel {
  return { detector, name, version, provider }
}

/** Whether a setting names a version outright, and no alias of it. */
const isPinned = (id: string, { name, version }: AnyManifest): boolean => id === `${name}@${version}`

/** @throws VigilError config-invalid where a version cannot take the place of one that serves */
function checkFit(
  { detector, grid, channels }: ModelManifest,
  serving: readonly Detector[],
  table: ChannelTable,
  place: string,
): void {
  const unfit = (why: string) =>
    new VigilError('config-invalid', `it does not fit the models that serve: ${why}`, { place })
  const now = serving.find(({ manifest }) => manifest.detector === detector)?.manifest
  if (now === undefined) throw unfit(`none of them is of the detector ${detector}`)
  if (now.grid.cadenceSeconds !== grid.cadenceSeconds)
    throw unfit(`its cadence is ${grid.cadenceSeconds} s and not ${now.grid.cadenceSeconds} s`)
  if (serving.every(({ manifest }) => manifest.grid.latenessSeconds < grid.latenessSeconds))
    throw unfit(`it waits ${grid.latenessSeconds} s for late readings, longer than they`)
  const unknown = channels.filter((name) => !table.index.has(name))
  if (unknown.length > 0) throw unfit(`they do not know ${unknown.join(', ')}; a restart with both does`)
}

function notServed({ manifest: { name, version } }: ModelBundle<AnyManifest>, why: string): VigilError {
  return new VigilError('config-invalid', `models.serve: ${name}@${version} ${why}`, { place: 'models.serve' })
}

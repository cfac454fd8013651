import { availableParallelism } from 'node:os'
import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import { softwareAdapterOnly } from './doctor.ts'
import { checkOptions, openStepGraph } from './engine.ts'
import { verifyGolden } from './golden.ts'
import { classifierShape, type GraphShape, graphShape, reconstructorShape } from './graph-shape.ts'
import { inProcessEngine } from './in-process.ts'
import { type AnyManifest, type ModelBundle, openAnyModel } from './model-store.ts'
import type { ToldOfThread } from './step-thread.ts'
import { softwareDriver } from './webgpu/software.ts'
import { openWebgpuEngine, type Recovery, type WebgpuOptions } from './webgpu/webgpu-engine.ts'
import { openWorkerEngine, type RowsEngine } from './worker-engine.ts'
import type { WorkerStart } from './worker-messages.ts'

/** Of a step on the calling thread at most: rows, and rows times bytes of the graph; about 0.13 ms. */
const HERE_ROWS = 64
const HERE_BYTES = HERE_ROWS * 2 ** 18
/**
 * Where one step follows another: 8 rows gain a fifth in a thread of their own while its core is free, and lose a half where it is
 * not; 50 rows gain half.
 */
const UNPACED_ROWS = 16
/**
 * Of an engine whose steps follow one another, ms: a side that waits for a message is woken after 0.04 to 0.07, and the steps of a
 * small ward take 0.2. A replay of 50 beds made 2,524 and 2,636 times real time without and 2,860 and 2,904 with it.
 */
const LOOK_MS = 0.15

export interface EngineOptions {
  /** tried one at a time, in this order */
  readonly providers: readonly string[]
  /** intra-op threads */
  readonly threads: number
  /** larger batches are stepped in slices of this */
  readonly maxBatch: number
  /** step in a thread of its own, but the smallest batches; false holds the event loop during every step */
  readonly inWorker: boolean
  /**
   * One step follows another and nobody waits for a single one, as in a replay: where there is a second core, more
   * of them are made in the thread beside, while the caller goes on
   */
  readonly unpaced?: boolean
  /** such threads, each with a session: one by default; on the processor, for a device has one queue however many ask */
  readonly workers?: number
  /** told which provider serves, and why each before it refused */
  readonly log?: (event: EngineEvent) => void
}

export interface EngineEvent {
  readonly model: string
  readonly provider: string
  readonly serves: boolean
  /** it serves, but on a software driver: correct and slow */
  readonly software?: true
  /** why it refused, or was lost */
  readonly reason?: string
  /** it served until its device was lost; the processor has taken over */
  readonly lost?: Recovery
  /** one of its step threads was lost, or steps again; the others go on meanwhile */
  readonly thread?: 'lost' | 'back'
}

/**
 * Open the step engine of one model version on the first provider that runs it and reproduces its golden steps.
 * @throws VigilError provider-unavailable (none runs it here), golden-mismatch (a provider that runs it computes
 *   something else), manifest-invalid (the graph is not the manifest's), config-invalid (options), engine-failed
 */
export async function openEngine(bundle: ModelBundle<AnyManifest>, options: EngineOptions): Promise<StepEngine> {
  const { threads, maxBatch, workers = 1, unpaced = false } = options
  const model = `${bundle.manifest.name}@${bundle.manifest.version}`
  for (const provider of options.providers) checkOptions({ provider, threads, maxBatch })
  const refusals: string[] = []
  for (const provider of options.providers) {
    try {
      const software = provider === 'webgpu' && softwareAdapterOnly()
      if (software) checkNamed(options.providers)
      const on = { provider, threads, maxBatch }
      const lost = (recovery: Recovery) =>
        options.log?.({ model, provider, serves: false, reason: recovery.reason, lost: recovery })
      const told: ToldOfThread = (why) =>
        options.log?.({ model, provider, serves: true, thread: why ? 'lost' : 'back', ...(why && { reason: why.message }) }) // biome-ignore format: one event
      const start = { onnx: bundle.onnx, shape: shapeOf(bundle.manifest), options: on }
      const away = unpaced && availableParallelism() > 1
      const engine =
        provider === 'webgpu'
          ? await openOnDevice(bundle, start, { workers, away: false, told }, { software, lost })
          : options.inWorker
            ? await openWorkers(bundle, start, { workers: provider === 'cpu' ? workers : 1, away, told })
            : await verified(inProcessEngine(await openStepGraph(start.onnx, start.shape, on)), bundle)
      options.log?.({ model, provider, serves: true, ...(software ? { software } : {}) })
      return engine
    } catch (error) {
      if (!(error instanceof VigilError) || error.code !== 'provider-unavailable') throw error
      options.log?.({ model, provider, serves: false, reason: error.message })
      refusals.push(error.message)
    }
  }
  throw new VigilError('provider-unavailable', refusals.join('; ') || 'no provider is configured', { place: model })
}

/** The threads that an engine is to have. */
interface Threads {
  readonly workers: number
  /** even small steps are made there, and each side looks for the other's next word */
  readonly away: boolean
  readonly told: ToldOfThread
}

/** An engine in threads of its own, of which every session reproduces the golden steps. */
async function openWorkers(
  bundle: ModelBundle<AnyManifest>,
  start: WorkerStart,
  { workers, away, told }: Threads,
): Promise<RowsEngine> {
  const most = away ? UNPACED_ROWS : HERE_ROWS
  const hereRows = start.options.provider === 'cpu' ? fewRows(start.onnx, most) : 0
  const engine = await openWorkerEngine(start, { workers, hereRows, lookMs: away ? LOOK_MS : 0, told })
  return await verified(engine, bundle, engine.sessions)
}

/**
 * Rows that are stepped sooner where they are than in a thread that must be woken: on two quiet cores 50 rows of the shipped
 * model took 0.10 ms on the calling thread and 0.27 in a worker. Larger graphs hold the event loop for fewer rows.
 * @param onnx nearly all of it weights, each of which is used once a row
 * @param most of the shipped model
 */
function fewRows(onnx: Uint8Array, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(HERE_BYTES / onnx.length)))
}

/** An engine whose sessions reproduce the golden steps; it is closed where one does not. */
async function verified<Engine extends StepEngine>(
  engine: Engine,
  bundle: ModelBundle<AnyManifest>,
  sessions: readonly StepEngine[] = [engine],
): Promise<Engine> {
  try {
    for (const session of sessions) await verifyGolden(session, bundle)
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}

/** The device's engine and the processor's that stands beside it: both reproduce the golden steps. */
async function openOnDevice(
  bundle: ModelBundle<AnyManifest>,
  device: WorkerStart,
  threads: Threads,
  options: WebgpuOptions,
): Promise<StepEngine> {
  const start = { ...device, options: { ...device.options, provider: 'cpu' } }
  const cpu = await openWorkers(bundle, start, threads)
  const engine = await verified(await openWebgpuEngine(cpu, start, options), bundle)
  if (engine.provider === 'webgpu') return engine
  await engine.close()
  throw new VigilError('provider-unavailable', 'webgpu: the device was lost in its first steps', { place: 'webgpu' })
}

/**
 * Where there is no GPU, a software driver may play one; only for somebody who asks for it.
 * @throws VigilError provider-unavailable
 */
function checkNamed(providers: readonly string[]): void {
  const refuse = (why: string) => {
    throw new VigilError('provider-unavailable', `webgpu: there is no GPU, and ${why}`, { place: 'webgpu' })
  }
  if (providers[0] !== 'webgpu') refuse('a software driver serves only where webgpu is named first')
  if (softwareDriver() === undefined) refuse('no Chromium whose SwiftShader could play one')
}

function shapeOf(manifest: AnyManifest): GraphShape {
  if (!('task' in manifest)) return graphShape(manifest)
  if (manifest.task === 'classify') return classifierShape(manifest)
  return reconstructorShape({ ...manifest, channels: manifest.channels.length })
}

/**
 * Open a version of a model and let it prove itself: files, manifest, and golden steps on the CPU provider.
 * @throws VigilError as `openAnyModel` and `openEngine`
 */
export async function verifyModel(dir: string, id: string): Promise<ModelBundle<AnyManifest>> {
  const bundle = await openAnyModel(dir, id)
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false })
  await engine.close()
  return bundle
}

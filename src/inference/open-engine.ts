import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import { softwareAdapterOnly } from './doctor.ts'
import { checkOptions, openStepGraph } from './engine.ts'
import { verifyGolden } from './golden.ts'
import { classifierShape, type GraphShape, graphShape, reconstructorShape } from './graph-shape.ts'
import { inProcessEngine } from './in-process.ts'
import { type AnyManifest, type ModelBundle, openAnyModel } from './model-store.ts'
import { openWorkerEngine } from './worker-engine.ts'

export interface EngineOptions {
  /** tried one at a time, in this order */
  readonly providers: readonly string[]
  /** intra-op threads */
  readonly threads: number
  /** larger batches are stepped in slices of this */
  readonly maxBatch: number
  /** step in a thread of its own; false holds the event loop during a step */
  readonly inWorker: boolean
  /** told which provider serves, and why each before it refused */
  readonly log?: (event: EngineEvent) => void
}

export interface EngineEvent {
  readonly model: string
  readonly provider: string
  readonly serves: boolean
  /** it serves, but on a software driver: correct and slow */
  readonly software?: true
  /** why it refused */
  readonly reason?: string
}

/**
 * Open the step engine of one model version on the first provider that runs it and reproduces its golden steps.
 * @throws VigilError provider-unavailable (none runs it here), golden-mismatch (a provider that runs it computes
 *   something else), manifest-invalid (the graph is not the manifest's), config-invalid (options), engine-failed
 */
export async function openEngine(bundle: ModelBundle<AnyManifest>, options: EngineOptions): Promise<StepEngine> {
  const { threads, maxBatch } = options
  const model = `${bundle.manifest.name}@${bundle.manifest.version}`
  for (const provider of options.providers) checkOptions({ provider, threads, maxBatch })
  const refusals: string[] = []
  for (const provider of options.providers) {
    try {
      const engine = await openVerified(bundle, { provider, threads, maxBatch }, options.inWorker)
      const software = provider === 'webgpu' && softwareAdapterOnly()
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

async function openVerified(
  bundle: ModelBundle<AnyManifest>,
  options: { provider: string; threads: number; maxBatch: number },
  inWorker: boolean,
): Promise<StepEngine> {
  const shape = shapeOf(bundle.manifest)
  const engine = inWorker
    ? await openWorkerEngine({ onnx: bundle.onnx, shape, options })
    : inProcessEngine(await openStepGraph(bundle.onnx, shape, options))
  try {
    await verifyGolden(engine, bundle)
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
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

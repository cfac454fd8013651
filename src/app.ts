import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openModel } from './inference/model-store.ts'
import { openEngine } from './inference/open-engine.ts'
import type { Log } from './log.ts'
import type { ServedModel } from './metrics/telemetry.ts'
import { Detector } from './stream/detector.ts'
import type { FrameTap, Telemetry } from './stream/ports.ts'
import { Ward } from './stream/ward.ts'
import { type ChannelTable, channelTable } from './vitals/channels.ts'
import type { Settings } from './vitals/settings.ts'

/** The registry that comes with Vigil: `models/` beside `dist/` (or `src/`). */
export const SHIPPED_MODELS = fileURLToPath(new URL('../models/', import.meta.url))

export interface Served {
  readonly ward: Ward
  readonly table: ChannelTable
  readonly models: readonly ServedModel[]
  readonly detectors: readonly Detector[]
  close(): Promise<void>
}

export interface ServeOptions {
  readonly settings: Settings
  readonly telemetry: Telemetry
  readonly log: Log
  /** told of every frame it wants; made after the channel table is known */
  readonly tap?: (table: ChannelTable) => FrameTap
  readonly now?: () => number
}

/**
 * Open the models that the settings name, each on the first provider that reproduces its golden steps, and a ward that
 * they watch.
 * @throws VigilError when a model cannot be opened or served
 */
export async function openWard({ settings, telemetry, log, tap, now = Date.now }: ServeOptions): Promise<Served> {
  const { dir = SHIPPED_MODELS, serve } = settings.models
  const { providers, threads, maxBatch } = settings.inference
  const bundles = await Promise.all(serve.map((id) => openModel(dir, id)))
  const table = channelTable(bundles.flatMap(({ manifest }) => manifest.declares))
  const detectors: Detector[] = []
  for (const bundle of bundles) {
    const engine = await openEngine(bundle, {
      providers,
      threads,
      maxBatch,
      inWorker: true,
      log: ({ model, provider, serves, reason }) =>
        serves
          ? log.info({ model, provider }, 'model serves')
          : log.warn({ model, provider, reason }, 'provider refused'),
    })
    detectors.push(new Detector(bundle.manifest, table, engine, maxBatch))
  }
  const ward = new Ward({
    table,
    detectors,
    settings,
    maxBatch,
    telemetry,
    tap: tap?.(table),
    instance: `${hostname()}/${process.pid}`,
    now,
  })
  return {
    ward,
    table,
    detectors,
    models: detectors.map(({ manifest, engine }) => ({
      detector: manifest.detector,
      name: manifest.name,
      version: manifest.version,
      provider: engine.provider,
    })),
    async close() {
      await Promise.all(detectors.map(({ engine }) => engine.close()))
    },
  }
}

import type { Served } from '../app.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import type { Settings } from '../vitals/settings.ts'

/** What every bench says of the network it ran, and how. */
export interface RanShape {
  /** NAME@VERSION, or what a made-up graph is */
  readonly model: string
  readonly features: number
  readonly hidden: number
  readonly layers: number
}

/** What a bench says that steps nothing. */
export const NO_NETWORK: RanShape = { model: 'none', features: 0, hidden: 0, layers: 0 }

export interface RanWard extends RanShape {
  readonly provider: string
  readonly threads: number
  readonly workers: number
  /** rows of a step at most */
  readonly batch: number
}

/** The first model of a ward, and how it is stepped. */
export function ranWard({ detectors }: Served, settings: Settings): RanWard {
  const { manifest, engine } = detectors[0]!
  return ranModel(manifest, settings, engine.provider)
}

/** The same where only the manifest of what was served is at hand. */
export function ranModel({ name, version, graph }: ModelManifest, { inference }: Settings, provider: string): RanWard {
  const { features, hidden, layers } = graph
  const { threads, workers, maxBatch: batch } = inference
  return { model: `${name}@${version}`, features, hidden, layers, provider, threads, workers, batch }
}

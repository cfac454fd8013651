import type { Served } from '../app.ts'
import type { Settings } from '../vitals/settings.ts'

/** What every bench says of the network it ran, and how. */
export interface RanShape {
  /** NAME@VERSION, or what a made-up graph is */
  readonly model: string
  readonly features: number
  readonly hidden: number
  readonly layers: number
}

export interface RanWard extends RanShape {
  readonly provider: string
  readonly threads: number
  /** rows of a step at most */
  readonly batch: number
}

/** The first model of a ward, and how it is stepped. */
export function ranWard({ detectors }: Served, { inference }: Settings): RanWard {
  const { manifest, engine } = detectors[0]!
  const { features, hidden, layers } = manifest.graph
  return {
    model: `${manifest.name}@${manifest.version}`,
    features,
    hidden,
    layers,
    provider: engine.provider,
    threads: inference.threads,
    batch: inference.maxBatch,
  }
}

import type { ModelManifest } from '../vitals/manifest.ts'

/** The sizes of a step graph: x [B, F], state [B, L * 2 * H], forecast [B, O]. */
export interface GraphShape {
  readonly features: number
  readonly hidden: number
  readonly layers: number
  readonly outputs: number
}

/** The sizes a manifest promises: O = horizons * 2 * channels. */
export function graphShape(manifest: Pick<ModelManifest, 'graph' | 'horizons' | 'channels'>): GraphShape {
  const { features, hidden, layers } = manifest.graph
  return { features, hidden, layers, outputs: manifest.horizons.length * 2 * manifest.channels.length }
}

/** Floats of one state row: layer by layer h then c. */
export function stateSize(shape: GraphShape): number {
  return shape.layers * 2 * shape.hidden
}

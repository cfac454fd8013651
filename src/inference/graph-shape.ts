import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'
import type { ModelManifest } from '../vitals/manifest.ts'

/** The sizes of a step graph: x [B, F], state [B, L * 2 * H], forecast [B, O]; layers are those of a stack, or members side by side. */
export interface GraphShape {
  readonly features: number
  readonly hidden: number
  readonly layers: number
  readonly outputs: number
  /** all but an LSTM carry h alone: state [B, L * H] */
  readonly carries?: 'h'
}

/** The sizes a manifest promises: O = horizons * 2 * channels. */
export function graphShape(manifest: Pick<ModelManifest, 'graph' | 'horizons' | 'channels'>): GraphShape {
  const { features, hidden, layers } = manifest.graph
  return { features, hidden, layers, outputs: manifest.horizons.length * 2 * manifest.channels.length }
}

/** The sizes a classifier's manifest promises: one logit, or one a class. */
export function classifierShape({ graph, outcome }: Pick<ClassifierManifest, 'graph' | 'outcome'>): GraphShape {
  const { features, hidden, members, cell } = graph
  return {
    features,
    hidden,
    layers: members,
    outputs: outcome.classes?.length ?? 1,
    ...(cell === 'lstm' ? {} : { carries: 'h' }),
  }
}

/**
 * The sizes of an encoder-decoder's graph: x = the newest S frames of C values and C masks, state = the W - S before them,
 * forecast = an error for each value of the window.
 */
export function reconstructorShape(sizes: { readonly channels: number; readonly window: number; readonly stride: number }): GraphShape {
  const { channels, window, stride } = sizes
  const frame = 2 * channels
  return { features: stride * frame, hidden: (window - stride) * frame, layers: 1, outputs: window * channels, carries: 'h' }
} // biome-ignore format: one line each

/** Floats of one state row: layer by layer h then c, or h alone. */
export function stateSize(shape: GraphShape): number {
  return shape.layers * (shape.carries === 'h' ? 1 : 2) * shape.hidden
}

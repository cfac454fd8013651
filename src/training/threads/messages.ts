import type { ChunkOptions, ChunkResult, NetworkState } from '../bptt.ts'
import type { TrainingEngineName } from '../engine.ts'
import type { NetworkShape, Weights } from '../network.ts'

/** What a thread is started with. */
export interface ThreadStart {
  readonly engine: TrainingEngineName
}

/** A chunk of some lanes: as `throughChunk` takes it. */
export interface LanesOfChunk {
  readonly shape: NetworkShape
  readonly weights: Weights
  /** [T, B, F] */
  readonly x: Float32Array
  readonly lanes: number
  readonly state: NetworkState
  readonly options: ChunkOptions
}

export type ToThread =
  | { readonly kind: 'chunk'; readonly chunk: LanesOfChunk }
  /** the gradient by the outputs that were handed over, [T B, 2 K C] */
  | { readonly kind: 'gradient'; readonly gradient: Float32Array }
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'opened' }
  | { readonly kind: 'outputs'; readonly outputs: Float32Array }
  | { readonly kind: 'done'; readonly result: ChunkResult }
  | { readonly kind: 'failed'; readonly reason: string }

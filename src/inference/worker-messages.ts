import type { ErrorCode } from '../errors.ts'
import type { GraphOptions } from './engine.ts'
import type { GraphShape } from './graph-shape.ts'
import type { StatePage } from './state-slab.ts'

/** What a step worker is started with. */
export interface WorkerStart {
  readonly onnx: Uint8Array
  readonly shape: GraphShape
  readonly options: GraphOptions
}

/** The shared buffers of a step, grown when a step has more rows than ever before. */
export interface Mailbox {
  /** [rows] */
  readonly slots: Int32Array<SharedArrayBuffer>
  /** [rows * F] */
  readonly x: Float32Array<SharedArrayBuffer>
  /** [rows * O] */
  readonly forecast: Float32Array<SharedArrayBuffer>
}

/** Of a step of `count` rows, in the order of their slots, this worker's are [first, end). */
export interface StepShare {
  readonly kind: 'step'
  readonly count: number
  readonly first: number
  readonly end: number
}

export type ToWorker =
  | { readonly kind: 'page'; readonly page: StatePage }
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox }
  | StepShare
  | { readonly kind: 'close' }

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'stepped' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

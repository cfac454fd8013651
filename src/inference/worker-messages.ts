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

/** What a thread is started with. */
export interface ThreadStart extends WorkerStart {
  /** ms for which either side looks for the other's next word before it waits for a message */
  readonly lookMs: number
  /** the words of its `StepControl` */
  readonly control: Int32Array<SharedArrayBuffer>
}

/** What a step is made of, and what it makes. */
export interface StepBatch {
  /** [rows] */
  readonly slots: Int32Array
  /** [rows * F] */
  readonly x: Float32Array
  /** [rows * O] */
  readonly forecast: Float32Array
}

/** The shared buffers of a step, grown when a step has more rows than ever before. Two steps in flight have two. */
export interface Mailbox extends StepBatch {
  readonly slots: Int32Array<SharedArrayBuffer>
  readonly x: Float32Array<SharedArrayBuffer>
  readonly forecast: Float32Array<SharedArrayBuffer>
}

/** A share of a step of `count` rows: in the order of their slots, those of [first, end). */
export interface Share {
  readonly count: number
  readonly first: number
  readonly end: number
  /** number of the step in its engine */
  readonly step: number
  /** the rows of the step before in the same places, of which nobody has written any since */
  readonly again: boolean
}

export type ToWorker =
  | { readonly kind: 'page'; readonly page: StatePage }
  | { readonly kind: 'mailbox'; readonly box: number; readonly mailbox: Mailbox }
  /** a step was asked for while the thread slept */
  | { readonly kind: 'go' }
  | { readonly kind: 'close' }

export type FromWorker =
  | { readonly kind: 'open' }
  /** steps are over for which somebody waits */
  | { readonly kind: 'stepped' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

// What goes between the ward's process and the device's over one socket: a head of four int32, then its payload. One
// request is under way at a time, and every request has one answer.
import type { ErrorCode } from '../../errors.ts'
import type { GraphShape } from '../graph-shape.ts'

/** int32 of a head: what, rows, bytes of the payload; of an answer also the microseconds that it took to make */
export const HEAD = 4
export const HEAD_BYTES = HEAD * Int32Array.BYTES_PER_ELEMENT

export const ASK = {
  /** JSON of `Opening`, its length as the rows; then the graph */
  open: 1,
  /** slots [B], x [B, F] -> forecast [B, O] */
  step: 2,
  /** slots [B] -> rows [B, S] */
  read: 3,
  /** slots [B], rows [B, S] */
  write: 4,
  close: 5,
} as const
export type Ask = (typeof ASK)[keyof typeof ASK]

export const ANSWER = {
  /** what was asked for */
  done: 0,
  /** JSON of `Failure` */
  failed: 1,
} as const

export interface Opening {
  readonly shape: GraphShape
  /** rows that the device holds from the beginning */
  readonly rows: number
  /** a software driver may be looked for where there is no GPU */
  readonly software: boolean
}

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
}

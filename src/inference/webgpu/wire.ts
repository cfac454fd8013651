// What goes between the ward's process and the device's: over one socket a head of five int32, and its payload behind it or
// in a file in memory, one for each direction. One request is under way at a time, and every request has one answer.
import type { ErrorCode } from '../../errors.ts'
import type { GraphShape } from '../graph-shape.ts'

/** int32 of a head: what, rows, bytes of the payload, of an answer the microseconds it took to make, 1 = payload in the file */
export const HEAD = 5
export const HEAD_BYTES = HEAD * Int32Array.BYTES_PER_ELEMENT

/** Descriptors of the device's process: the socket, and the files of requests and of answers where there are any. */
export const SOCKET = 3
export const ASKED_FILE = 4
export const ANSWERED_FILE = 5

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

import type { ErrorCode } from '../errors.ts'

/** Unpacked bytes of the largest row group that is read: one is in memory as a whole. */
export const MOST_GROUP = 256 << 20

/** What a Parquet file says of itself. */
export interface TableOfContents {
  /** a column is `local` where its times are not adjusted to UTC */
  readonly columns: readonly { readonly name: string; readonly local: boolean }[]
  /** rows and unpacked bytes of each row group, as the footer has them */
  readonly groups: readonly { readonly rows: number; readonly bytes: number }[]
}

/** Asked of the process that decodes: what stands in a file, or one of its row groups, counted from 0. */
export interface Question {
  readonly path: string
  readonly group?: { readonly number: number; readonly columns: readonly string[] }
}

/** Numbers alone, NaN where there is none, or values as JSON has them. */
export type Column = Float64Array | unknown[]

export type Answer =
  | { readonly contents: TableOfContents }
  | { readonly columns: Column[] }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string; readonly cause: string } }

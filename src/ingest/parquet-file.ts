import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { decompress as unzstd } from 'fzstd'
import {
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
} from 'hyparquet'
import { VigilError } from '../errors.ts'
import { type Column, MOST_GROUP, type TableOfContents } from './parquet-messages.ts'

/** Bytes of the longest footer, and rows of the longest row group. */
const MOST_FOOTER = 16 << 20
const MOST_ROWS = 16 << 20

/** Codecs beside snappy, which the reader has. */
const COMPRESSORS: Compressors = {
  GZIP: (packed, length) => gunzipSync(packed, { maxOutputLength: length }),
  BROTLI: (packed, length) => brotliDecompressSync(packed, { maxOutputLength: length }),
  ZSTD: (packed, length) => unzstd(packed, new Uint8Array(length)),
}

/** @throws VigilError recording-unreadable: the table of contents stands at the end, so of a cut file nothing can be read */
export async function readFooter(path: string): Promise<FileMetaData> {
  try {
    const file = await asyncBufferFromFile(path)
    const tail = Buffer.from(await file.slice(Math.max(0, file.byteLength - 8), file.byteLength))
    const length = tail.length === 8 && tail.toString('latin1', 4) === 'PAR1' ? tail.readUInt32LE(0) : Number.NaN
    if (!(length <= Math.min(file.byteLength - 8, MOST_FOOTER))) throw new Error('no footer')
    const metadata = parquetMetadata(await file.slice(file.byteLength - 8 - length, file.byteLength))
    contentsOf(metadata)
    return metadata
  } catch (cause) {
    const why = cause instanceof Error && 'syscall' in cause ? `cannot be read (${(cause as NodeJS.ErrnoException).code})` : 'is cut or damaged: it has no footer that can be read' // biome-ignore format: one sentence
    throw new VigilError('recording-unreadable', `the Parquet file ${why}`, { place: path, cause })
  }
}

/** @throws Error where the footer contradicts itself */
export function contentsOf(metadata: FileMetaData): TableOfContents {
  return {
    columns: parquetSchema(metadata).children.map(({ element: { name, logical_type: logical } }) => {
      if (typeof name !== 'string') throw new Error('a column has no name')
      return { name, local: logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC }
    }),
    groups: metadata.row_groups.map(({ num_rows: rows, columns }) => ({
      rows: Number(rows),
      bytes: columns.reduce((sum, { meta_data: it }) => sum + Number(it?.total_uncompressed_size ?? 0), 0),
    })),
  }
}

/** A value as JSON has it: times as ms, 64-bit numbers as numbers. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'bigint' ? Number(value) : value
}

/** A column of numbers, NaN where there is none, goes from process to process as it stands. */
function packed(column: unknown[]): Column {
  const numbers = new Float64Array(column.length)
  for (let i = 0; i < column.length; i++) {
    const value = column[i] ?? Number.NaN
    if (typeof value !== 'number') return column
    numbers[i] = value
  }
  return numbers
}

/**
 * One row group as whole columns, in the order of `columns`.
 * @param number counts from 0
 * @throws VigilError recording-unreadable, recording-format
 */
export async function readGroup(
  path: string,
  metadata: FileMetaData,
  number: number,
  columns: readonly string[],
): Promise<Column[]> {
  const group = metadata.row_groups[number]!
  const { rows, bytes } = contentsOf(metadata).groups[number]!
  const even = group.columns.every(({ meta_data: it }) => it !== undefined && (it.path_in_schema.length > 1 || Number(it.num_values) === rows)) // biome-ignore format: one condition
  if (!even) throw new VigilError('recording-unreadable', `row group ${number + 1} of the Parquet file has columns of other lengths than its own`, { place: path }) // biome-ignore format: one sentence
  if (!(rows >= 0 && rows <= MOST_ROWS) || bytes > MOST_GROUP)
    throw new VigilError('recording-format', `row group ${number + 1} has more than ${MOST_GROUP >> 20} MB; write smaller ones`, { place: path }) // biome-ignore format: one sentence
  const from = metadata.row_groups.slice(0, number).reduce((sum, { num_rows: before }) => sum + Number(before), 0)
  const found = new Map<string, unknown[]>(columns.map((name) => [name, []]))
  try {
    await parquetRead({
      file: await asyncBufferFromFile(path),
      metadata,
      columns: [...columns],
      compressors: COMPRESSORS,
      rowStart: from,
      rowEnd: from + rows,
      onChunk({ columnName, columnData, rowStart }) {
        const into = found.get(columnName)!
        for (let i = 0; i < columnData.length; i++) into[rowStart - from + i] = plain(columnData[i])
      },
    })
    const whole = columns.map((name) => found.get(name)!)
    if (whole.some(({ length }) => length !== rows)) throw new Error('a column ends early')
    return whole.map(packed)
  } catch (cause) {
    throw new VigilError('recording-unreadable', `row group ${number + 1} of the Parquet file is damaged, or packed in a way that is not read`, { place: path, cause }) // biome-ignore format: one sentence
  }
}

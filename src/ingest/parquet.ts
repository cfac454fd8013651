import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { decompress as unzstd } from 'fzstd'
import {
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet'
import { VigilError } from '../errors.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { at, reject } from '../vitals/rejection.ts'
import { type CsvOptions, tableRows } from './csv.ts'
import { type Decoded, decodeMessage, decodeReading } from './decode-reading.ts'
import { withPatience } from './patience.ts'

/** Columns of a table of readings beside those of the channels; `message` is a whole line of NDJSON and prevails. */
export const HEAD = ['time', 'patient', 'encounter', 'unit', 'bed', 'mode', 'complete', 'message'] as const

/** Unpacked bytes of the largest row group that is read: one is in memory as a whole. */
const MOST_GROUP = 256 << 20
/** Bytes of the longest footer, and rows of the longest row group. */
const MOST_FOOTER = 16 << 20
const MOST_ROWS = 16 << 20

/** Codecs beside snappy, which the reader has. */
const COMPRESSORS: Compressors = {
  GZIP: (packed, length) => gunzipSync(packed, { maxOutputLength: length }),
  BROTLI: (packed, length) => brotliDecompressSync(packed, { maxOutputLength: length }),
  ZSTD: (packed, length) => unzstd(packed, new Uint8Array(length)),
}

export interface ParquetOptions extends CsvOptions {
  /** inputs of one batch, at most */
  readonly batch: number
}

type Columns = ReadonlyMap<string, readonly unknown[]>

/** @throws VigilError recording-unreadable: the table of contents stands at the end, so of a cut file nothing can be read */
async function opened(path: string) {
  try {
    const file = await asyncBufferFromFile(path)
    const tail = Buffer.from(await file.slice(Math.max(0, file.byteLength - 8), file.byteLength))
    const length = tail.length === 8 && tail.toString('latin1', 4) === 'PAR1' ? tail.readUInt32LE(0) : Number.NaN
    if (!(length <= Math.min(file.byteLength - 8, MOST_FOOTER))) throw new Error('no footer')
    const footer = await file.slice(file.byteLength - 8 - length, file.byteLength)
    return withPatience(() => {
      const metadata = parquetMetadata(footer)
      return { metadata, children: parquetSchema(metadata).children }
    })
  } catch (cause) {
    const why = cause instanceof Error && 'syscall' in cause ? `cannot be read (${(cause as NodeJS.ErrnoException).code})` : 'is cut or damaged: it has no footer that can be read' // biome-ignore format: one sentence
    throw new VigilError('recording-unreadable', `the Parquet file ${why}`, { place: path, cause })
  }
}

/** Names of the columns. @throws VigilError recording-format where a time is local: it would mean two things in two hospitals */
function namesOf(children: readonly SchemaTree[], path: string): string[] {
  return children.map(({ element: { name, logical_type: logical } }) => {
    if (typeof name !== 'string')
      throw new VigilError('recording-unreadable', 'a column of the Parquet file has no name', { place: path })
    if (logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC)
      throw new VigilError('recording-format', `column "${name.slice(0, 40)}" holds local times; an instant is one adjusted to UTC (isAdjustedToUTC)`, { place: path }) // biome-ignore format: one sentence
    return name
  })
}

/** Row groups one after the other, each as whole columns. */
async function* groups(path: string, metadata: FileMetaData, columns: string[]): AsyncGenerator<[Columns, number]> {
  const file = await asyncBufferFromFile(path)
  let from = 0
  for (const [number, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows)
    const bytes = group.columns.reduce((sum, { meta_data: it }) => sum + Number(it?.total_uncompressed_size ?? 0), 0)
    const even = group.columns.every(({ meta_data: it }) => it !== undefined && (it.path_in_schema.length > 1 || Number(it.num_values) === rows)) // biome-ignore format: one condition
    if (!even) throw new VigilError('recording-unreadable', `row group ${number + 1} of the Parquet file has columns of other lengths than its own`, { place: path }) // biome-ignore format: one sentence
    if (!(rows >= 0 && rows <= MOST_ROWS) || bytes > MOST_GROUP)
      throw new VigilError('recording-format', `row group ${number + 1} has more than ${MOST_GROUP >> 20} MB; write smaller ones`, { place: path }) // biome-ignore format: one sentence
    const found = new Map<string, unknown[]>(columns.map((name) => [name, []]))
    try {
      await parquetRead({
        file,
        metadata,
        columns,
        compressors: COMPRESSORS,
        rowStart: from,
        rowEnd: from + rows,
        onChunk({ columnName, columnData, rowStart }) {
          const into = found.get(columnName)!
          for (let i = 0; i < columnData.length; i++) into[rowStart - from + i] = columnData[i]
        },
      })
      if (columns.some((name) => found.get(name)!.length !== rows)) throw new Error('a column ends early')
    } catch (cause) {
      throw new VigilError('recording-unreadable', `row group ${number + 1} of the Parquet file is damaged, or packed in a way that is not read`, { place: path, cause }) // biome-ignore format: one sentence
    }
    yield [found, rows]
    from += rows
  }
}

const nothing = (value: unknown) => value === null || value === undefined

/** A value as JSON has it: times as ms, 64-bit numbers as numbers. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'bigint' ? Number(value) : value
}

/** One row of a table of readings, as the message it stands for. */
function rowMessage(
  row: number,
  columns: Columns,
  channels: readonly string[],
  table: ChannelTable,
  key: string,
): Decoded {
  const cell = (name: string) => plain(columns.get(name)?.[row])
  const whole = cell('message')
  if (typeof whole === 'string') return decodeReading(whole, table, 'replay')
  const message: Record<string, unknown> = {}
  for (const name of HEAD) if (!nothing(cell(name))) message[name] = cell(name)
  if (message['patient'] === undefined && message['bed'] === undefined) message['patient'] = key
  const values: Record<string, unknown> = {}
  for (const name of channels) {
    const value = cell(name)
    // pandas writes an absent number as NaN
    if (!nothing(value) && !Number.isNaN(value)) values[name] = value
  }
  return decodeMessage({ ...message, values }, table, 'replay')
}

/** A cell as a CSV would have it, for a mapping. */
function text(value: unknown): string {
  const it = plain(value)
  return nothing(it) || Number.isNaN(it) ? '' : String(it)
}

/**
 * Readings and journal entries out of a Parquet file: a table with a column for each channel, as `vigil record` writes it, or
 * any other with a mapping. Row groups are read one at a time.
 * @throws VigilError recording-unreadable, recording-format, mapping-invalid: after the row groups before
 */
export async function* parquetInputs(path: string, options: ParquetOptions): AsyncGenerator<{ inputs: Input[] }> {
  const { metadata, children } = await opened(path)
  const { table, batch } = options
  const names = namesOf(children, path)
  const mapped = options.mapping === undefined ? undefined : tableRows(names, path, options)
  const channels = names.filter((name) => table.index.has(name))
  if (mapped === undefined) {
    if (!names.includes('time') && !names.includes('message'))
      throw new VigilError('recording-format', 'the Parquet file has no column "time"; a mapping file says what its columns mean', { place: path }) // biome-ignore format: one sentence
    const unknown = names.filter((name) => !table.index.has(name) && !(HEAD as readonly string[]).includes(name))
    yield { inputs: unknown.map((name) => at(reject('unknown-channel', `"${name.slice(0, 40)}" is no known channel`, name), path)) } // biome-ignore format: one sentence
  }
  const wanted = mapped?.columns ?? [...HEAD.filter((name) => names.includes(name)), ...channels]
  let line = 0
  for await (const [columns, rows] of groups(path, metadata, [...wanted])) {
    for (let first = 0; first < rows; first += batch) {
      const inputs: Input[] = []
      for (let row = first; row < Math.min(rows, first + batch); row++) {
        line++
        if (mapped !== undefined) {
          const cells = names.map((name) => text(columns.get(name)?.[row]))
          for (const it of mapped.inputs(cells)) inputs.push(it.kind === 'rejection' ? at(it, path, line) : it)
          continue
        }
        const { reading, entry, rejections } = rowMessage(row, columns, channels, table, options.patientKey)
        if (reading !== undefined) inputs.push(reading)
        if (entry !== undefined) inputs.push(entry)
        for (const it of rejections) inputs.push(at(it, path, line))
      }
      yield { inputs }
    }
  }
}

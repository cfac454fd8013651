import { VigilError } from '../errors.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { at } from '../vitals/rejection.ts'
import { type CsvOptions, tableRows, unknownColumn } from './csv.ts'
import { type Decoded, decodeMessage, decodeReading } from './decode-reading.ts'
import type { Column, TableOfContents } from './parquet-messages.ts'
import { type Patience, readColumns, readContents } from './parquet-reader.ts'

/** Columns of a table of readings beside those of the channels; `message` is a whole line of NDJSON and prevails. */
export const HEAD = ['time', 'patient', 'encounter', 'unit', 'bed', 'mode', 'complete', 'message'] as const

export interface ParquetOptions extends CsvOptions {
  /** inputs of one batch, at most */
  readonly batch: number
  /** how long a part of a file may take to be decoded */
  readonly patience?: Patience
}

type Columns = ReadonlyMap<string, Column>

/** Names of the columns. @throws VigilError recording-format where a time is local: it would mean two things in two hospitals */
function namesOf({ columns }: TableOfContents, path: string): string[] {
  const local = columns.find((it) => it.local)
  if (local !== undefined)
    throw new VigilError('recording-format', `column "${local.name.slice(0, 40)}" holds local times; an instant is one adjusted to UTC (isAdjustedToUTC)`, { place: path }) // biome-ignore format: one sentence
  return columns.map(({ name }) => name)
}

/** pandas writes an absent number as NaN */
const nothing = (value: unknown) => value === null || value === undefined || Number.isNaN(value)

/** One row of a table of readings, as the message it stands for. */
function rowMessage(
  row: number,
  columns: Columns,
  channels: readonly string[],
  table: ChannelTable,
  key: string,
): Decoded {
  const cell = (name: string) => columns.get(name)?.[row]
  const whole = cell('message')
  if (typeof whole === 'string') return decodeReading(whole, table, 'replay')
  const message: Record<string, unknown> = {}
  for (const name of HEAD) if (!nothing(cell(name))) message[name] = cell(name)
  if (message['patient'] === undefined && message['bed'] === undefined) message['patient'] = key
  const values: Record<string, unknown> = {}
  for (const name of channels) {
    const value = cell(name)
    if (!nothing(value)) values[name] = value
  }
  return decodeMessage({ ...message, values }, table, 'replay')
}

/** A cell as a CSV would have it, for a mapping. */
const text = (value: unknown): string => (nothing(value) ? '' : String(value))

/**
 * Readings and journal entries out of a Parquet file: a table with a column for each channel, as `vigil record` writes it, or
 * any other with a mapping. Row groups are read one at a time,
 * in a process of their own, which is given up where it takes too long.
 * @throws VigilError recording-unreadable, recording-format, mapping-invalid: after the row groups before
 */
export async function* parquetInputs(path: string, options: ParquetOptions): AsyncGenerator<{ inputs: Input[] }> {
  const { table, batch, patience } = options
  const contents = await readContents(path, patience)
  const names = namesOf(contents, path)
  const mapped = options.mapping === undefined ? undefined : tableRows(names, path, options)
  const channels = names.filter((name) => table.index.has(name))
  if (mapped === undefined) {
    if (!names.includes('time') && !names.includes('message'))
      throw new VigilError('recording-format', 'the Parquet file has no column "time"; a mapping file says what its columns mean', { place: path }) // biome-ignore format: one sentence
    const known = (name: string) => table.index.has(name) || (HEAD as readonly string[]).includes(name)
    yield { inputs: names.flatMap((name, i) => (known(name) ? [] : [at(unknownColumn(i, names), path)])) }
  }
  const wanted = [...(mapped?.columns ?? [...HEAD.filter((name) => names.includes(name)), ...channels])]
  let line = 0
  for (const [number, { rows, bytes }] of contents.groups.entries()) {
    const read = await readColumns(path, number, bytes, wanted, patience)
    const columns: Columns = new Map(wanted.map((name, i) => [name, read[i]!]))
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

import { parse } from 'csv-parse/sync'
import { VigilError } from '../errors.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { bedKey } from '../vitals/reading.ts'
import { at, type Rejection, reject } from '../vitals/rejection.ts'
import { unnamed } from '../vitals/unnamed.ts'
import { implausible, instant } from './event-time.ts'
import { type RowReader, rowReader } from './grid-row.ts'
import { mappingFor } from './known-headers.ts'
import { type CsvMapping, mappedColumn, readMapping } from './mapping.ts'
import { type LineBatch, lineText } from './ndjson.ts'

export interface CsvOptions {
  readonly table: ChannelTable
  readonly zeros: 'missing' | 'value' | undefined
  /** mapping file; undefined: the header must be a known one */
  readonly mapping: string | undefined
  readonly patientKey: string
  /** instant of relative time 0 where the mapping names none, ms since 1970 */
  readonly anchor: number
}

type Subject = NonNullable<CsvMapping['patient']>

/** The mapping with its names resolved to columns of this file. */
interface Plan {
  readonly mapping: CsvMapping
  readonly width: number
  readonly time: number
  readonly start: number
  /** column, or the constant, or nothing */
  readonly patient: number | string | undefined
  readonly unit: number | string | undefined
  readonly bed: number | string | undefined
  /** [columns read] index into the row, name, and what stands for "no value" */
  readonly columns: readonly { at: number; channel: string; missing: ReadonlySet<string> }[]
  readonly reader: RowReader
}

/** Cells of one line; undefined where its quotes do not close. A quoted line break is not supported. */
function cells(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter)
  try {
    const rows: string[][] = parse(line, { delimiter, relax_column_count: true })
    return rows[0]
  } catch {
    return undefined
  }
}

function resolve(header: readonly string[], mapping: CsvMapping, place: string, options: CsvOptions): Plan {
  const names = header.map((cell) => cell.trim())
  const find = (name: string, key: string): number => {
    const index = names.indexOf(name)
    if (index < 0) throw new VigilError('mapping-invalid', `${key}: the header has no column of this name`, { place })
    if (names.indexOf(name, index + 1) >= 0)
      throw new VigilError('mapping-invalid', `${key}: the header has two columns of this name`, { place })
    return index
  }
  const subject = (it: Subject | undefined, key: string) =>
    it === undefined ? undefined : 'constant' in it ? it.constant : find(it.column, `${key}.column`)
  const entries = Object.entries(mapping.columns)
  return {
    mapping,
    width: names.length,
    time: find(mapping.time.column, 'time.column'),
    start: mapping.time.start === undefined ? options.anchor : instant(mapping.time.start),
    patient: subject(mapping.patient, 'patient'),
    unit: subject(mapping.unit, 'unit'),
    bed: subject(mapping.bed, 'bed'),
    columns: entries.map(([name, { channel, missing }], i) => ({
      at: find(name, mappedColumn(i + 1)),
      channel,
      missing: new Set(missing ?? mapping.missing),
    })),
    reader: rowReader(
      entries.map(([name, { channel, unit }]) => ({ name, channel, unit })),
      options.table,
      { zeros: options.zeros ?? mapping.zeros, repeats: mapping.repeats },
    ),
  }
}

/** Event time of a row, ms since 1970, or why it has none. */
function rowTime(cell: string, { mapping: { time, decimal }, start }: Plan): number | Rejection {
  const text = cell.trim()
  const number = text === '' ? Number.NaN : Number(decimal === ',' ? text.replace(',', '.') : text)
  const ms =
    time.format === 'iso'
      ? instant(text)
      : time.format === 'ms'
        ? number
        : time.format === 's'
          ? number * 1000
          : start + number * (time.format === 'relative-seconds' ? 1000 : 60_000)
  if (!Number.isFinite(ms)) return reject('bad-time', `the cell is no time of format ${time.format}`, 'time')
  const why = implausible(ms)
  return why === undefined ? ms : reject('implausible-time', why, 'time')
}

function* rowInputs(row: readonly string[], plan: Plan, options: CsvOptions, values: Float64Array): Generator<Input> {
  const { mapping } = plan
  const cell = (from: number | string | undefined) => (typeof from === 'number' ? row[from]!.trim() || undefined : from)
  const unit = cell(plan.unit)
  const bed = cell(plan.bed)
  const patient = cell(plan.patient)
  const named = plan.patient !== undefined || plan.bed !== undefined
  if (named && patient === undefined && bed === undefined)
    return yield reject('no-subject', 'neither the patient nor the bed column has a value')
  const time = rowTime(row[plan.time]!, plan)
  if (typeof time !== 'number') return yield { ...time, column: plan.time + 1 }
  for (const [i, { at: index, channel, missing }] of plan.columns.entries()) {
    const text = row[index]!.trim()
    values[i] = Number.NaN
    if (missing.has(text)) continue
    const value = text === '' ? Number.NaN : Number(mapping.decimal === ',' ? text.replace(',', '.') : text)
    if (Number.isFinite(value)) values[i] = value
    else yield { ...reject('not-a-number', 'the cell is not a number', channel), column: index + 1 }
  }
  const patientKey = patient ?? (bed === undefined ? options.patientKey : bedKey(unit, bed))
  yield {
    kind: 'reading',
    patientKey,
    encounter: undefined,
    unit,
    bed,
    time,
    mode: 'replay',
    complete: mapping.complete,
    ...plan.reader.read(values, patientKey),
    times: undefined,
  }
}

/**
 * Rows of cells that stand in a table of another kind, by the mapping that says what its columns mean.
 * @returns the columns that are read, and the inputs of a row of all `names`
 * @throws VigilError mapping-invalid
 */
export function tableRows(names: readonly string[], place: string, options: CsvOptions) {
  const mapping = { ...readMapping(options.mapping!, options.table), decimal: '.' as const }
  const plan = resolve(names, mapping, options.mapping ?? place, options)
  const values = new Float64Array(plan.columns.length)
  const read = [plan.time, plan.patient, plan.unit, plan.bed, ...plan.columns.map(({ at: index }) => index)]
  return {
    columns: new Set(read.flatMap((index) => (typeof index === 'number' ? [names[index]!] : []))),
    inputs: (row: readonly string[]) => rowInputs(row, plan, options, values),
  }
}

/** A column that is read as nothing. Its name is not said: a table may be of one patient a column. @param at counted from 0 */
export function unknownColumn(at: number, names: readonly string[]): Rejection {
  const why = `the column is no known channel (${unnamed(names[at]!, names)})`
  return { ...reject('unknown-channel', why), column: at + 1 }
}

function unknownColumns(header: readonly string[], mapping: CsvMapping): Rejection[] {
  return header.flatMap((cell, i) => {
    const name = cell.trim()
    if (name === mapping.time.column || Object.hasOwn(mapping.columns, name)) return []
    return [unknownColumn(i, header)]
  })
}

function delimiterOf(line: string): string {
  const [best] = [',', ';', '\t'].toSorted((a, b) => line.split(b).length - line.split(a).length)
  return best!
}

/**
 * Readings out of the lines of a CSV: one row is one time of one patient. Rejections carry line and column, a column
 * being the number of the cell. A row with too few or too many cells is refused; a bad cell costs only its channel.
 * @throws VigilError mapping-invalid, or recording-format where the header is unknown and no mapping was given
 */
export async function* csvInputs(
  batches: AsyncIterable<LineBatch>,
  path: string,
  options: CsvOptions,
): AsyncGenerator<{ inputs: Input[] }> {
  const given = options.mapping === undefined ? undefined : readMapping(options.mapping, options.table)
  let plan: Plan | undefined
  let values = new Float64Array(0)
  for await (const batch of batches) {
    const { numbers } = batch
    const inputs: Input[] = []
    for (let i = 0; i < numbers.length; i++) {
      const line = lineText(batch, i)
      if (line === undefined) {
        inputs.push(at(reject('too-long', 'the line is longer than the limit'), path, numbers[i]))
        continue
      }
      const delimiter: string = plan?.mapping.delimiter ?? given?.delimiter ?? delimiterOf(line)
      const row = cells(line, delimiter)
      if (plan === undefined) {
        const mapping = given ?? (row === undefined ? undefined : mappingFor(row))
        if (row === undefined || mapping === undefined)
          throw new VigilError('recording-format', 'the header is of no known CSV; a mapping file says what it means', {
            place: path,
          })
        plan = resolve(row, given === undefined ? { ...mapping, delimiter } : mapping, options.mapping ?? path, options)
        values = new Float64Array(plan.columns.length)
        // an engineer's mapping leaves columns out on purpose; of a known format we say which we do not know
        if (given === undefined) for (const it of unknownColumns(row, mapping)) inputs.push(at(it, path, numbers[i]))
      } else if (row === undefined || row.length !== plan.width) {
        const detail =
          row === undefined ? 'a quote does not close' : `${row.length} cells, the header has ${plan.width}`
        const cut = row === undefined ? undefined : Math.min(row.length, plan.width) + 1
        inputs.push(at(reject('bad-row', detail), path, numbers[i], cut))
      } else
        for (const input of rowInputs(row, plan, options, values))
          inputs.push(input.kind === 'rejection' ? at(input, path, numbers[i]) : input)
    }
    yield { inputs }
  }
  if (plan === undefined) throw new VigilError('recording-format', 'the CSV has no header', { place: path })
}

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type BasicType, fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { VigilError } from '../errors.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import { OK, type Reading } from '../vitals/reading.ts'
import { HEAD } from './parquet.ts'
import { wireReading } from './wire-reading.ts'

/** A recording that is being written: what `openRecording` gives of it is what was put in, of mode `replay`. */
export interface RecordingWriter {
  /** Waits while the disk is slower. @throws VigilError sink-failed */
  write(inputs: readonly (Reading | JournalEntry)[]): Promise<void>
  close(): Promise<void>
}

/** Rows of one row group: what a reader, and the writer, hold in memory at once. */
const GROUP = 8192

function failed(place: string, cause: unknown): VigilError {
  return new VigilError('sink-failed', 'the recording cannot be written', { place, cause })
}

/**
 * A new recording by the name of its file: `.parquet`, `.ndjson` or `.ndjson.gz`.
 * @throws VigilError usage for any other name, sink-failed when it cannot be made
 */
export async function writeRecording(path: string, table: ChannelTable): Promise<RecordingWriter> {
  if (/\.parquet$/.test(path)) return parquetRecording(path, table)
  if (/\.ndjson(\.gz)?$/.test(path)) return lineRecording(path, table)
  throw new VigilError('usage', 'a recording is named .parquet, .ndjson or .ndjson.gz', { place: path })
}

const lineOf = (input: Reading | JournalEntry, table: ChannelTable) =>
  JSON.stringify(input.kind === 'reading' ? wireReading(input, table, modeOf(input)) : input)

/** A recording is never live; what was a test stays one. */
const modeOf = ({ mode }: Reading) => (mode === 'live' ? 'replay' : mode)

async function lineRecording(path: string, table: ChannelTable): Promise<RecordingWriter> {
  const file = createWriteStream(path)
  await once(file, 'open').catch((cause) => Promise.reject(failed(path, cause)))
  const packed = path.endsWith('.gz') ? createGzip() : undefined
  const into = packed ?? file
  let failure: unknown
  const written = (packed === undefined ? once(file, 'finish') : pipeline(packed, file)).then(
    () => undefined,
    (cause: unknown) => {
      failure = cause
    },
  )
  const check = () => {
    if (failure !== undefined) throw failed(path, failure)
  }
  return {
    async write(inputs) {
      check()
      const text = inputs.map((input) => `${lineOf(input, table)}\n`).join('')
      // a file that fails never drains
      if (text !== '' && !into.write(text)) await Promise.race([once(into, 'drain'), written])
      check()
    },
    async close() {
      into.end()
      await written
      check()
    },
  }
}

/** A reading that a row of plain values says whole; any other is also there as its message. */
function isPlain({ time, times, values, statuses }: Reading): boolean {
  return (
    times === undefined && Number.isInteger(time) && statuses.every((it) => it === OK) && values.every(Number.isFinite)
  )
}

function parquetRecording(path: string, table: ChannelTable): RecordingWriter {
  const names = [...HEAD, ...table.channels.map(({ name }) => name)]
  const types: Readonly<Record<string, BasicType>> = { time: 'TIMESTAMP', complete: 'BOOLEAN' }
  const typeOf = (name: string): BasicType => types[name] ?? (table.index.has(name) ? 'DOUBLE' : 'STRING')
  let columns = names.map((): unknown[] => [])
  const data = () => names.map((name, i) => ({ name, type: typeOf(name), data: columns[i]! as never }))
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw failed(path, cause)
    }
  }
  const writer = attempt(() => new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaFromColumnData({ columnData: data() }),
    createdBy: 'vigil',
    statistics: false,
  })) // biome-ignore format: one call
  let rows = 0
  function flush(): void {
    if (rows > 0) attempt(() => writer.write({ columnData: data().map(({ name, data }) => ({ name, data })), rowGroupSize: GROUP })) // biome-ignore format: one call
    columns = names.map(() => [])
    rows = 0
  }
  function add(input: Reading | JournalEntry): void {
    const row: Record<string, unknown> = {}
    if (input.kind === 'reading') {
      const { patientKey, encounter, unit, bed, time, complete } = input
      Object.assign(row, {
        patient: patientKey,
        encounter,
        unit,
        bed,
        complete,
        mode: modeOf(input),
        time: new Date(time),
      })
      input.channels.forEach((channel, i) => {
        if (Number.isFinite(input.values[i])) row[table.channels[channel]!.name] = input.values[i]
      })
      if (!isPlain(input)) row['message'] = lineOf(input, table)
    } else Object.assign(row, { patient: input.patientKey, time: new Date(input.at), message: lineOf(input, table) })
    names.forEach((name, i) => void columns[i]!.push(row[name] ?? null))
    if (++rows === GROUP) flush()
  }
  return {
    async write(inputs) {
      for (const input of inputs) add(input)
    },
    async close() {
      flush()
      attempt(() => writer.finish())
    },
  }
}

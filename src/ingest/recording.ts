import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { VigilError } from '../errors.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { at, reject } from '../vitals/rejection.ts'
import { fileBytes } from './bytes.ts'
import { csvInputs } from './csv.ts'
import { decodeReading } from './decode-reading.ts'
import { type LineBatch, lineBatches, MAX_LINE } from './ndjson.ts'
import { wfdbInputs } from './wfdb-files.ts'

export interface RecordingOptions {
  readonly table: ChannelTable
  /** what 0 means; by default 'missing' in WFDB numerics and the MIMIC II CSV, else 'value' */
  readonly zeros?: 'missing' | 'value'
  /** YAML or JSON file that says what the columns of a CSV are */
  readonly mapping?: string
  /** whose recording it is, where the file does not say; by default `recordingKey` of its name */
  readonly patientKey?: string
  /** instant of relative time 0, ms since 1970; by default 2026-01-01T00:00:00Z */
  readonly anchor?: number
  /** inputs of one batch, at most: what of the recording is in memory at once */
  readonly batch?: number
}

/** Consecutive inputs of one recording, in the order of the file. */
export interface RecordingBatch {
  readonly inputs: readonly Input[]
}

/** Where relative times begin when nothing else is said. */
export const ANCHOR = Date.UTC(2026, 0, 1)

const BATCH = 512

/** The patient key a file name stands for: `bidmc_01_Numerics.csv.gz` -> `bidmc_01`. */
export function recordingKey(path: string): string {
  return basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.(csv|tsv|txt|hea|dat|ndjson|jsonl)$/i, '')
    .replace(/_Numerics$/, '')
}

function* ndjsonInputs(batch: LineBatch, path: string, table: ChannelTable): Generator<Input> {
  for (let i = 0; i < batch.lines.length; i++) {
    const line = batch.lines[i]
    if (line === undefined) {
      yield at(reject('too-long', `the line is longer than ${MAX_LINE} bytes`), path, batch.numbers[i])
      continue
    }
    const { reading, entry, rejections } = decodeReading(line, table, 'replay')
    if (reading !== undefined) yield reading
    if (entry !== undefined) yield entry
    for (const rejection of rejections) yield at(rejection, path, batch.numbers[i])
  }
}

async function* again<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value
}

/** What the name says the file is, or the content of its first line where the name says nothing. */
function isNdjson(path: string, first: LineBatch | undefined, mapped: boolean): boolean {
  if (mapped) return false
  const name = path.replace(/\.gz$/i, '')
  if (/\.(ndjson|jsonl)$/i.test(name)) return true
  if (/\.(csv|tsv)$/i.test(name)) return false
  return first?.lines[0]?.trimStart().startsWith('{') ?? false
}

async function* textInputs(path: string, options: RecordingOptions): AsyncGenerator<RecordingBatch> {
  const lines = lineBatches(fileBytes(path), { batch: options.batch ?? BATCH })
  try {
    const first = await lines.next()
    const batches = again(first, lines)
    if (isNdjson(path, first.done === true ? undefined : first.value, options.mapping !== undefined)) {
      for await (const batch of batches) yield { inputs: [...ndjsonInputs(batch, path, options.table)] }
    } else {
      yield* csvInputs(batches, path, {
        table: options.table,
        zeros: options.zeros,
        mapping: options.mapping,
        patientKey: options.patientKey ?? recordingKey(path),
        anchor: options.anchor ?? ANCHOR,
      })
    }
  } finally {
    await lines.return(undefined)
  }
}

/**
 * The inputs of one recording, in the order of the file: NDJSON messages, a CSV (BIDMC and MIMIC II numerics by their
 * header, any other with a mapping file), each also as gzip, or a WFDB record (its `.hea`). The format is told by the
 * name, else by the content. Readings are of mode `replay`, never `live`. Bad lines are rejections among the inputs.
 * @throws VigilError recording-unreadable, recording-format, mapping-invalid: after everything that could be read
 */
export async function* openRecording(path: string, options: RecordingOptions): AsyncGenerator<RecordingBatch> {
  const header = /\.hea$/i.test(path) ? path : /\.dat$/i.test(path) ? path.replace(/\.dat$/i, '.hea') : `${path}.hea`
  const wfdb = header === path || (!existsSync(path) && existsSync(header))
  if (/\.dat$/i.test(path) && !existsSync(header))
    throw new VigilError('recording-format', 'a WFDB record is opened by its header (.hea)', { place: path })
  if (!wfdb && !/\.dat$/i.test(path)) return yield* textInputs(path, options)
  yield* wfdbInputs(header, {
    table: options.table,
    zeros: options.zeros ?? 'missing',
    patientKey: options.patientKey ?? recordingKey(header),
    anchor: options.anchor ?? ANCHOR,
    batch: options.batch ?? BATCH,
  })
}

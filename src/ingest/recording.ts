import { existsSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { VigilError } from '../errors.ts'
import type { ReadOptions } from '../hl7/read.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { at, reject } from '../vitals/rejection.ts'
import { fileBytes } from './bytes.ts'
import { csvInputs } from './csv.ts'
import { QuickReader } from './decode-quick.ts'
import { decodeReading } from './decode-reading.ts'
import { captureInputs } from './hl7-capture.ts'
import { type LineBatch, lineBatches, lineText, MAX_LINE } from './ndjson.ts'
import { parquetInputs } from './parquet.ts'
import { wfdbInputs } from './wfdb-files.ts'

export interface RecordingOptions {
  readonly table: ChannelTable
  /** what 0 means; by default 'missing' in WFDB numerics and the MIMIC II CSV, else 'value' */
  readonly zeros?: 'missing' | 'value'
  /** YAML or JSON file that says what the columns of a CSV are */
  readonly mapping?: string
  /** how HL7 captures are read; asked once a capture, as it needs the site's secret. @throws VigilError config-invalid */
  readonly hl7?: () => ReadOptions
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

/** How the name of a packed file ends. */
const PACKED = /\.(gz|zst)$/i
const VT = 0x0b

/** The patient key a file name stands for: `bidmc_01_Numerics.csv.gz` -> `bidmc_01`. */
export function recordingKey(path: string): string {
  return basename(path)
    .replace(PACKED, '')
    .replace(/\.(csv|tsv|txt|hea|dat|ndjson|jsonl|parquet)$/i, '')
    .replace(/_Numerics$/, '')
}

/** @param quick of the recording: it reads what nearly all lines are */
function ndjsonInputs(batch: LineBatch, path: string, table: ChannelTable, quick: QuickReader): Input[] {
  const inputs: Input[] = []
  for (let i = 0; i < batch.numbers.length; i++) {
    const bytes = batch.bytes[i]
    if (bytes === undefined) {
      inputs.push(at(reject('too-long', `the line is longer than ${MAX_LINE} bytes`), path, batch.numbers[i]))
      continue
    }
    const usual = quick.read(bytes, batch.from[i], batch.to[i])
    if (usual !== undefined) {
      inputs.push(usual)
      continue
    }
    const { reading, entry, rejections } = decodeReading(lineText(batch, i)!, table, 'replay')
    if (reading !== undefined) inputs.push(reading)
    if (entry !== undefined) inputs.push(entry)
    for (const rejection of rejections) inputs.push(at(rejection, path, batch.numbers[i]))
  }
  return inputs
}

async function* again<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value
}

/** What the name says the file is, or the content of its first line where the name says nothing. */
function isNdjson(path: string, first: LineBatch | undefined, mapped: boolean): boolean {
  if (mapped) return false
  const name = path.replace(PACKED, '')
  if (/\.(ndjson|jsonl)$/i.test(name)) return true
  if (/\.(csv|tsv)$/i.test(name)) return false
  return (first && lineText(first, 0))?.trimStart().startsWith('{') ?? false
}

/** HL7 v2 by its name, or by its first bytes where nothing else is said. */
function isHl7(path: string, first: Uint8Array | undefined, mapped: boolean): boolean {
  if (/\.(hl7|mllp)$/i.test(path.replace(PACKED, ''))) return true
  return !mapped && (first?.[0] === VT || /^(MSH|FHS|BHS)[^\p{L}\p{N}\s,;]/u.test(Buffer.from(first?.subarray(0, 4) ?? []).toString('latin1'))) // biome-ignore format: one condition
}

async function isParquet(path: string): Promise<boolean> {
  if (/\.parquet$/i.test(path)) return true
  // a pipe has no beginning to come back to, and opening it takes it from its reader
  const kind = await stat(path).catch(() => undefined)
  if (kind?.isFile() !== true) return false
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return false
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1') === 'PAR1'
  } finally {
    await file.close()
  }
}

async function* textInputs(path: string, options: RecordingOptions): AsyncGenerator<RecordingBatch> {
  const chunks = fileBytes(path)
  const start = await chunks.next()
  const bytes = again(start, chunks)
  if (isHl7(path, start.value ?? undefined, options.mapping !== undefined)) {
    try {
      if (options.hl7 === undefined)
        throw new VigilError('config-invalid', 'an HL7 capture needs the secret of the site: hl7.secretFile or hl7.secret', { place: path }) // biome-ignore format: one sentence
      return yield* captureInputs(bytes, path, { table: options.table, reading: options.hl7() })
    } finally {
      await chunks.return(undefined)
    }
  }
  const lines = lineBatches(bytes, { batch: options.batch ?? BATCH })
  try {
    const first = await lines.next()
    const batches = again(first, lines)
    if (isNdjson(path, first.done === true ? undefined : first.value, options.mapping !== undefined)) {
      const quick = new QuickReader(options.table, 'replay')
      for await (const batch of batches) yield { inputs: ndjsonInputs(batch, path, options.table, quick) }
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
    await chunks.return(undefined)
  }
}

/**
 * The inputs of one recording, in the order of the file: NDJSON messages, a CSV (BIDMC and MIMIC II numerics by their
 * header, any other with a mapping file), a capture of HL7 v2, each also as gzip or Zstandard; a Parquet file; or a WFDB
 * record (its `.hea`). The format is told by the name, else by the content. Readings are of mode `replay`, never `live`. Bad lines are rejections among the inputs.
 * @throws VigilError recording-unreadable, recording-format, mapping-invalid: after everything that could be read
 */
export async function* openRecording(path: string, options: RecordingOptions): AsyncGenerator<RecordingBatch> {
  const header = /\.hea$/i.test(path) ? path : /\.dat$/i.test(path) ? path.replace(/\.dat$/i, '.hea') : `${path}.hea`
  const wfdb = header === path || (!existsSync(path) && existsSync(header))
  if (/\.dat$/i.test(path) && !existsSync(header))
    throw new VigilError('recording-format', 'a WFDB record is opened by its header (.hea)', { place: path })
  if (!wfdb && !/\.dat$/i.test(path)) {
    if (!(await isParquet(path))) return yield* textInputs(path, options)
    const { table, zeros, mapping } = options
    const patientKey = options.patientKey ?? recordingKey(path)
    const anchor = options.anchor ?? ANCHOR
    return yield* parquetInputs(path, { table, zeros, mapping, patientKey, anchor, batch: options.batch ?? BATCH })
  }
  yield* wfdbInputs(header, {
    table: options.table,
    zeros: options.zeros ?? 'missing',
    patientKey: options.patientKey ?? recordingKey(header),
    anchor: options.anchor ?? ANCHOR,
    batch: options.batch ?? BATCH,
  })
}

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { VigilError } from '../errors.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { at } from '../vitals/rejection.ts'
import { channelOf } from './aliases.ts'
import { type RowReader, rowReader } from './grid-row.ts'
import { parseWfdbHeader, type WfdbHeader, type WfdbSignal } from './wfdb-header.ts'
import { decodeWfdbSignals } from './wfdb-signals.ts'

export interface WfdbOptions {
  readonly table: ChannelTable
  readonly zeros: 'missing' | 'value'
  readonly patientKey: string
  /** instant of frame 0 where the header has no base date, ms since 1970 */
  readonly anchor: number
  /** frames of one batch */
  readonly batch: number
}

/** Bytes of the largest header or signal file that is read; a signal file is held whole, for its checksum. */
const MAX_FILE = 1 << 30

function wrong(place: string, detail: string): VigilError {
  return new VigilError('recording-format', detail, { place })
}

async function whole(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path)
    if (bytes.length <= MAX_FILE) return bytes
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new VigilError('recording-unreadable', `cannot be read (${why})`, { place: path, cause })
  }
  throw wrong(path, `is larger than ${MAX_FILE} bytes`)
}

async function header(path: string): Promise<WfdbHeader> {
  return parseWfdbHeader((await whole(path)).toString('latin1'), path)
}

/** One segment, decoded: [signals][frames]. `missing` frames were announced and are not there. */
interface Segment {
  readonly signals: readonly WfdbSignal[]
  readonly values: readonly Float64Array[]
  readonly frames: number
  readonly missing: number
}

async function readSegment(path: string, head: WfdbHeader): Promise<Segment> {
  const columns = new Map<WfdbSignal, Float64Array>()
  let frames = head.frames ?? Number.POSITIVE_INFINITY
  for (const file of new Set(head.signals.map((signal) => signal.file))) {
    const signals = head.signals.filter((signal) => signal.file === file)
    const place = join(dirname(path), file)
    const decoded = decodeWfdbSignals(await whole(place), signals, head.frames, place)
    for (const [i, signal] of signals.entries()) columns.set(signal, decoded.values[i]!)
    frames = Math.min(frames, decoded.frames)
  }
  if (!Number.isFinite(frames)) frames = 0
  return {
    signals: head.signals,
    values: head.signals.map((signal) => columns.get(signal)!),
    frames,
    missing: (head.frames ?? frames) - frames,
  }
}

function* frameBatches(
  segment: Segment,
  reader: RowReader,
  timeOf: (frame: number) => number,
  options: WfdbOptions,
): Generator<{ inputs: Input[] }> {
  const row = new Float64Array(segment.values.length)
  for (let from = 0; from < segment.frames; from += options.batch) {
    const inputs: Input[] = []
    for (let frame = from; frame < Math.min(from + options.batch, segment.frames); frame++) {
      for (let s = 0; s < row.length; s++) row[s] = segment.values[s]![frame]!
      inputs.push({
        kind: 'reading',
        patientKey: options.patientKey,
        encounter: undefined,
        unit: undefined,
        bed: undefined,
        time: timeOf(frame),
        mode: 'replay',
        complete: true,
        ...reader.read(row, options.patientKey),
        times: undefined,
      })
    }
    yield { inputs }
  }
}

/** The segment headers of a record with how many frames stand before each; a gap (`~`) has none. */
async function segmentsOf(path: string, head: WfdbHeader) {
  if (head.segments.length === 0) return [{ path, head, before: 0 }]
  const found: { path: string; head: WfdbHeader; before: number }[] = []
  let before = 0
  let layout: WfdbHeader | undefined
  for (const [i, { name, frames }] of head.segments.entries()) {
    if (name === '~') {
      before += frames
      continue
    }
    const place = join(dirname(path), `${name}.hea`)
    const one = await header(place)
    if (one.segments.length > 0) throw wrong(place, 'a segment has segments of its own')
    if (i === 0 && frames === 0) {
      layout = one
      continue
    }
    if (one.frames !== undefined && one.frames !== frames)
      throw wrong(path, `a segment has ${one.frames} samples by its own header and ${frames} by this one`)
    if (one.frequency !== head.frequency) throw wrong(place, "the segment's frequency is not the record's")
    const known = (layout ?? found[0]?.head ?? one).signals.map(({ description }) => description)
    const names = one.signals.map(({ description }) => description)
    const same = layout === undefined ? names.join('\n') === known.join('\n') : names.every((it) => known.includes(it))
    if (!same) throw wrong(place, 'the segment has other signals than the record')
    found.push({ path: place, head: { ...one, frames }, before })
    before += frames
  }
  if (head.frames !== undefined && head.frames !== before)
    throw wrong(path, `the segments hold ${before} samples, the header announces ${head.frames}`)
  return found
}

/**
 * The readings of a WFDB record: one a frame, one segment in memory at a time. Fixed and variable layouts; a null
 * segment is a gap in time and gives nothing. Signals that are no vital sign are ignored and said so, once.
 * @param path the `.hea`
 * @throws VigilError recording-format (header, checksum); recording-unreadable when a file is missing or, after every
 * frame it holds, when it is shorter than announced
 */
export async function* wfdbInputs(path: string, options: WfdbOptions): AsyncGenerator<{ inputs: Input[] }> {
  const head = await header(path)
  const start = head.start ?? options.anchor
  const told = new Set<string>()
  for (const { path: place, head: own, before } of await segmentsOf(path, head)) {
    const segment = await readSegment(place, own)
    const reader = rowReader(
      segment.signals.map(({ description, units }) => ({
        name: description,
        channel: channelOf(description),
        unit: units,
      })),
      options.table,
      { zeros: options.zeros, repeats: 'held' },
    )
    const ignored = reader.ignored.filter(({ name }) => !told.has(name))
    for (const { name } of ignored) told.add(name)
    if (ignored.length > 0) yield { inputs: ignored.map(({ rejection }) => at(rejection, place)) }
    const timeOf = (frame: number) => Math.round(start + ((before + frame) * 1000) / head.frequency)
    yield* frameBatches(segment, reader, timeOf, options)
    if (segment.missing > 0)
      throw new VigilError('recording-unreadable', `the signal files are ${segment.missing} samples short`, { place })
  }
}

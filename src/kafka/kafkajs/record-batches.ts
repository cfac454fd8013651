import { LyingRecord } from '../lying-record.ts'
import type { LogRecord } from '../port.ts'

/**
 * Record batches of layout 2 (Kafka 0.11 and newer), read where they lie. kafkajs' own decoder drops a batch of which
 * compaction has left only the header, so that a reader would never get past it.
 * Layout: https://kafka.apache.org/documentation/#recordbatch
 */

/** bytes from the batch's begin to the first record */
const HEADER = 61
/** bytes of base offset and length, which the length does not count */
const PREFIX = 12
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const LOG_APPEND_TIME = 0x08
const CODEC = 0x07
/** second int16 of a control record's key */
const ABORT = 0

export interface Batch {
  readonly baseOffset: number
  /** of the whole batch, header included */
  readonly bytes: number
  /** offset after the last that the batch ever had, whatever compaction took away */
  readonly next: number
  readonly producerId: bigint
  readonly transactional: boolean
  readonly control: boolean
  /** codec bits; 0 is none */
  readonly codec: number
  readonly firstTimestamp: number
  readonly maxTimestamp: number
  readonly appendTime: boolean
  readonly count: number
  /** the records, compressed as the codec says */
  readonly body: Buffer
}

/**
 * The whole batches of a fetched record set; a batch that is cut at the end is left for the next fetch.
 * @throws Error when the layout is older than 2 or lengths do not fit
 */
export function* batchesOf(data: Buffer): Generator<Batch> {
  for (let at = 0; at + HEADER <= data.length; ) {
    const end = at + PREFIX + data.readInt32BE(at + 8)
    if (end > data.length) return
    if (data[at + 16] !== 2) throw new Error('a record batch has a layout of before Kafka 0.11')
    if (end < at + HEADER) throw new Error('a record batch is damaged')
    const attributes = data.readInt16BE(at + 21)
    const baseOffset = Number(data.readBigInt64BE(at))
    yield {
      baseOffset,
      bytes: end - at,
      next: baseOffset + data.readInt32BE(at + 23) + 1,
      producerId: data.readBigInt64BE(at + 43),
      transactional: (attributes & TRANSACTIONAL) !== 0,
      control: (attributes & CONTROL) !== 0,
      codec: attributes & CODEC,
      firstTimestamp: Number(data.readBigInt64BE(at + 27)),
      maxTimestamp: Number(data.readBigInt64BE(at + 35)),
      appendTime: (attributes & LOG_APPEND_TIME) !== 0,
      count: data.readInt32BE(at + 57),
      body: data.subarray(at + HEADER, end),
    }
    at = end
  }
}

/** Reads zigzag varints and the byte strings they measure; every read is within the buffer, or throws. */
class Cursor {
  readonly #data: Buffer
  at = 0

  constructor(data: Buffer) {
    this.#data = data
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let length = 1; ; length++) {
      const byte = this.#data[this.at++]
      if (byte === undefined || length > 10) throw new Error('a record is damaged')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 128
    }
    // Beyond 2^53 only in damaged records; a parity is then of no use, and lengths are checked below.
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Pass a byte string. @returns its length: it ends here; negative for none */
  pass(): number {
    const length = this.varint()
    if (length < 0) return -1
    this.at += length
    if (this.at > this.#data.length) throw new Error('a record is damaged')
    return length
  }

  bytes(): Buffer | null {
    const length = this.pass()
    return length < 0 ? null : this.#data.subarray(this.at - length, this.at)
  }

  skip(count: number): void {
    this.at += count
  }
}

const NO_HEADERS: Readonly<Record<string, Buffer | undefined>> = Object.freeze({})

export type CodecOf = (attributes: number) => { decompress(data: Buffer): Promise<Buffer> } | null

/** The records of a batch, no longer compressed. @param codecOf the codec of a batch's attributes; null for none */
export async function bodyOf(batch: Batch, codecOf: CodecOf): Promise<Buffer> {
  const codec = batch.count > 0 ? codecOf(batch.codec) : null
  return codec === null ? batch.body : codec.decompress(batch.body)
}

/** Takes the records of one batch apart, one after the other. */
export class RecordReader {
  readonly #batch: Batch
  readonly #cursor: Cursor
  readonly #body: Buffer
  #left: number

  /** @param body the batch's records, no longer compressed */
  constructor(batch: Batch, body: Buffer) {
    this.#batch = batch
    this.#cursor = new Cursor(body)
    this.#body = body
    this.#left = batch.count
  }

  /** The next record, undefined after the last. @throws Error when a length does not fit */
  read(): LogRecord | undefined {
    if (this.#left-- <= 0) return undefined
    const batch = this.#batch
    const cursor = this.#cursor
    const length = cursor.varint()
    const end = cursor.at + length
    if (length < 0 || end > this.#body.length) throw new Error('a record is damaged')
    cursor.skip(1)
    const timestampDelta = cursor.varint()
    const offset = batch.baseOffset + cursor.varint()
    const key = cursor.pass()
    const keyTo = key < 0 ? -1 : cursor.at
    const value = cursor.pass()
    const valueTo = value < 0 ? -1 : cursor.at
    const headers = readHeaders(cursor)
    if (cursor.at !== end) throw new Error('a record is damaged')
    const timestamp = batch.appendTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta
    return new LyingRecord(this.#body, offset, timestamp, keyTo - key, keyTo, valueTo - value, valueTo, headers)
  }
}

/** Of a header that was sent twice, the last. */
function readHeaders(cursor: Cursor): LogRecord['headers'] {
  const count = cursor.varint()
  if (count <= 0) return NO_HEADERS
  const headers: Record<string, Buffer | undefined> = Object.create(null)
  for (let header = 0; header < count; header++) {
    const name = cursor.bytes()?.toString('utf8') ?? ''
    headers[name] = cursor.bytes() ?? undefined
  }
  return headers
}

/**
 * The records of a batch.
 * @param body the batch's records, no longer compressed
 * @throws Error when a length does not fit
 */
export function recordsOf(batch: Batch, body: Buffer): LogRecord[] {
  const reader = new RecordReader(batch, body)
  const records: LogRecord[] = []
  for (let record = reader.read(); record !== undefined; record = reader.read()) records.push(record)
  return records
}

/** A transaction that was aborted, as the answer to a fetch names it. */
export interface AbortedTransaction {
  readonly producerId: string
  /** offset of the transaction's first record */
  readonly firstOffset: string
}

/**
 * Which batches of a fetch a read-committed reader sees: control batches and those of aborted transactions are left out.
 * The answer has to be asked for every batch, in order.
 */
export function committedOnly(aborted: readonly AbortedTransaction[]): (batch: Batch) => boolean {
  const waiting = aborted
    .map(({ producerId, firstOffset }) => ({ producerId: BigInt(producerId), first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first)
  const open = new Set<bigint>()
  let next = 0
  return (batch) => {
    while (next < waiting.length && waiting[next]!.first < batch.next) open.add(waiting[next++]!.producerId)
    if (!batch.control) return !(batch.transactional && open.has(batch.producerId))
    // Control batches are never compressed and hold one record; one that compaction emptied ended long ago.
    if (batch.count > 0) {
      const [marker] = recordsOf(batch, batch.body)
      if (marker?.key && marker.key.length >= 4 && marker.key.readInt16BE(2) === ABORT) open.delete(batch.producerId)
    }
    return false
  }
}

import { crc32c } from './crc32c.ts'

/**
 * Record batches of layout 2 as a producer writes them. kafkajs 2.2.4 makes a buffer of each record and each header, and long
 * integers of their numbers; here a batch is measured, then written at once. The bytes are the same.
 * Layout: https://kafka.apache.org/documentation/#recordbatch
 */

type Bytes = string | Buffer | null | undefined

/** A record as a producer is given it, and where it stands in its batch. */
export interface Message {
  readonly key?: Bytes
  readonly value?: Bytes
  readonly headers?: Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>
  readonly offsetDelta: number
  readonly timestampDelta: number
}

/** A batch as kafkajs' producer asks for it. */
export interface NewBatch<R> {
  /** codec; 0 is none */
  readonly compression?: number
  readonly records: readonly R[]
  /** ms since 1970 */
  readonly firstTimestamp: number | string
  readonly maxTimestamp: number | string
  readonly producerId: unknown
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly transactional: boolean
  readonly lastOffsetDelta: number
}

/** What kafkajs puts into a request. */
export interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
  size(): number
}

const HEADER = 61
const MAGIC = 2
const TRANSACTIONAL = 0x10
/** what the checksum is of begins here */
const ATTRIBUTES_AT = 21

const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value)

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

const bytesOf = (value: Bytes): number =>
  value === null || value === undefined ? -1 : typeof value === 'string' ? Buffer.byteLength(value) : value.length

const measured = (bytes: number): number => varintBytes(bytes) + Math.max(0, bytes)

type Header = readonly [name: string, value: string | Buffer]

function headersOf({ headers }: Message): readonly Header[] {
  if (headers === undefined) return NO_HEADERS
  return Object.entries(headers).flatMap(([name, value]): Header[] =>
    Array.isArray(value) ? value.map((each): Header => [name, each]) : [[name, value as string | Buffer]],
  )
}

const NO_HEADERS: readonly Header[] = []

/** Bytes of a record after its length. */
function bodyBytes({ key, value, offsetDelta, timestampDelta }: Message, headers: readonly Header[]): number {
  let bytes = 1 + varintBytes(timestampDelta) + varintBytes(offsetDelta)
  bytes += measured(bytesOf(key)) + measured(bytesOf(value)) + varintBytes(headers.length)
  for (const [name, each] of headers) bytes += measured(bytesOf(name)) + measured(bytesOf(each))
  return bytes
}

/** Writes into a buffer that is large enough. */
class Pen {
  readonly #data: Buffer
  #at: number

  constructor(data: Buffer, at: number) {
    this.#data = data
    this.#at = at
  }

  byte(value: number): void {
    this.#data[this.#at++] = value
  }

  varint(value: number): void {
    let rest = zigzag(value)
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80)
    this.byte(rest)
  }

  bytes(value: Bytes): void {
    const bytes = bytesOf(value)
    this.varint(bytes)
    if (bytes <= 0) return
    if (typeof value === 'string') this.#data.write(value, this.#at, 'utf8')
    else this.#data.set(value!, this.#at)
    this.#at += bytes
  }
}

function encode(batch: NewBatch<Message>): Buffer {
  const { records } = batch
  const headers = records.map(headersOf)
  const bodies = records.map((record, i) => bodyBytes(record, headers[i]!))
  const total = bodies.reduce((sum, bytes) => sum + measured(bytes), HEADER)
  const data = Buffer.allocUnsafe(total)
  data.writeBigInt64BE(0n, 0)
  data.writeInt32BE(total - 12, 8)
  data.writeInt32BE(0, 12) // leader epoch: the broker's
  data[16] = MAGIC
  data.writeInt16BE(batch.transactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT)
  data.writeInt32BE(batch.lastOffsetDelta, 23)
  data.writeBigInt64BE(BigInt(batch.firstTimestamp), 27)
  data.writeBigInt64BE(BigInt(batch.maxTimestamp), 35)
  data.writeBigInt64BE(BigInt(String(batch.producerId)), 43)
  data.writeInt16BE(batch.producerEpoch, 51)
  data.writeInt32BE(batch.firstSequence, 53)
  data.writeInt32BE(records.length, 57)
  const pen = new Pen(data, HEADER)
  records.forEach((record, i) => {
    pen.varint(bodies[i]!)
    pen.byte(0)
    pen.varint(record.timestampDelta)
    pen.varint(record.offsetDelta)
    pen.bytes(record.key)
    pen.bytes(record.value)
    pen.varint(headers[i]!.length)
    for (const [name, value] of headers[i]!) {
      pen.bytes(name)
      pen.bytes(value)
    }
  })
  data.writeUInt32BE(crc32c(data.subarray(ATTRIBUTES_AT)), 17)
  return data
}

/**
 * @param was kafkajs' own, for batches that are to be compressed
 * @param recordOf kafkajs' own encoder of a record, as those are made of
 */
export function batchEncoder<R>(was: (batch: NewBatch<R>) => Promise<Encoded>, recordOf: (message: Message) => R) {
  return async (batch: NewBatch<Message>): Promise<Encoded> => {
    if (batch.compression) return was({ ...batch, records: batch.records.map(recordOf) })
    const buf = encode(batch)
    return { buf, buffer: buf, size: () => buf.length }
  }
}

import { crc32c } from './crc32c.ts'

/**
 * Record batches of layout 2 as a producer writes them. kafkajs 2.2.4 makes a buffer of each record and each header, and long
 * integers of their numbers; here a batch is measured, then written at once. The bytes are the same.
 * Layout: https://kafka.apache.org/documentation/#recordbatch
 */

type Bytes = string | Buffer | null | undefined

/** A record as a producer is given it. */
export interface Message {
  readonly key?: Bytes
  readonly value?: Bytes
  readonly headers?: Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>
  /** ms since 1970; absent: now */
  readonly timestamp?: number | string | null
}

/** A batch of records of one time, not compressed. */
export interface NewBatch {
  readonly messages: readonly Message[]
  /** ms since 1970 */
  readonly timestamp: number
  readonly producerId: unknown
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly transactional: boolean
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

/** No later than the batch. */
const TIMESTAMP_DELTA = 0

/** Bytes of a record after its length. @param at its place in the batch */
function bodyBytes({ key, value }: Message, at: number, headers: readonly Header[]): number {
  let bytes = 1 + varintBytes(TIMESTAMP_DELTA) + varintBytes(at)
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

export function encodeBatch(batch: NewBatch): Buffer {
  const { messages } = batch
  const headers = messages.map(headersOf)
  const bodies = messages.map((message, at) => bodyBytes(message, at, headers[at]!))
  const total = bodies.reduce((sum, bytes) => sum + measured(bytes), HEADER)
  const data = Buffer.allocUnsafe(total)
  data.writeBigInt64BE(0n, 0)
  data.writeInt32BE(total - 12, 8)
  data.writeInt32BE(0, 12) // leader epoch: the broker's
  data[16] = MAGIC
  data.writeInt16BE(batch.transactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT)
  data.writeInt32BE(messages.length - 1, 23)
  // of the first record, and of the newest
  data.writeBigInt64BE(BigInt(batch.timestamp), 27)
  data.writeBigInt64BE(BigInt(batch.timestamp), 35)
  data.writeBigInt64BE(BigInt(String(batch.producerId)), 43)
  data.writeInt16BE(batch.producerEpoch, 51)
  data.writeInt32BE(batch.firstSequence, 53)
  data.writeInt32BE(messages.length, 57)
  const pen = new Pen(data, HEADER)
  messages.forEach((message, at) => {
    pen.varint(bodies[at]!)
    pen.byte(0)
    pen.varint(TIMESTAMP_DELTA)
    pen.varint(at)
    pen.bytes(message.key)
    pen.bytes(message.value)
    pen.varint(headers[at]!.length)
    for (const [name, value] of headers[at]!) {
      pen.bytes(name)
      pen.bytes(value)
    }
  })
  data.writeUInt32BE(crc32c(data.subarray(ATTRIBUTES_AT)), 17)
  return data
}

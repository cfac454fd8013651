import type { AbortedTransaction } from './aborted.ts'
import { type Answer, API, type Broker, errorOfCode, FETCH_REQUESTS, READ_COMMITTED } from './library.ts'

/** ms a broker may wait for records that ought to be there */
const MAX_WAIT_MS = 100
/** bytes of one fetch: more are read by the next, so that decoding never holds the loop for long */
const FETCH_BYTES = 4 << 20

/** What a broker answered for one partition. */
export interface Fetched {
  readonly lastStable: number
  readonly aborted: readonly AbortedTransaction[]
  /** record batches; the last may be cut */
  readonly records: Buffer
}

/** Reads the fields of an answer in turn. */
class Fields {
  readonly #data: Buffer
  #at = 0

  constructor(data: Buffer) {
    this.#data = data
  }

  #step(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }

  int16 = () => this.#data.readInt16BE(this.#step(2))
  int32 = () => this.#data.readInt32BE(this.#step(4))
  int64 = () => this.#data.readBigInt64BE(this.#step(8))

  bytes(length: number): Buffer {
    const at = this.#step(Math.max(0, length))
    return this.#data.subarray(at, this.#at)
  }
}

/**
 * The answer to a fetch of one partition, versions 4 to 11.
 * @throws kafkajs' error of the code that the broker gave
 */
export function decodeFetch(data: Buffer, version: number): Fetched | undefined {
  const fields = new Fields(data)
  fields.int32() // throttle time
  if (version >= 7) {
    const code = fields.int16()
    if (code !== 0) throw errorOfCode(code)
    fields.int32() // session
  }
  if (fields.int32() < 1) return undefined
  fields.bytes(fields.int16()) // topic
  if (fields.int32() < 1) return undefined
  fields.int32() // partition
  const code = fields.int16()
  if (code !== 0) throw errorOfCode(code)
  fields.int64() // high watermark
  const lastStable = Number(fields.int64())
  if (version >= 5) fields.int64() // first offset
  const aborted: AbortedTransaction[] = []
  for (let left = fields.int32(); left > 0; left--)
    aborted.push({ producerId: String(fields.int64()), firstOffset: String(fields.int64()) })
  if (version >= 11) fields.int32() // preferred replica
  return { lastStable, aborted, records: fields.bytes(fields.int32()) }
}

/** One fetch of one partition from its leader, read-committed. */
export async function fetchOne(
  broker: Broker,
  topic: string,
  partition: number,
  offset: number,
): Promise<Fetched | undefined> {
  const exchange = broker.lookupRequest(
    API.fetch,
    FETCH_REQUESTS,
  )({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
    rackId: '',
  })
  const answer: Answer<Fetched | undefined> = {
    decode: async (raw) => decodeFetch(raw, exchange.request.apiVersion),
    parse: async (decoded) => decoded,
  }
  return broker.connectionPool.send<Fetched | undefined>({ request: exchange.request, response: answer })
}

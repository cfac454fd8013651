import { Fields } from './fields.ts'
import { type Answer, API, type Broker, errorOfCode, FETCH_REQUESTS, READ_COMMITTED } from './library.ts'
import type { AbortedTransaction } from './record-batches.ts'

/** ms a broker may wait for records that ought to be there, and for records that come when they come */
const MAX_WAIT_MS = 100
const COMING_MS = 200
/** bytes of one fetch: more are read by the next, so that decoding never holds the loop for long */
const FETCH_BYTES = 4 << 20

/** What a broker answered for one partition. */
export interface Fetched {
  readonly partition: number
  /** the broker's code of an error; with one there are no records */
  readonly code: number
  readonly lastStable: number
  readonly aborted: readonly AbortedTransaction[]
  /** record batches; the last may be cut */
  readonly records: Buffer
}

/**
 * The answer to a fetch of one topic, versions 4 to 11: its partitions.
 * @throws kafkajs' error of the code that the broker gave for the whole
 */
export function decodeFetch(data: Buffer, version: number): Fetched[] {
  const fields = new Fields(data)
  fields.int32() // throttle time
  if (version >= 7) {
    const code = fields.int16()
    if (code !== 0) throw errorOfCode(code)
    fields.int32() // session
  }
  if (fields.int32() < 1) return []
  fields.bytes(fields.int16()) // topic
  return Array.from({ length: fields.int32() }, () => {
    const partition = fields.int32()
    const code = fields.int16()
    fields.int64() // high watermark
    const lastStable = Number(fields.int64())
    if (version >= 5) fields.int64() // first offset
    const aborted: AbortedTransaction[] = []
    for (let left = fields.int32(); left > 0; left--)
      aborted.push({ producerId: String(fields.int64()), firstOffset: String(fields.int64()) })
    if (version >= 11) fields.int32() // preferred replica
    return { partition, code, lastStable, aborted, records: fields.bytes(fields.int32()) }
  })
}

/** One fetch of some partitions from the broker that leads them, read-committed. @param from offset by partition */
async function fetchFrom(
  broker: Broker,
  topic: string,
  from: ReadonlyMap<number, number>,
  maxWaitTime: number,
): Promise<Fetched[]> {
  const exchange = broker.lookupRequest(
    API.fetch,
    FETCH_REQUESTS,
  )({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    topics: [
      {
        topic,
        partitions: Array.from(from, ([partition, offset]) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: FETCH_BYTES,
        })),
      },
    ],
    rackId: '',
  })
  const answer: Answer<Fetched[]> = {
    decode: async (raw) => decodeFetch(raw, exchange.request.apiVersion),
    parse: async (decoded) => decoded,
  }
  return broker.connectionPool.send<Fetched[]>({ request: exchange.request, response: answer })
}

/** One fetch of one partition, where records ought to be. @throws kafkajs' error of the code that the broker gave */
export async function fetchOne(
  broker: Broker,
  topic: string,
  partition: number,
  offset: number,
): Promise<Fetched | undefined> {
  const [fetched] = await fetchFrom(broker, topic, new Map([[partition, offset]]), MAX_WAIT_MS)
  if (fetched !== undefined && fetched.code !== 0) throw errorOfCode(fetched.code)
  return fetched
}

/** What there is of several partitions of one broker, or what comes within 200 ms. @param from offset by partition */
export const fetchComing = (broker: Broker, topic: string, from: ReadonlyMap<number, number>): Promise<Fetched[]> =>
  fetchFrom(broker, topic, from, COMING_MS)

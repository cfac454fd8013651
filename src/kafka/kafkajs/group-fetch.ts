import { Fields } from './fields.ts'
import type { AbortedTransaction } from './record-batches.ts'

/** What kafkajs asks for in a fetch of version 11. */
export interface FetchRequest {
  readonly replicaId: number
  readonly maxWaitTime: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly fetchOffset: string
      readonly maxBytes: number
    }[]
  }[]
  readonly rackId?: string
  readonly isolationLevel: number
  readonly sessionId?: number
  readonly sessionEpoch?: number
}

/** The part of kafkajs' Encoder that whoever puts a request behind its head looks at. */
interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
}
export type RequestOf = (of: FetchRequest) => { encode(): Promise<Encoded> }

const HEAD_BYTES = 33
const TOPIC_BYTES = 6
const PARTITION_BYTES = 28
/** both a leader's epoch and a log's begin may be left open */
const UNKNOWN = -1

/** A fetch, version 11, written into one buffer. kafkajs 2.2.4 makes a zeroed one of 512 bytes for each partition and each topic. */
export function encodeFetch(of: FetchRequest): Buffer {
  const { topics, rackId = '' } = of
  const named = topics.reduce(
    (sum, { topic, partitions }) => sum + TOPIC_BYTES + Buffer.byteLength(topic) + PARTITION_BYTES * partitions.length,
    0,
  )
  const to = Buffer.allocUnsafe(HEAD_BYTES + named + 2 + Buffer.byteLength(rackId))
  let at = 0
  const int32 = (value: number) => {
    at = to.writeInt32BE(value, at)
  }
  const int64 = (value: bigint) => {
    at = to.writeBigInt64BE(value, at)
  }
  const text = (value: string) => {
    const bytes = to.write(value, at + 2)
    at = to.writeInt16BE(bytes, at) + bytes
  }
  int32(of.replicaId)
  int32(of.maxWaitTime)
  int32(of.minBytes)
  int32(of.maxBytes)
  at = to.writeInt8(of.isolationLevel, at)
  int32(of.sessionId ?? 0)
  int32(of.sessionEpoch ?? -1)
  int32(topics.length)
  for (const { topic, partitions } of topics) {
    text(topic)
    int32(partitions.length)
    for (const { partition, fetchOffset, maxBytes } of partitions) {
      int32(partition)
      int32(UNKNOWN)
      int64(BigInt(fetchOffset))
      int64(BigInt(UNKNOWN))
      int32(maxBytes)
    }
  }
  int32(0) // topics that a session forgets
  text(rackId)
  return to
}

/** kafkajs' request of a fetch, version 11, with `encodeFetch`. */
export const fetchRequest =
  (was: RequestOf): RequestOf =>
  (of) => ({
    ...was(of),
    async encode() {
      const buffer = encodeFetch(of)
      return { buf: buffer, buffer }
    },
  })

/** What kafkajs makes of an answer to a fetch. */
export interface FetchAnswer {
  readonly throttleTime: number
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly sessionId: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      /** offsets as text */
      readonly highWatermark: string
      readonly lastStableOffset: string
      readonly lastStartOffset: string
      readonly abortedTransactions: readonly AbortedTransaction[]
      readonly preferredReadReplica: number
      readonly messages: readonly unknown[]
    }[]
  }[]
}

export interface AnswerOf {
  decode(raw: Buffer): Promise<FetchAnswer>
}

/**
 * kafkajs' answer to a fetch, version 11, read without a promise for each partition: of 80 that idle none has records.
 * @param records takes a record set apart, from its length on
 */
export const fetchAnswer = <T extends AnswerOf>(was: T, records: (set: Buffer) => Promise<readonly unknown[]>): T => ({
  ...was,
  async decode(raw: Buffer): Promise<FetchAnswer> {
    const fields = new Fields(raw)
    // kafkajs waits by itself where a broker throttles, and takes the other number for one that has waited
    const clientSideThrottleTime = fields.int32()
    const errorCode = fields.int16()
    const sessionId = fields.int32()
    const responses = []
    for (let topics = fields.int32(); topics > 0; topics--) {
      const topicName = fields.text()
      const partitions = []
      for (let left = fields.int32(); left > 0; left--) {
        const partition = fields.int32()
        const code = fields.int16()
        const highWatermark = String(fields.int64())
        const lastStableOffset = String(fields.int64())
        const lastStartOffset = String(fields.int64())
        const abortedTransactions: AbortedTransaction[] = []
        for (let aborted = fields.int32(); aborted > 0; aborted--)
          abortedTransactions.push({ producerId: String(fields.int64()), firstOffset: String(fields.int64()) })
        const preferredReadReplica = fields.int32()
        const set = fields.lengthAndBytes()
        const messages = set.length > 4 ? await records(set) : []
        partitions.push({ partition, errorCode: code, highWatermark, lastStableOffset, lastStartOffset, abortedTransactions, preferredReadReplica, messages }) // biome-ignore format: one line
      }
      responses.push({ topicName, partitions })
    }
    return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
  },
})

type Shuffle = <T>(of: T[]) => T[]

/**
 * What a fetch names in another order each time, so that nothing is always last, but topic by topic. kafkajs mixes all
 * partitions of all topics: 16 of five are then named in some 65 pieces, each with its topic, and answered so.
 */
export const shuffledByTopic =
  (shuffle: Shuffle): Shuffle =>
  <T>(of: T[]): T[] => {
    const topics = new Map<string | undefined, T[]>()
    for (const each of of) {
      const { topic } = each as { readonly topic?: string }
      const same = topics.get(topic)
      if (same === undefined) topics.set(topic, [each])
      else same.push(each)
    }
    return shuffle([...topics.values()]).flatMap((same) => shuffle(same))
  }

/** [node] the partitions of one topic that are fetched from it */
export type PartitionsByNode = Readonly<Record<number, readonly number[]>>

/**
 * Partitions by their leaders; those that nobody knows are left out.
 * @param preferred replicas that the brokers named instead
 * @returns undefined where it takes kafkajs to say: a replica is named, or a leader is missing
 */
export function leaders(
  known: readonly { readonly partitionId: number; readonly leader: number }[],
  partitions: readonly (number | string)[],
  preferred: object | undefined,
): PartitionsByNode | undefined {
  if (preferred !== undefined) for (const _ in preferred) return undefined
  const nodes: Record<number, number[]> = {}
  for (const id of partitions) {
    const partition = Number(id)
    const found = known.find(({ partitionId }) => partitionId === partition)
    if (found === undefined) continue
    if (found.leader == null) return undefined
    const beside = nodes[found.leader]
    if (beside === undefined) nodes[found.leader] = [partition]
    else beside.push(partition)
  }
  return nodes
}

import type { Producer, Transaction } from 'kafkajs'
import type { NewRecord, PartitionWriter, PlainWriter, Position } from '../port.ts'
import { typeOf, vigilError } from './errors.ts'
import { DefaultPartitioner, type Kafka } from './library.ts'

/** Records of one request: encoding is synchronous, and 1,000 of 2 KB would hold the loop for 27 ms. */
const CHUNK = 200
/** Bytes of one request, below the 1 MB that a broker takes of one partition by default. */
const CHUNK_BYTES = 700_000
/** ms between two tries of what kafkajs never tries again itself */
const AGAIN_MS = [5, 10, 20, 40, 80, 160, 320, 640]

type Batch = {
  topic: string
  messages: { partition: number; key: string | Buffer | null; value: string | Buffer | null }[]
}

/** Records as kafkajs' `sendBatch` takes them, in requests of bounded size; the order within a partition is kept. */
export function requestsOf(records: readonly NewRecord[]): Batch[][] {
  const requests: Batch[][] = []
  let topics = new Map<string, Batch>()
  let count = 0
  let bytes = 0
  for (const { topic, ...message } of records) {
    const size = (message.key?.length ?? 0) + (message.value?.length ?? 0) + 64
    if (count === CHUNK || (count > 0 && bytes + size > CHUNK_BYTES)) {
      requests.push([...topics.values()])
      topics = new Map()
      count = bytes = 0
    }
    let batch = topics.get(topic)
    if (!batch) {
      batch = { topic, messages: [] }
      topics.set(topic, batch)
    }
    batch.messages.push(message)
    count++
    bytes += size
  }
  if (count > 0) requests.push([...topics.values()])
  return requests
}

async function sendAll(to: Pick<Producer | Transaction, 'sendBatch'>, records: readonly NewRecord[]): Promise<void> {
  for (const topicMessages of requestsOf(records)) await to.sendBatch({ topicMessages: topicMessages as never })
}

function topicsOf(positions: readonly Position[]) {
  const topics = new Map<string, { partition: number; offset: string }[]>()
  for (const { topic, partition, offset } of positions) {
    const partitions = topics.get(topic)
    if (partitions) partitions.push({ partition, offset: String(offset) })
    else topics.set(topic, [{ partition, offset: String(offset) }])
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

/** Errors of `sendOffsets` that pass; kafkajs does not try its first half again (its issues 430 and 1068). */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
])

async function sendOffsets(transaction: Transaction, group: string, positions: readonly Position[]): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await transaction.sendOffsets({ consumerGroupId: group, topics: topicsOf(positions) })
      return
    } catch (error) {
      const wait = AGAIN_MS[tries]
      if (wait === undefined || !PASSING.has(typeOf(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

/** A step of a commit: the transaction is begun, its records are sent, its positions are too, the broker has confirmed its end. */
export type CommitStep = 'before-send' | 'after-send' | 'after-offsets' | 'after-commit'

export interface FenceOptions {
  readonly group: string
  readonly partition: number
  readonly transactionTimeoutMs: number
  /** told of each step of a commit, which waits for it: for fault harnesses */
  readonly at?: ((step: CommitStep, partition: number) => void | Promise<void>) | undefined
}

/**
 * The writer of a partition. `connect` fences nobody; beginning a transaction does, since it asks for a new epoch of the
 * transactional id, and the broker first ends whatever the earlier holder had begun.
 * @throws VigilError
 */
export async function fence(kafka: Kafka, options: FenceOptions): Promise<PartitionWriter> {
  const { group, partition, transactionTimeoutMs, at } = options
  const transactionalId = `${group}-${partition}`
  // A connection of its own: a broker answers one connection's requests one after the other.
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    createPartitioner: DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  const close = () => producer.disconnect().catch(() => undefined)
  try {
    await producer.connect()
    await (await producer.transaction()).abort()
  } catch (error) {
    await close()
    throw vigilError(error, `fencing ${transactionalId}`)
  }
  let broken = false
  let closed = false
  return {
    async commit(records, positions) {
      if (broken || closed) throw vigilError(new Error('the writer is closed'), `committing as ${transactionalId}`)
      // Until it is known to be done, its outcome is unknown.
      broken = true
      try {
        const transaction = await producer.transaction()
        await at?.('before-send', partition)
        // beside the records: another coordinator takes them
        const positioned = positions.length > 0 ? sendOffsets(transaction, group, positions) : undefined
        positioned?.catch(() => {}) // heard below
        await sendAll(transaction, records)
        await at?.('after-send', partition)
        await positioned
        await at?.('after-offsets', partition)
        await transaction.commit()
        await at?.('after-commit', partition)
        broken = false
      } catch (error) {
        throw vigilError(error, `committing as ${transactionalId}`)
      }
    },
    async close() {
      if (closed) return
      closed = true
      await close()
    },
  }
}

async function openProducer(kafka: Kafka): Promise<Producer> {
  // Not more than one request in flight, so that a retry cannot overtake what came after it.
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  try {
    await producer.connect()
    return producer
  } catch (error) {
    await producer.disconnect().catch(() => undefined)
    throw vigilError(error, 'connecting a producer')
  }
}

/**
 * A producer that failed is of no more use: kafkajs gives the numbers of what it failed to send to what comes next, and a
 * broker that did get it takes the next for the same, answers well and drops it. Another one begins under a new id.
 * @throws VigilError
 */
export async function openWriter(kafka: Kafka): Promise<PlainWriter> {
  let opening: Promise<Producer> | undefined = openProducer(kafka)
  let closed = false
  await opening
  return {
    async send(records) {
      if (closed) throw vigilError(new Error('the writer is closed'), 'sending')
      opening ??= openProducer(kafka)
      const mine = opening
      try {
        await sendAll(await mine, records)
      } catch (error) {
        if (opening === mine) opening = undefined
        void mine.then((producer) => producer.disconnect()).catch(() => undefined)
        throw vigilError(error, 'sending')
      }
    },
    async close() {
      closed = true
      await opening?.then((producer) => producer.disconnect()).catch(() => undefined)
    },
  }
}

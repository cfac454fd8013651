import { VigilError } from '../../errors.ts'
import type { Bounds, KafkaClient, LogRecord } from '../port.ts'
import { vigilError } from './errors.ts'
import { fetchOne } from './fetch.ts'
import { followTopic } from './follow.ts'
import { type Broker, type Cluster, READ_COMMITTED } from './library.ts'
import { visibleOf } from './visible.ts'

const EARLIEST = -2
const LATEST = -1
/** ms between two tries, and for how long a partition may give nothing before the reading fails */
const AGAIN_MS = 100
const PATIENCE_MS = 8000

/** Codes of which another try may be rid of: a leader that moves, a broker that restarts. */
const PASSING: ReadonlySet<string> = new Set(['kafka-unreachable', 'kafka-topics'])

/** Direct reading of a partition, outside any group, over connections of its own. */
export interface Reader extends Pick<KafkaClient, 'bounds' | 'follow' | 'readAll' | 'readRange' | 'offsetAt'> {
  partitionsOf(topic: string): Promise<number>
  /** What is being read ends with an error, and opens no connection any more. */
  close(): Promise<void>
}

async function offsetOf(broker: Broker, topic: string, partition: number, timestamp: number): Promise<number> {
  const { responses } = await broker.listOffsets({
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: [{ partition, timestamp }] }],
  })
  return Number(responses[0]!.partitions[0]!.offset)
}

export function openReader(cluster: Cluster): Reader {
  let closed = false
  const disconnect = () => cluster.disconnect().catch(() => undefined)

  async function leader(topic: string, partition: number): Promise<Broker> {
    await cluster.connect()
    await cluster.addMultipleTargetTopics([topic])
    const found = cluster.findTopicPartitionMetadata(topic).find((each) => each.partitionId === partition)
    if (!found)
      throw new VigilError('kafka-topics', `${topic} has no partition ${partition}`, { place: topic, retriable: true })
    return cluster.findBroker({ nodeId: found.leader })
  }

  /** Do something with the leader, again after troubles that pass, until it succeeds or nothing did for long. */
  async function patiently<T>(
    topic: string,
    partition: number,
    work: (broker: Broker) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (const since = Date.now(); ; ) {
      signal?.throwIfAborted()
      if (closed) throw new VigilError('kafka-failed', 'the client is closed', { place: topic })
      let broker: Broker | undefined
      try {
        broker = await leader(topic, partition)
        return await work(broker)
      } catch (cause) {
        const error = vigilError(cause, `reading partition ${partition}`, topic)
        const passing = error.retriable || PASSING.has(error.code)
        if (!passing || Date.now() - since > PATIENCE_MS) throw error
        if (broker && error.code === 'kafka-unreachable') cluster.removeBroker(broker.connectionPool as never)
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        await cluster.refreshMetadata().catch(() => undefined)
      } finally {
        // what was under way may have connected again
        if (closed) await disconnect()
      }
    }
  }

  const bounds = (topic: string, partition: number, signal?: AbortSignal): Promise<Bounds> =>
    patiently(
      topic,
      partition,
      async (broker) => ({
        first: await offsetOf(broker, topic, partition, EARLIEST),
        next: await offsetOf(broker, topic, partition, LATEST),
      }),
      signal,
    )

  /** Records of one fetch that are to be seen, and where the next begins. */
  async function step(topic: string, partition: number, from: number, end: number, signal?: AbortSignal) {
    const fetched = await patiently(topic, partition, (broker) => fetchOne(broker, topic, partition, from), signal)
    return fetched === undefined ? { records: [], next: from } : visibleOf(fetched, from, end)
  }

  /** From one offset to another, over what retention takes away meanwhile. */
  async function readRange(
    topic: string,
    partition: number,
    { from, to: end }: { readonly from: number; readonly to: number },
    take: (records: readonly LogRecord[]) => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<void> {
    let since = Date.now()
    for (let at = from; at < end; ) {
      let read: Awaited<ReturnType<typeof step>>
      try {
        read = await step(topic, partition, at, end, signal)
      } catch (error) {
        signal?.throwIfAborted()
        // Retention or a reset took the beginning away meanwhile: go on with what is there.
        const begin = (await bounds(topic, partition, signal)).first
        if (begin <= at) throw vigilError(error, `reading partition ${partition}`, topic)
        at = begin
        continue
      }
      if (read.records.length > 0) await take(read.records)
      if (read.next > at) since = Date.now()
      else if (Date.now() - since > PATIENCE_MS)
        throw new VigilError('kafka-failed', `partition ${partition} gives nothing from offset ${at} on`, {
          place: topic,
          retriable: true,
        })
      at = read.next
    }
  }

  return {
    bounds,
    readRange,
    follow: (topic, following, signal) => followTopic({ cluster, leader, bounds }, topic, following, signal),
    async readAll(topic, partition, take, signal) {
      const { first, next } = await bounds(topic, partition, signal)
      await readRange(topic, partition, { from: first, to: next }, take, signal)
    },
    async offsetAt(topic, partition, timestamp) {
      const at = await patiently(topic, partition, (broker) => offsetOf(broker, topic, partition, timestamp))
      // none was stamped so late
      return at >= 0 ? at : (await bounds(topic, partition)).next
    },
    async partitionsOf(topic) {
      await patiently(topic, 0, async () => undefined)
      return cluster.findTopicPartitionMetadata(topic).length
    },
    async close() {
      closed = true
      await disconnect()
    },
  }
}

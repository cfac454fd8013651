import { createRequire } from 'node:module'
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { VigilError } from '../../errors.ts'
import { type ConnectionClass, patchConnect } from './connect-patch.ts'
import { knownCoordinators } from './coordinator-patch.ts'
import { type Encoder, patchEncoder } from './encoder-patch.ts'
import { batchedFetch, type FetchClass, type FetchOfRecords, setDecoder } from './fetch-patch.ts'
import { type AnswerOf, fetchAnswer, fetchRequest, leaders, type PartitionsByNode, type RequestOf, shuffledByTopic } from './group-fetch.ts' // biome-ignore format: one line
import { groupedByPartition } from './grouping-patch.ts'
import { type Produce, produceRequest } from './produce-request.ts'
import type { CodecOf } from './record-batches.ts'
import { patchTimers, type QueueClass } from './timer-patch.ts'

/**
 * kafkajs itself, with the parts of its inside that Vigil reaches into. Everything in this folder takes the library from
 * here, since the patches have to be in place before it is loaded. All of it was read in 2.2.4, and holds for no other.
 */
const KNOWN = '2.2.4'
const load = createRequire(import.meta.url)
const { version } = load('kafkajs/package.json') as { version: string }
if (version !== KNOWN)
  throw new VigilError('internal', `kafkajs ${version}, where Vigil knows the inside of ${KNOWN} only`)

/** Exchange what a module of the library is; others load it by its bare name, so before they do. */
function exchange<T>(name: string, by: (was: T) => unknown): void {
  const path = load.resolve(`kafkajs/src/${name}`)
  const was = load(path) as T
  load.cache[path]!.exports = by(was)
}

const compression = load('kafkajs/src/protocol/message/compression') as {
  lookupCodecByAttributes: CodecOf
}
exchange('consumer/batch', (was: FetchClass) => batchedFetch(was))
exchange('protocol/requests/fetch/v4/decodeMessages', (was: Parameters<typeof setDecoder>[0]) =>
  setDecoder(was, compression.lookupCodecByAttributes),
)
const setOf = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as ReturnType<typeof setDecoder>
const Decoder = load('kafkajs/src/protocol/decoder') as new (of: Buffer) => Parameters<typeof setOf>[0]
exchange('protocol/requests/produce/v3/request', (was: (of: Produce) => object) =>
  produceRequest(was, load('kafkajs/src/protocol/encoder') as Parameters<typeof produceRequest>[1]),
)
// asked for again at each fetch, which looks for them on disk unless the first to ask stood in the same place
const besideFetches = createRequire(load.resolve('kafkajs/src/protocol/requests/fetch'))
for (const part of ['request', 'response']) besideFetches(`./v11/${part}`)
exchange('protocol/requests/fetch/v11/request', (was: RequestOf) => fetchRequest(was))
exchange('protocol/requests/fetch/v11/response', (was: AnswerOf) => fetchAnswer(was, (set) => setOf(new Decoder(set))))
exchange('utils/shuffle', shuffledByTopic)
exchange('producer/groupMessagesPerPartition', () => groupedByPartition)
exchange('producer/eosManager', knownCoordinators)
patchEncoder(load('kafkajs/src/protocol/encoder') as { prototype: Encoder })
patchConnect(load('kafkajs/src/network/connection') as ConnectionClass)
patchTimers(load('kafkajs/src/network/requestQueue') as QueueClass)

/** What Vigil's assigner knows of the member that it is beside. */
export interface Beside {
  /** the name it had in the group before; undefined where it was in none */
  returning(): string | undefined
  /** told of every answered fetch, with what it brought of each partition, which may be nothing */
  fetched(fetches: readonly FetchOfRecords[]): void
}

/** The part of kafkajs' ConsumerGroup that the patches below touch. */
interface ConsumerGroup {
  memberId: string | null
  maxWaitTime: number
  readonly subscriptionState: { paused(): readonly unknown[] }
  /** of a consumer of somebody else's, no assigner of ours */
  readonly assigners: readonly Partial<Beside>[]
  readonly cluster: Pick<Cluster, 'findTopicPartitionMetadata'>
  readonly preferredReadReplicasPerTopicPartition: Readonly<Record<string, object | undefined>>
  connect(): Promise<void>
  fetch(nodeId: number): Promise<readonly FetchOfRecords[]>
  findReadReplicaForPartitions(topic: string, partitions: readonly number[]): PartitionsByNode
}
const group = (load('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup }).prototype
const { connect, fetch, findReadReplicaForPartitions: replicas } = group
/**
 * ms a broker waits for the first record of a fetch while no partition is paused, so that no other fetch is to begin soon: most
 * of what an idle member costs is asking again. It also bounds how long a member takes to leave, and how late it beats.
 */
const SETTLED_WAIT_MS = 500

/**
 * A consumer made anew after its broker restarted comes back as the member it was. As a new one it would have to wait
 * until the session of its former self times out. And it waits the longer for records the less there is to begin.
 */
group.connect = async function connectAsBefore(this: ConsumerGroup) {
  const returning = this.assigners[0]?.returning
  if (returning === undefined) return connect.call(this)
  this.memberId ??= returning() ?? null
  const asked = this.maxWaitTime
  Object.defineProperty(this, 'maxWaitTime', { get: () => settledWait(asked, this.subscriptionState.paused().length) })
  return connect.call(this)
}

/** The member is told of every fetch; those that brought nothing go no further, since nobody has anything to do for them. */
group.fetch = async function fetchAndTell(this: ConsumerGroup, nodeId: number) {
  const fetches = await fetch.call(this, nodeId)
  const fetched = this.assigners[0]?.fetched
  if (fetched === undefined) return fetches
  fetched(fetches)
  return fetches.filter(({ rawMessages }) => rawMessages.length > 0)
}

/** Where each partition is fetched, without the list and the object that kafkajs copies for each: 160 times a second of 80 that idle. */
group.findReadReplicaForPartitions = function leadersOf(
  this: ConsumerGroup,
  topic: string,
  partitions: readonly number[],
) {
  return (
    leaders(
      this.cluster.findTopicPartitionMetadata(topic),
      partitions,
      this.preferredReadReplicasPerTopicPartition[topic],
    ) ?? replicas.call(this, topic, partitions)
  )
}

/** ms of a fetch whose consumer asked for `asked`, with so many of its topics paused in part. */
export const settledWait = (asked: number, paused: number): number =>
  paused > 0 ? asked : Math.max(asked, SETTLED_WAIT_MS)

const kafkajs = load('kafkajs') as typeof import('kafkajs')
export const {
  AssignerProtocol,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  DefaultPartitioner,
  logLevel,
} = { ...kafkajs, DefaultPartitioner: kafkajs.Partitioners.DefaultPartitioner }
export const KafkaLibrary = kafkajs.Kafka
export type { Consumer, EachBatchPayload, Kafka }

/** An answer's decoder: what the broker sent, and what is made of it. */
export interface Answer<T> {
  decode(raw: Buffer): Promise<T>
  parse(decoded: T): Promise<T>
}
export interface Exchange<T> {
  request: { readonly apiKey: number; readonly apiVersion: number }
  response: Answer<T>
}

/** One node of the cluster, as kafkajs has it inside. */
export interface Broker {
  readonly brokerAddress: string
  readonly connectionPool: { readonly host: string; readonly port: number; send<T>(exchange: Exchange<T>): Promise<T> }
  lookupRequest(apiKey: number, definitions: unknown): (options: object) => Exchange<unknown>
  metadata(topics: readonly string[]): Promise<BrokerMetadata>
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<unknown>
  listOffsets(of: object): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string }[] }[]
  }>
}
export interface BrokerMetadata {
  readonly topicMetadata: readonly {
    topic: string
    partitionMetadata: readonly { partitionId: number; leader: number }[]
  }[]
}

/** Connections to the whole cluster, as kafkajs has them inside. */
export interface Cluster {
  /** what a broker can do: highest and lowest version by number of the request; null before `connect` */
  readonly brokerPool: { readonly versions: Readonly<Record<number, { maxVersion: number } | undefined>> | null }
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  findTopicPartitionMetadata(topic: string): BrokerMetadata['topicMetadata'][number]['partitionMetadata']
  findBroker(of: { nodeId: number }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  fetchTopicsOffset(
    of: readonly { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<unknown>
  removeBroker(of: { host: string; port: number }): void
}

/** A cluster of connections of one's own, with the settings of `kafka`. */
export function openCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((each) => each.description === 'private:Kafka:createCluster')
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]
  if (!create) throw new VigilError('internal', 'kafkajs keeps its connections elsewhere')
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED })
}

/** Isolation level of a fetch: only what was committed. */
export const READ_COMMITTED = 1
export const API = { fetch: 1 } as const
export const COORDINATOR = { group: 0, transaction: 1 } as const
export const FETCH_REQUESTS: unknown = (load('kafkajs/src/protocol/requests') as { requests: { Fetch: unknown } })
  .requests.Fetch

/** The error kafkajs makes of a broker's error code. */
export const errorOfCode = (load('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error })
  .createErrorFromCode

/** The codec of a record batch by its attributes; null where it is not compressed. */
export const codecOf = compression.lookupCodecByAttributes

const HOME = '/node_modules/kafkajs/'

/**
 * Run with kafkajs as it comes, but for its spinning timers: what a bench holds Vigil against. It loads parts of itself
 * late, so nothing else may use the library meanwhile.
 */
export async function withBareLibrary<T>(run: (library: typeof import('kafkajs')) => Promise<T>): Promise<T> {
  const ours = Object.entries(load.cache).filter(([path]) => path.includes(HOME))
  const forget = () => {
    for (const path of Object.keys(load.cache)) if (path.includes(HOME)) delete load.cache[path]
  }
  forget()
  try {
    patchTimers(load('kafkajs/src/network/requestQueue') as QueueClass)
    return await run(load('kafkajs') as typeof import('kafkajs'))
  } finally {
    forget()
    Object.assign(load.cache, Object.fromEntries(ours))
  }
}

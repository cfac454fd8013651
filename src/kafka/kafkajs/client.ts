import { VigilError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Settings } from '../../vitals/settings.ts'
import type { KafkaClient, PlainWriter } from '../port.ts'
import { registerCodecs } from './codecs.ts'
import { committedPositions } from './committed.ts'
import { libraryConfig } from './connection.ts'
import { typeOf, vigilError } from './errors.ts'
import { joinGroup } from './group.ts'
import { type Cluster, COORDINATOR, KafkaLibrary, openCluster } from './library.ts'
import { openReader } from './read-all.ts'
import { partitionsOf, prepareTopics } from './topics.ts'
import { type FenceOptions, fence, openWriter } from './writer.ts'

/** ms in which the first contact has to succeed; a person waits for it */
const OPEN_MS = 9000

registerCodecs()

/** The outcome of some work, or an error once it takes too long. */
async function within<T>(ms: number, work: Promise<T>, late: () => VigilError): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), ms)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}

/** What a broker must be able to do, by the numbers of its requests and the versions that kafkajs speaks of them. */
const NEEDED = [
  { api: 1, version: 4, what: 'read-committed fetches' },
  { api: 22, version: 0, what: 'transactions' },
  { api: 28, version: 0, what: 'offsets in transactions' },
] as const

function checkVersions({ brokerPool: { versions } }: Cluster): void {
  for (const { api, version, what } of NEEDED)
    if ((versions?.[api]?.maxVersion ?? -1) < version)
      throw new VigilError('kafka-unsupported', `the broker is too old: it lacks ${what}; Kafka 2.1 to 4.x fits`)
}

/**
 * A connection to the cluster, with its topics made or checked.
 * @param at told of each step of every commit: for fault harnesses
 * @throws VigilError `kafka-*` within 10 s, or `config-invalid`
 */
export async function openKafka(settings: Settings['kafka'], log: Log, at?: FenceOptions['at']): Promise<KafkaClient> {
  const kafka = new KafkaLibrary(libraryConfig(settings, log))
  const cluster = openCluster(kafka)
  const reader = openReader(cluster)
  let closed = false

  /** kafkajs keeps for itself why a broker did not name a coordinator; ask again, and hear. */
  async function explain(error: unknown, doing: string, coordinator: { groupId: string; coordinatorType: number }) {
    if (closed || !(error instanceof Error) || !/find group coordinator/.test(error.message))
      return vigilError(error, doing)
    try {
      await cluster.connect()
      await (await cluster.findControllerBroker()).findGroupCoordinator(coordinator)
      return vigilError(error, doing)
    } catch (reason) {
      return vigilError(typeOf(reason) === undefined ? error : reason, doing)
    } finally {
      if (closed) await reader.close()
    }
  }

  const partitions = await connected(cluster, settings, () => prepareTopics({ kafka, cluster }, settings, log))

  return {
    partitions,
    async fence(partition) {
      const options = { group: settings.group, partition, transactionTimeoutMs: settings.transactionTimeoutMs, at }
      try {
        return await fence(kafka, options)
      } catch (error) {
        const cause = error instanceof VigilError ? error.cause : error
        const transactionalId = `${settings.group}-${partition}`
        throw await explain(cause, `fencing ${transactionalId}`, {
          groupId: transactionalId,
          coordinatorType: COORDINATOR.transaction,
        })
      }
    },
    readAll: reader.readAll,
    readRange: reader.readRange,
    follow: reader.follow,
    offsetAt: reader.offsetAt,
    bounds: (topic, partition) => reader.bounds(topic, partition),
    committed: (topics, partition) => committedPositions(kafka, settings, topics, partition),
    join(options, events) {
      const group = { groupId: settings.group, coordinatorType: COORDINATOR.group }
      return joinGroup(
        {
          kafka,
          settings,
          partitions,
          explain: (error) => explain(error, `being a member of ${settings.group}`, group),
        },
        options,
        events,
      )
    },
    writer: () => openWriter(kafka),
    async close() {
      closed = true
      await reader.close()
    },
  }
}

/** Within 10 s, or the connection is given up. @throws VigilError kafka-* */
async function connected<T>(cluster: Cluster, settings: Settings['kafka'], then: () => Promise<T>): Promise<T> {
  try {
    return await within(
      OPEN_MS,
      (async () => {
        await cluster.connect()
        checkVersions(cluster)
        await cluster.refreshMetadataIfNecessary()
        return then()
      })(),
      () =>
        new VigilError('kafka-unreachable', `no answer within ${OPEN_MS / 1000} s; check kafka.brokers and kafka.tls`, {
          retriable: true,
          place: settings.brokers.join(','),
        }),
    )
  } catch (error) {
    void cluster.disconnect().catch(() => undefined)
    throw vigilError(error, 'connecting', settings.brokers.join(','))
  }
}

/**
 * A writer to one topic, which is there: none of a service's topics is looked at, made or touched.
 * @throws VigilError kafka-topics where there is no such topic; other kafka-*
 */
export async function openTopic(
  settings: Settings['kafka'],
  topic: string,
  log: Log,
): Promise<{ readonly partitions: number; readonly writer: PlainWriter }> {
  const kafka = new KafkaLibrary(libraryConfig(settings, log))
  const cluster = openCluster(kafka)
  const partitions = await connected(cluster, settings, () => partitionsOf(cluster, topic))
  await cluster.disconnect()
  if (partitions === undefined)
    throw new VigilError('kafka-topics', `there is no such topic; run: kafka-topics.sh --bootstrap-server HOST:PORT --create --topic ${topic}`, { place: topic }) // biome-ignore format: one sentence
  return { partitions, writer: await openWriter(kafka) }
}

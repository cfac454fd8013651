import { VigilError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Settings } from '../../vitals/settings.ts'
import { judgeTopics, type TopicFacts, type TopicPlan, topicPlans } from '../topics.ts'
import { isElecting, typeOf, vigilError } from './errors.ts'
import { type Cluster, ConfigResourceTypes, type Kafka } from './library.ts'

type Admin = ReturnType<Kafka['admin']>

/** How often, and after how many ms, a topic that another process makes at this moment is looked for again. */
const LOOKS = 20
const LOOK_MS = 100
/** How often one whose leaders are being elected is looked at: a broker that has just begun takes seconds for it. */
const ELECTION_LOOKS = 60

/**
 * Partitions of a topic; undefined when there is none. Asked one by one, since one missing or forbidden topic would hide
 * the others. A leader that is being elected means that the topic is just being made.
 */
export async function partitionsOf(
  cluster: Pick<Cluster, 'findControllerBroker'>,
  topic: string,
): Promise<number | undefined> {
  for (let look = 0; ; look++) {
    try {
      const broker = await cluster.findControllerBroker()
      const { topicMetadata } = await broker.metadata([topic])
      return topicMetadata[0]!.partitionMetadata.length
    } catch (error) {
      const type = typeOf(error)
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      if (!isElecting(error) || look === ELECTION_LOOKS) throw vigilError(error, 'looking for a topic', topic)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** Configuration by topic; undefined, and a warning, where this user may not read it. */
async function configsOf(
  admin: Admin,
  topics: readonly string[],
  log: Log,
): Promise<Map<string, Map<string, string>> | undefined> {
  if (topics.length === 0) return new Map()
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
    })
    return new Map(
      resources.map((each) => [
        each.resourceName,
        new Map(each.configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    )
  } catch (cause) {
    const error = vigilError(cause, 'reading the configuration of topics')
    if (error.code !== 'kafka-unauthorised') throw error
    log.warn(
      { code: error.code },
      'kafka: no right to DescribeConfigs, so cleanup policy and retention are not checked',
    )
    return undefined
  }
}

async function create(admin: Admin, settings: Settings['kafka'], missing: readonly TopicPlan[], partitions: number) {
  try {
    await admin.createTopics({
      waitForLeaders: false,
      timeout: settings.requestTimeoutMs,
      topics: missing.map((plan) => ({
        topic: plan.name,
        numPartitions: plan.copartitioned ? partitions : 1,
        replicationFactor: settings.replication ?? -1,
        configEntries: Object.entries(plan.config).map(([name, value]) => ({ name, value })),
      })),
    })
  } catch (cause) {
    const error = vigilError(cause, `making ${missing.map((plan) => plan.name).join(', ')}`)
    // Another process may be making the same ones; whether they fit is looked at next.
    if (typeOf(cause) !== 'TOPIC_ALREADY_EXISTS') throw error
  }
}

/** @returns partitions of every topic there is, by name */
async function survey(cluster: Cluster, plans: readonly TopicPlan[]): Promise<Map<string, number>> {
  await cluster.connect()
  await cluster.refreshMetadataIfNecessary()
  const found = await Promise.all(
    plans.map(async (plan) => [plan.name, await partitionsOf(cluster, plan.name)] as const),
  )
  return new Map(found.filter((each): each is readonly [string, number] => each[1] !== undefined))
}

/**
 * Wait until brokers lead every partition of new topics: a consumer that comes before joins its group again and again.
 */
export async function led(
  cluster: Pick<Cluster, 'addMultipleTargetTopics' | 'refreshMetadata' | 'fetchTopicsOffset'>,
  topics: ReadonlyMap<string, number>,
): Promise<void> {
  const wanted = [...topics].map(([topic, count]) => ({
    topic,
    partitions: Array.from({ length: count }, (_, partition) => ({ partition })),
    fromBeginning: true,
  }))
  for (let look = 0; ; look++) {
    try {
      await cluster.addMultipleTargetTopics([...topics.keys()])
      await cluster.refreshMetadata()
      await cluster.fetchTopicsOffset(wanted)
      return
    } catch (error) {
      // Whoever has no right to read them finds out where it matters.
      if (typeOf(error) === 'TOPIC_AUTHORIZATION_FAILED') return
      if (look === (isElecting(error) ? ELECTION_LOOKS : LOOKS))
        throw vigilError(error, 'waiting for the leaders of new topics')
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/**
 * Make the missing topics, and hold all against what Vigil needs. New ones get as many partitions as the readings have.
 * @returns partitions of the co-partitioned topics
 * @throws VigilError `kafka-topics` with everything that has to be changed
 */
export async function prepareTopics(
  context: { kafka: Kafka; cluster: Cluster },
  settings: Settings['kafka'],
  log: Log,
): Promise<number> {
  const plans = topicPlans(settings)
  const readings = plans[0]!.name
  const admin = context.kafka.admin()
  try {
    let found = await survey(context.cluster, plans)
    let missing = plans.filter((plan) => !found.has(plan.name))
    if (missing.length > 0 && !settings.createTopics)
      throw new VigilError(
        'kafka-topics',
        `missing: ${missing.map((plan) => plan.name).join(', ')}; make them, or set kafka.createTopics`,
        { place: missing[0]!.name },
      )
    if (missing.length > 0) {
      await admin.connect()
      await create(admin, settings, missing, found.get(readings) ?? settings.partitions)
      for (let look = 0; missing.length > 0 && look < LOOKS; look++) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        found = await survey(context.cluster, plans)
        missing = plans.filter((plan) => !found.has(plan.name))
      }
      if (missing.length > 0)
        throw new VigilError('kafka-topics', `made, but not seen: ${missing.map((plan) => plan.name).join(', ')}`, {
          retriable: true,
        })
      await led(context.cluster, found)
    }
    await admin.connect()
    const configs = await configsOf(admin, [...found.keys()], log)
    const facts = new Map<string, TopicFacts>(
      [...found].map(([name, partitions]) => [name, { name, partitions, config: configs?.get(name) }]),
    )
    const verdicts = judgeTopics(plans, facts)
    for (const { topic, severity, message } of verdicts)
      if (severity === 'warning') log.warn({ topic }, `kafka: ${topic} ${message}`)
    const errors = verdicts.filter(({ severity }) => severity === 'error')
    if (errors.length > 0)
      throw new VigilError('kafka-topics', errors.map(({ topic, message }) => `${topic} ${message}`).join('\n'), {
        place: errors[0]!.topic,
      })
    return found.get(readings)!
  } catch (error) {
    throw vigilError(error, 'checking the topics')
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

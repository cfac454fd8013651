import type { Settings } from '../vitals/settings.ts'

/** What a topic is for: names are `PREFIX.ROLE`. */
export const TOPIC_ROLES = [
  'readings',
  'state',
  'alerts',
  'alerts.test',
  'alerts.evidence',
  'alerts.acks',
  'encounters',
  'models',
  'journal',
  'readings.dlq',
  'status',
] as const
export type TopicRole = (typeof TOPIC_ROLES)[number]

export interface TopicPlan {
  readonly role: TopicRole
  readonly name: string
  /** has the partitions of the readings: one number means one set of patients in all of them */
  readonly copartitioned: boolean
  readonly cleanup: 'compact' | 'delete'
  /** shortest retention that keeps Vigil right, ms; 0 where any will do */
  readonly retentionMs: number
  /** configuration a topic is made with */
  readonly config: Readonly<Record<string, string>>
}

const WEEK = 7 * 24 * 3_600_000

/**
 * The changelog is compacted soon and in small segments, so that a restore reads little more than one record a patient;
 * float32 does not compress.
 */
const CHANGELOG = {
  'cleanup.policy': 'compact',
  'segment.bytes': '33554432',
  'segment.ms': '600000',
  'min.cleanable.dirty.ratio': '0.1',
  'compression.type': 'producer',
}

/** Topics of which the heartbeat alone needs no more than one partition. */
const ALONE: ReadonlySet<TopicRole> = new Set(['status'])
/** What is read again after a failure, or asked about a week later. */
const KEPT: ReadonlySet<TopicRole> = new Set([
  'readings',
  'journal',
  'alerts',
  'alerts.evidence',
  'alerts.acks',
  'encounters',
  'models',
])

export function topicName(prefix: string, role: TopicRole): string {
  return `${prefix}.${role}`
}

/** Every topic of Vigil, as it ought to be. */
export function topicPlans(settings: Pick<Settings['kafka'], 'topicPrefix'>): TopicPlan[] {
  return TOPIC_ROLES.map((role) => {
    const retentionMs = KEPT.has(role) ? WEEK : 0
    return {
      role,
      name: topicName(settings.topicPrefix, role),
      copartitioned: !ALONE.has(role),
      cleanup: role === 'state' ? 'compact' : 'delete',
      retentionMs,
      config: role === 'state' ? CHANGELOG : { 'cleanup.policy': 'delete', 'retention.ms': String(WEEK) },
    }
  })
}

/** A topic as the cluster has it. */
export interface TopicFacts {
  readonly name: string
  readonly partitions: number
  /** undefined where the cluster did not say */
  readonly config: ReadonlyMap<string, string> | undefined
}

export interface TopicVerdict {
  readonly topic: string
  /** an error makes Vigil wrong, a warning dear or forgetful */
  readonly severity: 'error' | 'warning'
  /** what is wrong and what to change, with the command line */
  readonly message: string
}

const alter = (topic: string, config: string) =>
  `kafka-configs.sh --bootstrap-server HOST:PORT --alter --entity-type topics --entity-name ${topic} --add-config ${config}`

/** Retention that a topic has: ms, Infinity when unlimited. */
function retention(config: ReadonlyMap<string, string>): number {
  const value = Number(config.get('retention.ms') ?? WEEK)
  return value < 0 ? Number.POSITIVE_INFINITY : value
}

/** One topic's configuration held against its plan. */
function configVerdicts(plan: TopicPlan, config: ReadonlyMap<string, string>): TopicVerdict[] {
  const verdicts: TopicVerdict[] = []
  const say = (severity: TopicVerdict['severity'], message: string) =>
    verdicts.push({ topic: plan.name, severity, message })
  const policy = config.get('cleanup.policy')
  if (policy !== undefined && policy !== plan.cleanup)
    say(
      'error',
      plan.cleanup === 'compact'
        ? `has cleanup.policy=${policy} and would forget patients; run: ${alter(plan.name, 'cleanup.policy=compact')}`
        : `has cleanup.policy=${policy} and would lose records of a patient; run: ${alter(plan.name, 'cleanup.policy=delete')}`,
    )
  if (plan.cleanup === 'delete' && plan.retentionMs > 0 && retention(config) < plan.retentionMs)
    say(
      // Readings younger than the oldest checkpoint must be there after an outage; the other topics only remember less.
      plan.role === 'readings' ? 'error' : 'warning',
      `keeps records for ${retention(config)} ms, less than 7 days; run: ${alter(plan.name, `retention.ms=${plan.retentionMs}`)}`,
    )
  if (plan.cleanup === 'compact') {
    const segment = Number(config.get('segment.bytes') ?? 0)
    const rolled = Number(config.get('segment.ms') ?? 0)
    if (segment > Number(CHANGELOG['segment.bytes']) * 4 || rolled > Number(CHANGELOG['segment.ms']) * 6)
      say(
        'warning',
        `is compacted late, so a restore reads more than it need; run: ${alter(plan.name, `segment.bytes=${CHANGELOG['segment.bytes']},segment.ms=${CHANGELOG['segment.ms']},min.cleanable.dirty.ratio=0.1`)}`,
      )
  }
  return verdicts
}

/**
 * Existing topics held against their plans. A missing topic has no facts and no verdict here.
 * @param facts by topic name
 */
export function judgeTopics(plans: readonly TopicPlan[], facts: ReadonlyMap<string, TopicFacts>): TopicVerdict[] {
  const verdicts: TopicVerdict[] = []
  const readings = plans.find((plan) => plan.role === 'readings')
  const wanted = readings && facts.get(readings.name)?.partitions
  for (const plan of plans) {
    const found = facts.get(plan.name)
    if (!found) continue
    if (plan.copartitioned && wanted !== undefined && found.partitions !== wanted)
      verdicts.push({
        topic: plan.name,
        severity: 'error',
        message:
          `has ${found.partitions} partitions where ${readings!.name} has ${wanted}, and all must have as many; ` +
          (found.partitions < wanted
            ? `while it is empty, run: kafka-topics.sh --bootstrap-server HOST:PORT --alter --topic ${plan.name} --partitions ${wanted}`
            : `partitions cannot be taken away: delete the topic and let Vigil make it, or use another kafka.topicPrefix`),
      })
    if (found.config) verdicts.push(...configVerdicts(plan, found.config))
  }
  return verdicts
}

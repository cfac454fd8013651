import { type ErrorCode, VigilError } from '../../errors.ts'

/** What kafkajs and Node put on their errors, as far as it tells one trouble from another. */
interface Trouble {
  readonly name?: string
  readonly message?: string
  /** name of the broker's error */
  readonly type?: string
  /** the system's or TLS' name of the error; the broker's number where `type` is set */
  readonly code?: unknown
  readonly topic?: string
  readonly broker?: string
  readonly retriable?: boolean
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** [code, whether trying again can help, remedy] */
type Verdict = readonly [ErrorCode, boolean, string]

const RIGHT = 'give this user the right with kafka-acls.sh (docs/kafka.md lists what Vigil needs)'
const BY_TYPE: Record<string, Verdict> = {
  SASL_AUTHENTICATION_FAILED: ['kafka-auth', false, 'check kafka.saslUsername and the password'],
  UNSUPPORTED_SASL_MECHANISM: ['kafka-auth', false, 'the broker does not offer this kafka.saslMechanism'],
  ILLEGAL_SASL_STATE: [
    'kafka-auth',
    false,
    'the listener wants another log-in: check kafka.saslMechanism and the port',
  ],
  TOPIC_AUTHORIZATION_FAILED: ['kafka-unauthorised', false, `no right to read or write the topic: ${RIGHT}`],
  GROUP_AUTHORIZATION_FAILED: ['kafka-unauthorised', false, `no right to Read the group of kafka.group: ${RIGHT}`],
  CLUSTER_AUTHORIZATION_FAILED: [
    'kafka-unauthorised',
    false,
    `no right on the cluster, nor to Write any topic: ${RIGHT}`,
  ],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [
    'kafka-unauthorised',
    false,
    `no right to Write and Describe the transactional ids that begin with kafka.group: ${RIGHT}`,
  ],
  TOPIC_ALREADY_EXISTS: ['kafka-topics', true, 'another process made the topic at this moment'],
  INVALID_TOPIC_EXCEPTION: ['kafka-topics', false, 'the broker refuses the name: change kafka.topicPrefix'],
  UNKNOWN_TOPIC_OR_PARTITION: [
    'kafka-topics',
    true,
    'the topic or partition is missing: make it, or set kafka.createTopics',
  ],
  INVALID_REPLICATION_FACTOR: ['kafka-topics', false, 'fewer brokers than replicas: lower kafka.replication'],
  INVALID_PARTITIONS: ['kafka-topics', false, 'the broker refuses the number of partitions: change kafka.partitions'],
  POLICY_VIOLATION: ['kafka-topics', false, 'a policy of the cluster forbids it: let its owner make the topics'],
  INVALID_CONFIG: ['kafka-topics', false, 'the broker refuses a topic setting of Vigil: let its owner make the topics'],
  UNSUPPORTED_VERSION: [
    'kafka-unsupported',
    false,
    'the broker speaks other versions of the protocol; Kafka 2.1 to 4.x fits',
  ],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: ['kafka-unsupported', false, 'the topic has a record format of before Kafka 0.11'],
  UNSUPPORTED_COMPRESSION_TYPE: ['kafka-unsupported', false, 'the broker does not know this compression'],
  INVALID_TRANSACTION_TIMEOUT: [
    'kafka-unsupported',
    false,
    'kafka.transactionTimeoutMs is above transaction.max.timeout.ms of the broker',
  ],
  INVALID_SESSION_TIMEOUT: [
    'kafka-unsupported',
    false,
    'kafka.sessionTimeoutMs is outside group.min.session.timeout.ms and group.max.session.timeout.ms of the broker',
  ],
  INCONSISTENT_GROUP_PROTOCOL: [
    'kafka-unsupported',
    false,
    'other software is a member of this kafka.group: use another',
  ],
  INVALID_PRODUCER_EPOCH: ['kafka-fenced', false, 'another process holds the transactional id'],
  TRANSACTION_COORDINATOR_FENCED: ['kafka-fenced', false, 'another process holds the transactional id'],
  INVALID_PRODUCER_ID_MAPPING: ['kafka-fenced', false, 'the broker has forgotten this writer'],
  UNKNOWN_PRODUCER_ID: ['kafka-fenced', false, 'the broker has forgotten this writer'],
  MESSAGE_TOO_LARGE: ['kafka-failed', false, 'a record is larger than max.message.bytes of its topic'],
  RECORD_LIST_TOO_LARGE: ['kafka-failed', false, 'records are larger than segment.bytes of their topic'],
  NOT_ENOUGH_REPLICAS: ['kafka-failed', true, 'fewer replicas are in sync than min.insync.replicas asks for'],
}

const ELECTION: Verdict = ['kafka-unreachable', true, 'the cluster is starting or electing a leader; that passes']
for (const type of [
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
])
  BY_TYPE[type] = ELECTION

/** Number of an error that kafkajs 2.2.4 does not know by name. */
const NEWER: Readonly<Record<string, Verdict>> = {
  '90': ['kafka-fenced', false, 'another process holds the transactional id'],
  '119': ['kafka-unauthorised', false, RIGHT],
}

const TLS = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO)|certificate|tlsv1|ssl alert/i
const TLS_REMEDY = 'check kafka.tls, kafka.caFile, and kafka.certFile with kafka.keyFile'
const NETWORK: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
])
const UNREACHABLE: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
])

/** The error itself and what it was made of, innermost first. */
function chain(error: unknown): Trouble[] {
  const found: Trouble[] = []
  for (let at = error as Trouble | undefined; at && typeof at === 'object' && !found.includes(at); ) {
    found.unshift(at)
    at = (at.errors?.[0] ?? at.cause) as Trouble | undefined
  }
  return found
}

function verdictOf(trouble: Trouble): Verdict | undefined {
  const byType = trouble.type === undefined ? undefined : BY_TYPE[trouble.type]
  if (byType) return byType
  const number = /^Unknown error code (\d+)$/.exec(trouble.message ?? '')?.[1]
  if (number !== undefined && NEWER[number]) return NEWER[number]
  if (trouble.name === 'KafkaJSSASLAuthenticationError')
    return ['kafka-auth', false, 'check kafka.saslMechanism, kafka.saslUsername and the password']
  if (TLS.test(String(trouble.code ?? '')) || TLS.test(trouble.message ?? '')) return ['kafka-auth', false, TLS_REMEDY]
  if (
    trouble.name === 'KafkaJSServerDoesNotSupportApiKey' ||
    trouble.name === 'KafkaJSUnsupportedMagicByteInMessageSet'
  )
    return ['kafka-unsupported', false, 'the broker is too old; Kafka 2.1 to 4.x fits']
  if (NETWORK.has(trouble.code) || UNREACHABLE.has(trouble.name ?? ''))
    return [
      'kafka-unreachable',
      true,
      'check kafka.brokers, and that the listener is of the kind that kafka.tls and kafka.saslMechanism say',
    ]
  return undefined
}

/**
 * What went wrong, in Vigil's words. The message has the broker's own word for it and the remedy, never a secret: kafkajs'
 * messages carry none, and of a record nothing is told.
 * @param doing what was being done, as `to TOPIC` or `joining the group`
 * @param place broker or topic
 */
export function vigilError(error: unknown, doing: string, place?: string): VigilError {
  if (error instanceof VigilError) return error
  const troubles = chain(error)
  const known = troubles.find((each) => verdictOf(each))
  const trouble = known ?? troubles[0] ?? { message: String(error) }
  const [code, retriable, remedy] = (known && verdictOf(known)) ?? [
    'kafka-failed' as const,
    trouble.retriable === true,
    'see the log of the broker',
  ]
  const where = place ?? troubles.find((each) => each.topic ?? each.broker)?.topic ?? trouble.broker
  const word = trouble.type ?? trouble.message ?? String(error)
  return new VigilError(code, `${doing}${where === undefined ? '' : ` (${where})`}: ${word}; ${remedy}`, {
    retriable,
    ...(where !== undefined && { place: where }),
    cause: error,
  })
}

/** The broker's own word for an error, anywhere in its chain. */
export function typeOf(error: unknown): string | undefined {
  return chain(error).find((each) => each.type !== undefined)?.type
}

/** Whether a leader or a coordinator is being elected, or was a moment ago. */
export const isElecting = (error: unknown): boolean => BY_TYPE[typeOf(error) ?? ''] === ELECTION

import { request } from 'node:http'
import { VigilError } from '../errors.ts'
import type { Broker } from './broker.ts'

/** Its tag is Confluent's: 8.1 holds Kafka 4.1. */
export const IMAGE = 'confluentinc/cp-kafka:8.1.0'

/** KafkaContainer sets one replica for offsets only, without which no transactional producer ever gets its id. */
const ENVIRONMENT = {
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
}

/** Whether a Docker engine answers, at `DOCKER_HOST` or at the usual socket. @throws Error with a sentence */
export function dockerAnswers(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const host = new URL(env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock')
  const where = host.protocol === 'unix:' ? { socketPath: host.pathname } : { host: host.hostname, port: host.port }
  return new Promise((resolve, reject) => {
    const refused = (why: string): void => reject(new Error(`no Docker engine answers at ${host.href}: ${why}`))
    const asked = request({ ...where, path: '/_ping', timeout: 3000 }, (answer) => {
      answer.resume()
      if (answer.statusCode === 200) resolve()
      else refused(`status ${answer.statusCode}`)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in 3 s')))
    asked.on('error', (error: NodeJS.ErrnoException) => refused(error.code ?? error.message))
    asked.end()
  })
}

/**
 * A broker in Docker. Its port changes when its container is started again, so it is not for those who kill it.
 * @throws VigilError `broker-failed` when the container does not start
 */
export async function dockerBroker(extra: Readonly<Record<string, string>>): Promise<Broker> {
  const { KafkaContainer } = await import('@testcontainers/kafka')
  const names = Object.entries(extra).map(([name, value]) => [
    `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
    value,
  ])
  const environment = { ...ENVIRONMENT, ...Object.fromEntries(names) }
  const container = await new KafkaContainer(IMAGE)
    .withKraft()
    .withEnvironment(environment)
    .start()
    .catch((cause: Error) => {
      throw new VigilError('broker-failed', `the container of ${IMAGE} did not start: ${cause.message}`, { cause })
    })
  const refuse = (): Promise<never> =>
    Promise.reject(new VigilError('broker-failed', 'a broker in Docker is neither killed nor secured; ask for `own`'))
  return {
    how: 'docker',
    brokers: [`${container.getHost()}:${container.getMappedPort(9093)}`],
    listeners: {},
    proxies: [],
    certificates: undefined,
    properties: environment,
    allow: refuse,
    kill: refuse,
    start: refuse,
    restart: refuse,
    stop: async () => void (await container.stop()),
  }
}

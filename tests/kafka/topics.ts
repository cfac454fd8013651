import { randomUUID } from 'node:crypto'
import { Kafka, type KafkaConfig, logLevel, Partitioners } from 'kafkajs'
import { inject } from 'vitest'

/** The broker that the tests of this run share, HOST:PORT. */
export const brokers: readonly string[] = inject('brokers')

/** A client of kafkajs itself, quiet, for what a test does beside the code under test. */
export function kafkaAt(brokers: readonly string[], more: Partial<KafkaConfig> = {}): Kafka {
  const retry = { initialRetryTime: 20, retries: 3 }
  return new Kafka({ clientId: 'test', brokers: [...brokers], logLevel: logLevel.NOTHING, retry, ...more })
}

/** A name that no other test uses. */
export const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`

export interface NewTopic {
  readonly topic: string
  readonly partitions?: number
  readonly config?: Readonly<Record<string, string>>
}

/** Create topics of one replica and wait until their partitions have a leader. */
export async function createTopics(brokers: readonly string[], topics: readonly NewTopic[]): Promise<void> {
  const admin = kafkaAt(brokers, { retry: { initialRetryTime: 50, retries: 8 } }).admin()
  await admin.connect()
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: topics.map(({ topic, partitions = 1, config = {} }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    })
  } finally {
    await admin.disconnect()
  }
}

/** Send values to a topic's first partition, acknowledged by the broker. */
export async function produce(kafka: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value, partition: 0 })) })
  } finally {
    await producer.disconnect()
  }
}

/** The first values of a topic, from its beginning. */
export async function consume(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: unique('reader'), maxWaitTimeInMs: 100 })
  const values: string[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      // a new broker's coordinator loads for a moment: kafkajs then starts its consumer again
      consumer.on('consumer.crash', ({ payload }) => void (payload.restart || reject(payload.error)))
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        values.push(String(message.value))
        if (values.length === count) resolve()
      }
      consumer.run({ eachMessage }).catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return values
}

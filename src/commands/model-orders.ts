import { openKafka } from '../kafka/kafkajs/client.ts'
import { modelOrderRecord } from '../kafka/model-order-record.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { ModelOrder } from '../vitals/model-order.ts'
import type { Settings } from '../vitals/settings.ts'

/** Write an order for every partition. @returns the number of partitions @throws VigilError `kafka-*` */
export async function sendOrder(kafka: Settings['kafka'], log: Log, order: ModelOrder): Promise<number> {
  const client = await openKafka(kafka, log)
  try {
    const topic = topicName(kafka.topicPrefix, 'models')
    const writer = await client.writer()
    try {
      await writer.send(Array.from({ length: client.partitions }, (_, it) => modelOrderRecord(topic, it, order)))
    } finally {
      await writer.close()
    }
    return client.partitions
  } finally {
    await client.close()
  }
}

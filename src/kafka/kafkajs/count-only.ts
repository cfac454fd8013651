import type { Log } from '../../log.ts'
import type { Settings } from '../../vitals/settings.ts'
import { libraryConfig } from './connection.ts'
import { withBareLibrary } from './library.ts'

/**
 * The bare anchor of benches: a consumer of kafkajs as it comes, whose `eachBatch` only counts, over the same topic.
 * @param records how many there are
 * @returns seconds from the first batch to the last
 */
export function countOnly(settings: Settings['kafka'], log: Log, topic: string, records: number): Promise<number> {
  return withBareLibrary(async ({ Kafka }) => {
    const kafka = new Kafka(libraryConfig(settings, log))
    const consumer = kafka.consumer({ groupId: `${settings.group}-count-only`, maxWaitTimeInMs: 200 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    let counted = 0
    let began = 0
    // whoever joins anew, as on a broker whose groups are still being loaded, begins anew
    consumer.on(consumer.events.GROUP_JOIN, () => {
      counted = 0
      began = 0
    })
    try {
      return await new Promise<number>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => {
          if (!payload.restart) reject(payload.error)
        })
        consumer
          .run({
            autoCommit: false,
            partitionsConsumedConcurrently: 16,
            async eachBatch({ batch }) {
              if (began === 0) began = performance.now()
              counted += batch.messages.length
              if (counted >= records) resolve((performance.now() - began) / 1000)
            },
          })
          .catch(reject)
      })
    } finally {
      // else it keeps the process alive
      await consumer.disconnect()
    }
  })
}

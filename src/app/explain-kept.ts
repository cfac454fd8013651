import type { AtEnd } from '../closing.ts'
import { type Explanation, explainAlert } from '../evaluation/explain/explain.ts'
import { inputsSince, keptAlert } from '../kafka/alert-evidence.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import { recordDecoder } from '../kafka/record-decoder.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { Input } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'

/**
 * An alert recomputed from what Kafka keeps of it: the patient's state from before its first frame, the readings and
 * the journal since.
 * @param id as many of the first characters of its alertId as tell it apart
 * @throws VigilError as `keptAlert`, `inputsSince` and `explainAlert`
 */
export async function explainKept(
  settings: Settings,
  models: string,
  id: string,
  log: Log,
  atEnd: AtEnd,
): Promise<Explanation> {
  const { kafka } = settings
  const client = await openKafka(kafka, log)
  atEnd(() => client.close())
  const topics = { client, prefix: kafka.topicPrefix }
  const kept = await keptAlert(topics, id)
  const { stored, state: record, layouts } = kept
  const topic = topicName(kafka.topicPrefix, 'readings')
  let doubtful: readonly Input[] = []
  const explain = (withDoubtful: boolean) =>
    explainAlert({
      stored,
      settings,
      models,
      state: { record, layouts },
      async *open(table) {
        const since = await inputsSince(topics, kept, recordDecoder({ table, topic, eventTypes: kafka.eventTypes }))
        doubtful = since.doubtful
        yield withDoubtful ? [...since.doubtful, ...since.inputs] : since.inputs
      },
    })
  const first = await explain(false)
  if (first.equal || doubtful.length === 0) return first
  const second = await explain(true)
  return second.equal ? second : first
}

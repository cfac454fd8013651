import { VigilError } from '../errors.ts'
import type { Output, Sink } from '../stream/ports.ts'
import type { Settings } from '../vitals/settings.ts'
import { alertRecord } from './alert-record.ts'
import { partitionOf } from './murmur2.ts'
import type { PlainWriter } from './port.ts'
import { topicPlans } from './topics.ts'

/**
 * A topic that a replay may write to: none of those that the settings give to a service, whatever stands in them.
 * @throws VigilError usage
 */
export function checkTestTopic(topic: string, { kafka }: Pick<Settings, 'kafka'>): void {
  const refuse = (why: string) => new VigilError('usage', `--to-topic ${topic}: ${why}`)
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic)) throw refuse('no name of a topic')
  if (topic.startsWith('__')) throw refuse("it is Kafka's own")
  // dots and underscores are one name to the brokers' metrics, and to whoever reads in a hurry
  const alike = (name: string) => name.replaceAll('_', '.').toLowerCase()
  const live = alike(topic) === alike(kafka.topicPrefix) || topicPlans(kafka).some(({ name }) => alike(name) === alike(topic)) // biome-ignore format: one condition
  if (live) throw refuse('a service with these settings uses it, and a replay never writes there')
}

/**
 * Alerts as records of a test topic, each under its patient's key. What is live is refused: it has its own topic.
 * @param partitions of the topic
 */
export function testTopicSink(topic: string, partitions: number, writer: PlainWriter): Sink {
  return {
    name: 'test-topic',
    async deliver(outputs: readonly Output[]) {
      const envelopes = outputs.flatMap((it) => (it.kind === 'alert' ? [it.envelope] : []))
      if (envelopes.some(({ mode }) => mode === 'live'))
        throw new VigilError('internal', 'a live alert was on its way to a test topic', { place: topic })
      const records = envelopes.map((envelope) => {
        const partition = partitionOf(envelope.body.subject.patientKey, partitions)
        return { ...alertRecord('', partition, envelope), topic }
      })
      if (records.length > 0) await writer.send(records)
    },
    async close() {
      await writer.close()
    },
  }
}

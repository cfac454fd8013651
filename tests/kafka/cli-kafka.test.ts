import { afterEach, describe, expect, test } from 'vitest'
import { answers } from '../../src/broker/answers.ts'
import { freePorts } from '../../src/broker/free-ports.ts'
import { partitionOf } from '../../src/kafka/murmur2.ts'
import { topicPlans } from '../../src/kafka/topics.ts'
import { WireReading } from '../../src/vitals/reading.ts'
import { type Running, start } from '../integration/vigil.ts'
import { kafkaAt, unique } from './topics.ts'

describe('vigil kafka', () => {
  let running: Running | undefined
  afterEach(() => running?.signal('SIGKILL'))

  test('brings a broker on the port, the topics, and a live ward keyed by patient; Ctrl-C ends all of it', async () => {
    const [port] = await freePorts(1)
    // an empty KAFKA_BROKERS is none: this test is about the broker that the command starts
    running = start(['kafka', '--port', `${port}`, '--beds', '3'], { KAFKA_BROKERS: '' })
    const [, server] = await running.said(/Kafka is at (\S+)\. 3 simulated beds/)
    const kafka = kafkaAt([server!])
    const admin = kafka.admin()
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({
      topics: topicPlans({ topicPrefix: 'vitals' }).map((it) => it.name),
    })
    expect(Object.fromEntries(topics.map((it) => [it.name, it.partitions.length]))).toMatchObject({
      'vitals.readings': 4,
      'vitals.state': 4,
      'vitals.journal': 4,
    })
    await admin.disconnect()

    const seen = new Map<string, number>()
    const consumer = kafka.consumer({ groupId: unique('reader'), maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic: 'vitals.readings', fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({
        partition,
        message,
      }: {
        partition: number
        message: { key: Buffer | null; value: Buffer | null }
      }): Promise<void> => {
        try {
          const reading = WireReading.parse(JSON.parse(String(message.value)))
          expect(reading).toMatchObject({ patient: String(message.key), mode: 'live', complete: true })
          expect(partition).toBe(partitionOf(message.key!, 4))
          seen.set(reading.patient!, (seen.get(reading.patient!) ?? 0) + 1)
          if ([...seen.values()].reduce((sum, count) => sum + count, 0) >= 9) resolve()
        } catch (error) {
          reject(error)
        }
      }
      consumer.run({ eachMessage }).catch(reject)
    })
    await consumer.disconnect()
    expect([...seen.keys()].toSorted()).toEqual(['sim-1', 'sim-2', 'sim-3'])

    running.signal('SIGINT')
    expect(await running.ended).toMatchObject({ code: 0 })
    expect(await answers(server!, 1000)).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import { answers } from '../../src/broker/answers.ts'
import { openBroker } from '../../src/broker/open-broker.ts'
import { brokers, consume, createTopics, kafkaAt, produce, unique } from './topics.ts'

describe('the broker that the tests share', () => {
  test('answers, and what is produced is consumed', async () => {
    expect(await answers(brokers[0]!, 5000)).toBe(true)
    const topic = unique('shared')
    await createTopics(brokers, [{ topic, partitions: 3 }])
    const kafka = kafkaAt(brokers)
    await produce(kafka, topic, ['a', 'b'])
    expect(await consume(kafka, topic, 2)).toEqual(['a', 'b'])
  })

  test('gives transactional ids', async () => {
    const topic = unique('transactions')
    await createTopics(brokers, [{ topic }])
    const producer = kafkaAt(brokers).producer({ transactionalId: unique('id'), maxInFlightRequests: 1 })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: 'once' }] })
    await transaction.commit()
    await producer.disconnect()
    expect(await consume(kafkaAt(brokers), topic, 1)).toEqual(['once'])
  })

  test('is the one to use where KAFKA_BROKERS names it, unless one to kill is asked for', async () => {
    const before = process.env['KAFKA_BROKERS']
    process.env['KAFKA_BROKERS'] = brokers.join(',')
    const said: string[] = []
    try {
      const given = await openBroker({ say: (line) => said.push(line) })
      expect({ how: given.how, brokers: given.brokers }).toEqual({ how: 'given', brokers })
      await expect(given.kill()).rejects.toMatchObject({ code: 'broker-failed' })
      await given.stop()
      expect(await answers(brokers[0]!, 5000)).toBe(true)
      process.env['KAFKA_BROKERS'] = '127.0.0.1:1'
      await expect(openBroker({ say: () => {} })).rejects.toMatchObject({ code: 'broker-failed', place: '127.0.0.1:1' })
    } finally {
      if (before === undefined) delete process.env['KAFKA_BROKERS']
      else process.env['KAFKA_BROKERS'] = before
    }
    expect(said).toEqual([`KAFKA_BROKERS: a broker at ${brokers.join(', ')}`])
  })
})

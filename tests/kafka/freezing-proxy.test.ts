import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Broker } from '../../src/broker/broker.ts'
import { openBroker } from '../../src/broker/open-broker.ts'
import { createTopics, kafkaAt, produce } from './topics.ts'

describe('a listener behind a proxy', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await openBroker({ proxies: 2, say: () => {} })
    await createTopics(broker.brokers, [{ topic: 'stalled' }])
  })
  afterAll(() => broker?.stop())

  test('clients behind a frozen proxy hear nothing until it thaws; those beside it notice nothing', async () => {
    const [proxy, other] = broker.proxies
    const producer = kafkaAt([proxy!.address]).producer()
    await producer.connect()
    await producer.send({ topic: 'stalled', messages: [{ value: '1' }] })
    expect(proxy!.connections).toBeGreaterThan(0)

    proxy!.freeze()
    let answered = false
    const waiting = producer.send({ topic: 'stalled', messages: [{ value: '2' }] }).then(() => {
      answered = true
    })
    await produce(kafkaAt(broker.brokers), 'stalled', ['direct'])
    await produce(kafkaAt([other!.address]), 'stalled', ['by the other proxy'])
    await sleep(300)
    expect(answered).toBe(false)

    proxy!.thaw()
    await waiting
    expect(answered).toBe(true)

    proxy!.cut()
    expect(proxy!.connections).toBe(0)
    await producer.send({ topic: 'stalled', messages: [{ value: '3' }] })
    await producer.disconnect()
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { libraryConfig } from '../../../src/kafka/kafkajs/connection.ts'
import { KafkaLibrary } from '../../../src/kafka/kafkajs/library.ts'
import { fence as rawFence, requestsOf } from '../../../src/kafka/kafkajs/writer.ts'
import type { KafkaClient, NewRecord } from '../../../src/kafka/port.ts'
import { all, open, quiet, until, wardSettings, witness } from '../broker.ts'

it('requests hold at most 200 records and stay below a megabyte, in order', () => {
  const records: NewRecord[] = Array.from({ length: 1001 }, (_, at) => ({
    topic: at % 2 ? 'a' : 'b',
    partition: 0,
    key: 'k',
    value: Buffer.alloc(at < 500 ? 10 : 20_000, at % 251),
  }))
  const requests = requestsOf(records)
  const messages = requests.map((topics) => topics.flatMap((each) => each.messages))
  expect(Math.max(...messages.map((each) => each.length))).toBe(200)
  for (const each of messages)
    expect(each.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)).toBeLessThan(1_000_000)
  for (const topic of ['a', 'b']) {
    const sent = requests
      .flatMap((each) => each.filter((batch) => batch.topic === topic))
      .flatMap((each) => each.messages)
    const wanted = records.filter((each) => each.topic === topic)
    expect(sent).toHaveLength(wanted.length)
    expect(sent.every(({ value }, at) => value === wanted[at]!.value)).toBe(true)
  }
})

describe('the writer of a partition', () => {
  const settings = wardSettings()
  const alerts = `${settings.topicPrefix}.alerts`
  const state = `${settings.topicPrefix}.state`
  const readings = `${settings.topicPrefix}.readings`
  let kafka: KafkaClient
  const alert = (value: string, partition = 0): NewRecord => ({ topic: alerts, partition, key: 'p', value })

  beforeAll(async () => {
    kafka = await open(settings)
  })
  afterAll(() => kafka.close())

  it('commits records of several topics and positions as one', async () => {
    const writer = await kafka.fence(0)
    await writer.commit(
      [alert('one'), { topic: state, partition: 0, key: 'p', value: Buffer.from('memory') }],
      [
        { topic: readings, partition: 0, offset: 17 },
        { topic: alerts, partition: 0, offset: 1 },
      ],
    )
    await writer.commit([], [{ topic: readings, partition: 0, offset: 18 }])
    await writer.commit([alert('two')], [])
    // A commit is answered before its end is in the log of every topic.
    await until('the last commit', async () => (await all(kafka, alerts)).length === 2)
    expect(await all(kafka, alerts)).toEqual(['one', 'two'])
    expect(await all(kafka, state)).toEqual(['memory'])
    const admin = new KafkaLibrary(libraryConfig(settings, quiet)).admin()
    await admin.connect()
    const [offsets] = await admin.fetchOffsets({ groupId: settings.group, topics: [readings] })
    await admin.disconnect()
    expect(offsets!.partitions.find(({ partition }) => partition === 0)!.offset).toBe('18')
    await writer.close()
  })

  it('kicks out a zombie in the middle of its transaction, whose records are never seen', async () => {
    const library = new KafkaLibrary(libraryConfig(settings, quiet))
    const zombie = library.producer({ transactionalId: `${settings.group}-1`, transactionTimeout: 15_000 })
    await zombie.connect()
    const transaction = await zombie.transaction()
    await transaction.send({ topic: alerts, messages: [{ partition: 1, key: 'p', value: 'zombie' }] })
    const owner = await kafka.fence(1)
    await expect(
      transaction.send({ topic: alerts, messages: [{ partition: 1, key: 'p', value: 'zombie again' }] }),
    ).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
    await expect(transaction.commit()).rejects.toThrow()
    await owner.commit([alert('owner', 1)], [])
    await until('the commit', async () => (await all(kafka, alerts, 1)).length > 0)
    expect(await all(kafka, alerts, 1)).toEqual(['owner'])
    await owner.close()
    await zombie.disconnect()
  })

  it('is fenced for good once another took its partition', async () => {
    const first = await kafka.fence(2)
    const second = await kafka.fence(2)
    await expect(first.commit([alert('first', 2)], [])).rejects.toMatchObject({
      code: 'kafka-fenced',
      retriable: false,
    })
    await expect(first.commit([alert('first', 2)], [])).rejects.toMatchObject({ code: 'kafka-failed' })
    await second.commit([alert('second', 2)], [])
    await until('the commit', async () => (await all(kafka, alerts, 2)).length > 0)
    expect(await all(kafka, alerts, 2)).toEqual(['second'])
    await Promise.all([first.close(), second.close()])
  })

  it('commits back to back, though the broker is still finishing the commit before', async () => {
    const writer = await kafka.fence(3)
    for (let at = 0; at < 30; at++)
      await writer.commit(at % 3 ? [alert(String(at), 3)] : [], [{ topic: readings, partition: 3, offset: at }])
    await until('the last commit', async () => (await all(kafka, alerts, 3)).length === 20)
    expect(await all(kafka, alerts, 3)).toEqual(
      Array.from({ length: 30 }, (_, at) => String(at)).filter((_, at) => at % 3),
    )
    await writer.close()
  })

  it('says what a broker refuses, and is of no use after', async () => {
    const writer = await kafka.fence(0)
    await expect(
      writer.commit([{ topic: alerts, partition: 0, key: 'p', value: Buffer.alloc(2_000_000) }], []),
    ).rejects.toMatchObject({ code: 'kafka-failed', retriable: false })
    await writer.close()
    const next = await kafka.fence(0)
    await next.commit([alert('after')], [])
    await until('the last commit', async () => (await all(kafka, alerts)).at(-1) === 'after')
    await next.close()
  })

  it('a plain writer sends at least once, in order', async () => {
    const plain = await kafka.writer()
    const events = witness([readings])
    const member = await kafka.join({ topics: [readings] }, events)
    await plain.send(
      Array.from({ length: 500 }, (_, at) => ({ topic: readings, partition: 1, key: 'p', value: String(at) })),
    )
    await until('500 readings', () => events.seen.length >= 500)
    expect(events.seen.map(({ value }) => Number(value))).toEqual(Array.from({ length: 500 }, (_, at) => at))
    await member.leave()
    await plain.close()
  })

  it('fences with the right of the transactional id only: the id is GROUP-PARTITION', async () => {
    const library = new KafkaLibrary(libraryConfig(settings, quiet))
    const one = await rawFence(library, { group: settings.group, partition: 3, transactionTimeoutMs: 15_000 })
    const other = await rawFence(library, { group: `${settings.group}x`, partition: 3, transactionTimeoutMs: 15_000 })
    await one.commit([alert('mine', 3)], [])
    await other.commit([alert('its', 3)], [])
    await Promise.all([one.close(), other.close()])
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { libraryConfig } from '../../../src/kafka/kafkajs/connection.ts'
import { KafkaLibrary } from '../../../src/kafka/kafkajs/library.ts'
import type { KafkaClient, LogRecord } from '../../../src/kafka/port.ts'
import { all, type KafkaSettings, open, quiet, until, wardSettings } from '../broker.ts'

describe('reading a partition to its end', () => {
  let settings: KafkaSettings
  let state: string
  let kafka: KafkaClient
  let library: InstanceType<typeof KafkaLibrary>

  beforeAll(async () => {
    settings = wardSettings({ partitions: 8 })
    state = `${settings.topicPrefix}.state`
    library = new KafkaLibrary(libraryConfig(settings, quiet))
    const admin = library.admin()
    await admin.connect()
    // Compacted as often as the broker's cleaner looks.
    const config = { 'cleanup.policy': 'compact', 'segment.ms': '200', 'min.cleanable.dirty.ratio': '0.01' }
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await admin.createTopics({
      topics: [{ topic: state, numPartitions: 8, replicationFactor: 1, configEntries }],
      waitForLeaders: false,
    })
    await admin.createTopics({
      topics: [{ topic: `${settings.topicPrefix}.readings`, numPartitions: 8 }],
      waitForLeaders: false,
    })
    await admin.disconnect()
    kafka = await open(settings)
  })
  afterAll(() => kafka.close())

  const commit = async (partition: number, values: readonly string[], keyOf: (at: number) => string = String) => {
    const writer = await kafka.fence(partition)
    await writer.commit(
      values.map((value, at) => ({ topic: state, partition, key: keyOf(at), value })),
      [],
    )
    await writer.close()
    // Fencing waits for the end of what the writer before committed.
    await (await kafka.fence(partition)).close()
  }
  const abort = async (partition: number, values: readonly string[]) => {
    const producer = library.producer({ transactionalId: `${settings.group}-aborter-${partition}` })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic: state, messages: values.map((value) => ({ partition, key: 'a', value })) })
    await transaction.abort()
    await producer.disconnect()
    await until('the abort is in the log', async () => {
      const { next } = await kafka.bounds(state, partition)
      return next >= values.length
    })
  }

  it('ends at once where there is nothing', async () => {
    expect(await all(kafka, state, 0)).toEqual([])
    expect(await kafka.bounds(state, 0)).toEqual({ first: 0, next: 0 })
  })

  it('gives what was committed, though the log ends in a control record', async () => {
    await commit(1, ['a', 'b', 'c'])
    expect(await kafka.bounds(state, 1)).toEqual({ first: 0, next: 4 })
    expect(await all(kafka, state, 1)).toEqual(['a', 'b', 'c'])
  })

  it('gives nothing of aborted transactions, and ends where nothing else is', async () => {
    await abort(2, ['never', 'seen'])
    expect(await all(kafka, state, 2)).toEqual([])
    await commit(2, ['seen'])
    await abort(2, ['never again'])
    await commit(2, ['seen too'], () => 'other')
    expect(await all(kafka, state, 2)).toEqual(['seen', 'seen too'])
  })

  it('gives key, value, headers, offset and time of each record, in order', async () => {
    const writer = await kafka.fence(3)
    await writer.commit(
      [
        {
          topic: state,
          partition: 3,
          key: 'k',
          value: Buffer.from([0, 255]),
          headers: { a: 'x', b: Buffer.from('y') },
        },
        { topic: state, partition: 3, key: 'gone', value: null },
      ],
      [],
    )
    await writer.close()
    await (await kafka.fence(3)).close()
    const records: LogRecord[] = []
    await kafka.readAll(state, 3, (some) => records.push(...some))
    expect(records.map(({ offset, key, value }) => [offset, String(key), value])).toEqual([
      [0, 'k', Buffer.from([0, 255])],
      [1, 'gone', null],
    ])
    expect(String(records[0]!.headers['a'])).toBe('x')
    expect(Math.abs(records[0]!.timestamp - Date.now())).toBeLessThan(60_000)
  })

  it('goes over more than one fetch, and several partitions at once', async () => {
    const value = Buffer.alloc(2600, 'x').toString()
    const writers = await Promise.all([4, 5].map((partition) => kafka.fence(partition)))
    await Promise.all(
      writers.map(async (writer, at) => {
        for (let round = 0; round < 10; round++)
          await writer.commit(
            Array.from({ length: 400 }, (_, n) => ({
              topic: state,
              partition: 4 + at,
              key: `${round}-${n}`,
              value,
            })),
            [],
          )
        await writer.close()
        await (await kafka.fence(4 + at)).close()
      }),
    )
    const read = await Promise.all([4, 5].map((partition) => all(kafka, state, partition)))
    expect(read.map((values) => values.length)).toEqual([4000, 4000])
    expect(read.flat().every((each) => each === value)).toBe(true)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const reading = kafka.readAll(state, 4, () => stop.abort(), stop.signal)
    await expect(reading).rejects.toThrow()
    await expect(kafka.readAll(state, 0, () => {}, AbortSignal.abort())).rejects.toThrow()
  })

  it('says which partition is not there', async () => {
    await expect(kafka.readAll(state, 99, () => {})).rejects.toMatchObject({ code: 'kafka-topics', place: state })
  })
})

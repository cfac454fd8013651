import { afterEach, expect, test } from 'vitest'
import type { KafkaClient, LogRecord } from '../../../src/kafka/port.ts'
import { topicName } from '../../../src/kafka/topics.ts'
import { open, until, wardSettings } from '../broker.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Follows the alerts of some partitions from their beginnings. */
async function following(partitions: readonly number[]) {
  const settings = wardSettings({ partitions: 4 })
  const kafka: KafkaClient = await open(settings)
  closing.push(() => kafka.close())
  const topic = topicName(settings.topicPrefix, 'alerts')
  const at = new Map(partitions.map((partition) => [partition, 0]))
  const seen: { partition: number; record: LogRecord; at: number }[] = []
  const ends = new AbortController()
  const ended = kafka
    .follow(
      topic,
      {
        positions: () => at,
        took(partition, { next, records }) {
          at.set(partition, next)
          for (const record of records) seen.push({ partition, record, at: performance.now() })
        },
      },
      ends.signal,
    )
    .catch((error: unknown) => error)
  closing.push(() => ends.abort())
  const say = async (partition: number, ...values: string[]) => {
    const writer = await kafka.writer()
    closing.push(() => writer.close())
    await writer.send(values.map((value) => ({ topic, partition, key: 'k', value })))
  }
  const values = (partition: number) =>
    seen.filter((it) => it.partition === partition).map(({ record }) => String(record.value))
  return { kafka, topic, at, seen, ends, ended, say, values }
}

test('what comes in several partitions comes in order, and only of those that are asked for', async () => {
  const { say, values, at } = await following([0, 2])
  await say(0, 'a', 'b')
  await say(1, 'never')
  await say(2, 'c')
  await say(0, 'd')
  await until('all came', () => values(0).length === 3 && values(2).length === 1)
  expect([values(0), values(1), values(2)]).toEqual([['a', 'b', 'd'], [], ['c']])
  at.set(1, 0)
  await until('it is asked for now', () => values(1).length === 1)
})

test('what a transaction writes is seen once it is committed; its end is passed over', async () => {
  const { kafka, topic, values, at } = await following([3])
  const writer = await kafka.fence(3)
  closing.push(() => writer.close())
  await writer.commit([{ topic, partition: 3, key: 'k', value: 'x' }], [])
  await writer.commit([{ topic, partition: 3, key: 'k', value: 'y' }], [])
  await until('both came', () => values(3).length === 2)
  await until('the ends are behind', () => at.get(3) === 4)
})

test('a position that the partition does not have any more begins at what is there', async () => {
  const { say, at, values } = await following([])
  await say(1, 'first')
  at.set(1, 900)
  await until('it is there', () => values(1).length === 1)
  expect(values(1)).toEqual(['first'])
})

test('it ends with the reason of its signal', async () => {
  const { ends, ended } = await following([0])
  ends.abort(new Error('enough'))
  expect(await ended).toEqual(new Error('enough'))
})

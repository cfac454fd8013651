import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endsOf, lag } from '../../src/kafka/lag.ts'
import type { End, GroupMember, KafkaClient } from '../../src/kafka/port.ts'
import { open, until, wardSettings, witness } from './broker.ts'

describe('the lag of a ward', () => {
  let topic: string
  let kafka: KafkaClient
  let member: GroupMember
  /** partition -> next offset to work */
  let worked: Map<number, number>
  /** what a handler waits for */
  let hold: Promise<void>
  let release: () => void

  const around = {
    get live() {
      return [0, 1].map((partition) => ({ partition, worked: new Map([[topic, worked.get(partition)!]]) }))
    },
    end: (of: string, partition: number) => member.end(of, partition),
  }
  async function send(partition: number, values: readonly string[]) {
    const writer = await kafka.writer()
    await writer.send(values.map((value) => ({ topic, partition, key: 'p', value })))
    await writer.close()
  }
  /** The lag, and the partitions for which the brokers were asked. */
  async function measured() {
    const asked: number[] = []
    const bounds: KafkaClient['bounds'] = (of, partition) => {
      asked.push(partition)
      return kafka.bounds(of, partition)
    }
    const ends = endsOf(around, topic, Date.now())
    const records = await lag({ around, client: { bounds }, topic, ends })
    return { records, asked: asked.toSorted() }
  }
  /** Until it is measured so: a partition that has just been sent to, paused or resumed is told of by the next fetch. */
  const comesToBe = (records: number, asked: readonly number[]) =>
    until(`a lag of ${records}, ${asked.length} asked for`, async () => {
      const now = await measured()
      return now.records === records && now.asked.join() === asked.join()
    })

  beforeEach(async () => {
    const settings = wardSettings({ partitions: 2 })
    topic = `${settings.topicPrefix}.readings`
    worked = new Map([0, 1].map((partition) => [partition, 0]))
    hold = Promise.resolve()
    release = () => {}
    kafka = await open(settings)
    const records = async (_: string, partition: number, { next }: { next: number }) => {
      await hold
      worked.set(partition, next)
    }
    member = await kafka.join({ topics: [topic] }, witness([topic], { records }))
  })
  afterEach(async () => {
    release()
    await member.leave()
    await kafka.close()
  })

  it('takes no question where partitions are fetched, be there records or none', async () => {
    await comesToBe(0, [])
    await send(0, ['a', 'b', 'c'])
    await until('the end', () => member.end(topic, 0)?.next === 3)
    await comesToBe(0, [])
    expect(worked.get(0)).toBe(3)
    // nobody is to see the end of a transaction, yet it has an offset
    await (await kafka.fence(1)).commit([{ topic, partition: 1, key: 'p', value: 'a' }], [])
    await until('the end behind a transaction', () => member.end(topic, 1)?.next === 2)
    expect((await kafka.bounds(topic, 1)).next).toBe(2)
  })

  it('grows where a partition is paused: silence is never health', async () => {
    await comesToBe(0, [])
    member.pause(topic, 0)
    await send(0, ['a', 'b', 'c'])
    await comesToBe(3, [0])
    await send(0, ['d', 'e'])
    await comesToBe(5, [0])
    member.resume(topic, 0)
    await comesToBe(0, [])
  })

  it('grows in all partitions of a broker while a handler holds its fetches back', async () => {
    await comesToBe(0, [])
    hold = new Promise((resolve) => {
      release = resolve
    })
    await send(0, ['a'])
    await until('the handler', () => member.pulse().busySince !== undefined)
    await comesToBe(1, [0, 1])
    await send(0, ['b'])
    await send(1, ['c', 'd'])
    await comesToBe(4, [0, 1])
    release()
    await comesToBe(0, [])
  })

  it('does not count what was sent after the fetch, and asks where the fetch is a second old', async () => {
    const ends = new Map<number, End>([
      [0, { next: 3, at: 10_000 }],
      [1, { next: 4, at: 9000 }],
    ])
    const told = { live: around.live, end: (_: string, partition: number) => ends.get(partition) }
    expect([...endsOf(told, topic, 10_000)]).toEqual([[0, 3], [1, 4]]) // biome-ignore format: pairs
    expect([...endsOf(told, topic, 10_001)]).toEqual([[0, 3]])
    await send(0, ['a', 'b', 'c', 'd', 'e'])
    await until('all', () => worked.get(0) === 5)
    const client = { bounds: async () => ({ first: 0, next: 9 }) }
    // worked is ahead of what was told; the other was asked for
    expect(await lag({ around, client, topic, ends: endsOf(told, topic, 10_001) })).toBe(9)
    expect(await lag({ around, client, topic, ends: endsOf(told, topic, 10_000) })).toBe(4)
  })
})

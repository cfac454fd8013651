import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { libraryConfig } from '../../../src/kafka/kafkajs/connection.ts'
import { KafkaLibrary } from '../../../src/kafka/kafkajs/library.ts'
import type { GroupMember, KafkaClient } from '../../../src/kafka/port.ts'
import { type KafkaSettings, open, quiet, until, wardSettings, witness } from '../broker.ts'

describe('a member of the group', () => {
  let settings: KafkaSettings
  let readings: string
  let acks: string
  let topics: string[]
  let kafka: KafkaClient
  let second: KafkaClient
  const members: GroupMember[] = []

  const send = async (values: readonly string[], topic = readings, partition = 0) => {
    const writer = await kafka.writer()
    await writer.send(values.map((value) => ({ topic, partition, key: 'p', value })))
    await writer.close()
  }
  const join = async (client: KafkaClient, events: ReturnType<typeof witness>) => {
    const member = await client.join({ topics }, events)
    members.push(member)
    return member
  }

  beforeEach(async () => {
    settings = wardSettings()
    readings = `${settings.topicPrefix}.readings`
    acks = `${settings.topicPrefix}.alerts.acks`
    topics = [readings, acks]
    kafka = await open(settings)
    second = await open(settings)
  })
  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => member.leave()))
    await Promise.all([kafka.close(), second.close()])
  })

  it('gets every partition of every topic, paused until it resumes them', async () => {
    const events = witness(topics)
    events.joined = (partitions, kept, member) => {
      events.member = member
      events.joins.push({ partitions, kept })
    }
    const member = await join(kafka, events)
    expect(events.joins).toEqual([{ partitions: [0, 1, 2, 3], kept: [] }])
    await send(['a'])
    await send(['b'], acks)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(events.seen).toEqual([])
    member.resume(readings, 0)
    await until('the reading', () => events.seen.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(events.seen).toEqual([{ topic: readings, partition: 0, offset: 0, value: 'a' }])
    member.resume(acks, 0)
    await until('the acknowledgement', () => events.seen.length === 2)
  })

  it('begins no call for a partition that is paused, and goes on where it was', async () => {
    const events = witness(topics)
    const member = await join(kafka, events)
    await send(['a'])
    await until('the first', () => events.seen.length === 1)
    member.pause(readings, 0)
    await send(['b', 'c'])
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(events.seen).toHaveLength(1)
    member.resume(readings, 0)
    await until('the rest', () => events.seen.length === 3)
    expect(events.seen.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
  })

  it('reads again from where it seeks to', async () => {
    const events = witness(topics)
    const member = await join(kafka, events)
    await send(['a', 'b', 'c'])
    await until('three', () => events.seen.length === 3)
    member.seek(readings, 0, 1)
    await until('two again', () => events.seen.length === 5)
    expect(events.seen.map(({ offset }) => offset)).toEqual([0, 1, 2, 1, 2])
  })

  it('keeps what it has when another joins, and is told of it', async () => {
    const first = witness(topics)
    await join(kafka, first)
    const other = witness(topics)
    await join(second, other)
    await until('the second generation', () => first.joins.length >= 2)
    const mine = first.joins.at(-1)!
    expect(mine.partitions).toHaveLength(2)
    expect(mine.kept).toEqual(mine.partitions)
    expect(first.rebalances).toBe(1)
    expect(other.joins.at(-1)!.kept).toEqual([])
    expect([...mine.partitions, ...other.joins.at(-1)!.partitions].sort()).toEqual([0, 1, 2, 3])
  })

  it('goes on from its own position after a generation, once it seeks', async () => {
    const first = witness(topics)
    let seen = 0
    first.joined = (partitions, kept, member) => {
      first.joins.push({ partitions, kept })
      for (const partition of kept) member.seek(readings, partition, seen)
      for (const partition of partitions) for (const topic of topics) member.resume(topic, partition)
    }
    await join(kafka, first)
    await Promise.all([0, 1, 2, 3].map((partition) => send(['a', 'b'], readings, partition)))
    await until('all', () => first.seen.length === 8)
    seen = 2
    await join(second, witness(topics))
    await until('the second generation', () => first.joins.length >= 2)
    const mine = first.joins.at(-1)!.partitions[0]!
    await send(['c'], readings, mine)
    await until('what came after', () => first.seen.some(({ value }) => value === 'c'))
    expect(first.seen.filter(({ partition }) => partition === mine).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
  })

  it('leaves politely: another has its partitions within 3 s', async () => {
    const first = witness(topics)
    const leaving = await join(kafka, first)
    const other = witness(topics)
    await join(second, other)
    await until('both', () => first.joins.length >= 2)
    const since = Date.now()
    await leaving.leave()
    await until('all of them', () => other.joins.at(-1)!.partitions.length === 4, 3000)
    expect(Date.now() - since).toBeLessThan(3000)
    expect(other.joins.at(-1)!.kept).toHaveLength(2)
  })

  it('stays a member through a handler that takes longer than the session', async () => {
    const events = witness(topics)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    events.records = async (topic, partition, records) => {
      if (partition === 0) await held
      for (const { offset, value } of records.take(records.left))
        events.seen.push({ topic, partition, offset, value: String(value) })
    }
    const member = await join(kafka, events)
    await send(['slow'])
    await until('the handler', () => member.pulse().busySince !== undefined)
    await new Promise((resolve) => setTimeout(resolve, settings.sessionTimeoutMs + 1500))
    expect(Date.now() - member.pulse().busySince!).toBeGreaterThan(settings.sessionTimeoutMs)
    expect(Date.now() - member.pulse().heard!).toBeLessThan(2000)
    release()
    await until('the record', () => events.seen.length === 1)
    expect(events.joins).toHaveLength(1)
    expect(events.crashes).toEqual([])
  })

  it('is confirmed by heartbeats from now on, and not across a generation', async () => {
    const events = witness(topics)
    const member = await join(kafka, events)
    expect(await member.confirmed()).toBe(true)
    const asked = member.confirmed()
    await member.leave()
    expect(await asked).toBe(false)
    expect(await member.confirmed()).toBe(false)
  })

  it('ends for good when a handler fails, and says with what', async () => {
    const events = witness(topics, {
      async records() {
        throw new Error('a defect')
      },
    })
    await join(kafka, events)
    await send(['a'])
    await until('the crash', () => events.crashes.length === 1)
    expect(events.crashes[0]).toMatchObject({ error: { code: 'internal' }, willRetry: false })
  })

  it('does not begin calls for one partition while another is slow, but others go on', async () => {
    const events = witness(topics)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let running = 0
    events.records = async (topic, partition, records) => {
      if (partition === 0) {
        running++
        await held
        running--
      }
      for (const { offset, value } of records.take(records.left))
        events.seen.push({ topic, partition, offset, value: String(value) })
    }
    // In the log before the join, so that one fetch brings both.
    await Promise.all([send(['a', 'b'], readings, 0), send(['c'], readings, 1)])
    await join(kafka, events)
    await until('the quick one', () => events.seen.some(({ value }) => value === 'c'))
    expect(running).toBe(1)
    release()
    await until('the slow one', () => events.seen.length === 3)
  })

  it('ends for good when a topic gets more partitions: patients have moved', { timeout: 90_000 }, async () => {
    const events = witness(topics)
    await join(kafka, events)
    const admin = new KafkaLibrary(libraryConfig(settings, quiet)).admin()
    await admin.connect()
    await admin.createPartitions({ topicPartitions: [{ topic: readings, count: 6 }] })
    await admin.disconnect()
    // A new member has fresh metadata, leads or not, and makes a generation.
    const late = await open({ ...settings, createTopics: true }).catch(
      (error: { code: string; message: string }) => error,
    )
    expect(late).toMatchObject({ code: 'kafka-topics' })
    await until('the end', () => events.crashes.length === 1, 80_000)
    expect(events.crashes[0]).toMatchObject({ error: { code: 'kafka-topics' }, willRetry: false })
  })
})

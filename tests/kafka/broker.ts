import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { openKafka } from '../../src/kafka/kafkajs/client.ts'
import type { GroupEvents, GroupMember, KafkaClient, LogRecords } from '../../src/kafka/port.ts'
import { createLog } from '../../src/log.ts'
import { Settings } from '../../src/vitals/settings.ts'

/** Where the broker that these tests share listens. */
export const brokers: string[] = [...inject('brokers')]

export const quiet = createLog('error')

export type KafkaSettings = Settings['kafka']

/** Settings of a ward of its own, so that tests share a broker and nothing else. */
export function wardSettings(changes: Partial<KafkaSettings> = {}): KafkaSettings {
  const id = randomBytes(4).toString('hex')
  return Settings.parse({
    kafka: {
      brokers,
      group: `g-${id}`,
      topicPrefix: `t-${id}`,
      heartbeatIntervalMs: 300,
      sessionTimeoutMs: 6000,
      ...changes,
    },
  }).kafka
}

export async function open(settings: KafkaSettings): Promise<KafkaClient> {
  return openKafka(settings, quiet)
}

/** What one member of a group was told, and what to do with records. */
export interface Witness extends GroupEvents {
  readonly joins: { partitions: readonly number[]; kept: readonly number[] }[]
  readonly crashes: { error: { code: string }; willRetry: boolean }[]
  readonly seen: { topic: string; partition: number; offset: number; value: string }[]
  rebalances: number
  member: GroupMember | undefined
}

/** Writes down what it is told; on each generation it resumes what is new unless told otherwise. */
export function witness(topics: readonly string[], changes: Partial<GroupEvents> = {}): Witness {
  const events: Witness = {
    joins: [],
    crashes: [],
    seen: [],
    rebalances: 0,
    member: undefined,
    joined(partitions, kept, member) {
      events.member = member
      events.joins.push({ partitions, kept })
      for (const partition of partitions) for (const topic of topics) member.resume(topic, partition)
    },
    rebalancing() {
      events.rebalances++
    },
    async records(topic: string, partition: number, records: LogRecords) {
      for (const { offset, value } of records.take(records.left))
        events.seen.push({ topic, partition, offset, value: String(value) })
    },
    crashed(error, willRetry) {
      events.crashes.push({ error, willRetry })
    },
    ...changes,
  }
  return events
}

/** Resolves once `holds`; rejects with what it was waiting for after `ms`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  for (const since = Date.now(); !(await holds()); ) {
    if (Date.now() - since > ms) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Everything that a read-committed reader sees of a partition. */
export async function all(kafka: KafkaClient, topic: string, partition = 0): Promise<string[]> {
  const values: string[] = []
  await kafka.readAll(topic, partition, (records) => values.push(...records.map(({ value }) => String(value))))
  return values
}

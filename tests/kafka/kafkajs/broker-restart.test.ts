import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broker } from '../../../src/broker/broker.ts'
import { openBroker } from '../../../src/broker/open-broker.ts'
import type { KafkaClient, PartitionWriter } from '../../../src/kafka/port.ts'
import { type KafkaSettings, open, until, wardSettings, witness } from '../broker.ts'

describe('a broker that dies and comes back', () => {
  let broker: Broker
  let settings: KafkaSettings
  let kafka: KafkaClient

  beforeAll(async () => {
    broker = await openBroker({ own: true, say: () => {} })
    settings = wardSettings({ brokers: [...broker.brokers], sessionTimeoutMs: 60_000 })
    kafka = await open(settings)
  }, 60_000)
  afterAll(async () => {
    await kafka?.close()
    await broker?.stop()
  })

  it('in the middle of commits loses and doubles nothing of what a fence and a reading restore', async () => {
    const topic = `${settings.topicPrefix}.alerts`
    /** Fence, and read what is the next number: what any owner does after a failed commit. */
    const restored = async (): Promise<[PartitionWriter, number]> => {
      for (;;) {
        try {
          const writer = await kafka.fence(0)
          let next = 0
          await kafka.readAll(topic, 0, (records) => {
            next = Number(records.at(-1)!.value) + 1
          })
          return [writer, next]
        } catch (error) {
          expect(error).toMatchObject({ retriable: true })
        }
      }
    }
    let stop = false
    let failed = 0
    let next = 0
    const committing = (async () => {
      let writer: PartitionWriter
      ;[writer, next] = await restored()
      while (!stop) {
        try {
          const positions = [{ topic: `${settings.topicPrefix}.readings`, partition: 0, offset: next }]
          await writer.commit([{ topic, partition: 0, key: 'p', value: String(next) }], positions)
          next++
        } catch {
          failed++
          await writer.close()
          ;[writer, next] = await restored()
        }
      }
      await writer.close()
    })()
    await until('some commits', () => next > 10)
    for (const end of [() => broker.kill().then(() => broker.start()), () => broker.restart()]) {
      const before = next
      await end()
      await until('commits go on', () => next > before + 10, 30_000)
    }
    stop = true
    await committing
    await (await kafka.fence(0)).close()
    const values: number[] = []
    await kafka.readAll(topic, 0, (records) => values.push(...records.map(({ value }) => Number(value))))
    expect(values).toEqual(Array.from({ length: next }, (_, at) => at))
    expect(failed).toBeGreaterThan(0)
  }, 90_000)

  it('has its member back under its name, without the wait for a session to end', async () => {
    const readings = `${settings.topicPrefix}.readings`
    const events = witness([readings])
    const member = await kafka.join({ topics: [readings] }, events)
    await broker.kill()
    await until('the loss is told', () => events.crashes.length > 0)
    await broker.start()
    // Under another name it would wait for 60 s.
    await until('the next generation', () => events.joins.length > 1, 40_000)
    expect(events.joins.at(-1)).toEqual({ partitions: [0, 1, 2, 3], kept: [] })
    expect(events.crashes).toMatchObject([{ error: { code: 'kafka-unreachable', retriable: true }, willRetry: true }])
    const writer = await kafka.writer()
    await writer.send([{ topic: readings, partition: 2, key: 'p', value: 'after' }])
    await until('a reading', () => events.seen.length === 1)
    await writer.close()
    await member.leave()
  }, 90_000)
})

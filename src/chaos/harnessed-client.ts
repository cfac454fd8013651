import { randomUUID } from 'node:crypto'
import { VigilError } from '../errors.ts'
import { openKafka } from '../kafka/kafkajs/client.ts'
import type { GroupEvents, GroupMember, KafkaClient, NewRecord, PartitionWriter } from '../kafka/port.ts'
import { topicName } from '../kafka/topics.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../vitals/settings.ts'
import { type Obedient, tell } from './obedient.ts'
import type { Mutant } from './orders.ts'

/** The first byte of keys in the changelog that are no patient's. */
const OWN = 0xff

const ofPatient = ({ key }: NewRecord) => key !== null && (typeof key === 'string' || key[0] !== OWN)

/**
 * A real client that tells the harness what it does, passes the steps at which it may have to end, and has the fault of a
 * mutant if one is asked for.
 */
export async function harnessedClient(
  settings: Settings['kafka'],
  log: Log,
  obedient: Obedient,
  mutant: Mutant | undefined,
): Promise<KafkaClient> {
  const client = await openKafka(settings, log, obedient.at)
  const topics = {
    readings: topicName(settings.topicPrefix, 'readings'),
    state: topicName(settings.topicPrefix, 'state'),
    alerts: topicName(settings.topicPrefix, 'alerts'),
    journal: topicName(settings.topicPrefix, 'journal'),
  }
  const swaps = ({ topic, value }: NewRecord) => topic === topics.journal && String(value).includes('"entry":"seen-by"')
  /** partition -> when its fencing began, ms */
  const began = new Map<number, number>()

  function harnessed(writer: PartitionWriter, partition: number): PartitionWriter {
    return {
      async commit(records, positions) {
        const alerting = records.some(({ topic }) => topic === topics.alerts)
        const outputs = records.some(({ topic }) => topic !== topics.state)
        const kept =
          mutant === 'no-state' && outputs
            ? records.filter((it) => it.topic !== topics.state || !ofPatient(it))
            : records
        obedient.begins(partition, alerting, records.some(swaps))
        try {
          await writer.commit(kept, positions)
        } catch (error) {
          const code = error instanceof VigilError ? error.code : 'internal'
          tell({ kind: 'refused', partition, code })
          obedient.ended(partition, code)
          throw error
        }
        obedient.ended(partition, undefined)
        const next = positions.find(({ topic }) => topic === topics.readings)?.offset
        if (next !== undefined) tell({ kind: 'committed', partition, next })
      },
      close: () => writer.close(),
    }
  }

  /** The member as the ward sees it. */
  function memberOf(member: GroupMember): GroupMember {
    return {
      pause: (topic, partition) => member.pause(topic, partition),
      resume(topic, partition) {
        member.resume(topic, partition)
        const since = began.get(partition)
        if (topic !== topics.readings || since === undefined) return
        began.delete(partition)
        tell({ kind: 'restored', partition, seconds: (performance.now() - since) / 1000 })
      },
      seek(topic, partition, offset) {
        if (mutant !== 'no-seek') member.seek(topic, partition, offset)
      },
      confirmed: () => member.confirmed(),
      pulse: () => member.pulse(),
      end: (topic, partition) => member.end(topic, partition),
      leave: () => member.leave(),
    }
  }

  return {
    ...client,
    async fence(partition) {
      began.set(partition, performance.now())
      if (mutant !== 'no-fence') return harnessed(await client.fence(partition), partition)
      // a transactional id that nobody else has takes nothing away from anybody
      const alone = await openKafka({ ...settings, group: `${settings.group}-${randomUUID()}` }, log, obedient.at)
      const writer = await alone.fence(partition)
      return harnessed({ ...writer, close: () => writer.close().then(() => alone.close()) }, partition)
    },
    async readAll(topic, partition, take, signal) {
      const during = (records: Parameters<typeof take>[0]) => {
        take(records)
        if (topic === topics.state) void obedient.pass('during-restore', partition)
      }
      await client.readAll(topic, partition, during, signal)
    },
    async join(options, events) {
      const harnessed: GroupEvents = {
        joined(partitions, kept, member) {
          tell({ kind: 'generation', partitions })
          events.joined(partitions, kept, memberOf(member))
        },
        rebalancing: () => events.rebalancing(),
        records: (topic, partition, records) => events.records(topic, partition, records),
        crashed(error, willRetry) {
          tell({ kind: 'generation', partitions: [] })
          events.crashed(error, willRetry)
        },
      }
      return memberOf(await client.join(options, harnessed))
    },
  }
}

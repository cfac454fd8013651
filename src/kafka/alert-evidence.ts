import { VigilError } from '../errors.ts'
import type { Input } from '../stream/ports.ts'
import { decodeState, type Layout, layoutOf } from '../stream/state-record.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import { readAlert } from './alert-record.ts'
import { Changelog } from './changelog.ts'
import { type Evidence, readEvidence } from './evidence-record.ts'
import { isRejection } from './json-value.ts'
import type { KafkaClient, LogRecord } from './port.ts'
import { entriesAfter, placedEntries } from './range.ts'
import type { DecodedRecord } from './record-decoder.ts'
import { topicName } from './topics.ts'

export interface TopicsOfAlerts {
  readonly client: Pick<KafkaClient, 'partitions' | 'readAll' | 'readRange' | 'bounds'>
  readonly prefix: string
}

/** What Kafka keeps of one alert. */
export interface KeptAlert extends Evidence {
  /** every message of it, by sequence */
  readonly stored: readonly AlertBody[]
  /** offset of the reading behind the newest of them */
  readonly toOffset: number
  /** layouts that state records of the partition were written by, by id */
  readonly layouts: ReadonlyMap<string, Layout>
  /** offset of the newest reading that the state knows */
  readonly lastOffset: number
}

const missing = (why: string, topic: string) => new VigilError('data-missing', why, { place: topic })

/**
 * An alert with the state of its patient from before its first frame.
 * @param id as many of the first characters of its alertId as tell it apart
 * @throws VigilError data-missing where Kafka keeps nothing of it (any more); usage where several alerts begin so;
 *   state-unreadable; kafka-*
 */
export async function keptAlert({ client, prefix }: TopicsOfAlerts, id: string): Promise<KeptAlert> {
  const topic = topicName(prefix, 'alerts.evidence')
  const found = new Map<string, Evidence>()
  for (let partition = 0; partition < client.partitions; partition++)
    await client.readAll(topic, partition, (records) => {
      for (const record of records) {
        const evidence = readEvidence(record)
        if (!isRejection(evidence) && evidence.head.alertId.startsWith(id)) found.set(evidence.head.alertId, evidence)
      }
    })
  if (found.size > 1) throw new VigilError('usage', `${found.size} alerts begin with ${id}: give more of it`)
  const [evidence] = found.values()
  if (evidence === undefined) throw missing('there is no evidence of an alert of this id: it never was, or retention took it', topic) // biome-ignore format: one sentence
  const { partition, alertId } = evidence.head
  const messages = new Map<number, { readonly body: AlertBody; readonly toOffset: number }>()
  for (const role of ['alerts', 'alerts.test'] as const)
    await client.readAll(topicName(prefix, role), partition, (records) => {
      for (const record of records) {
        const alert = readAlert(record)
        if (isRejection(alert) || alert.body.alertId !== alertId) continue
        messages.set(alert.body.seq, { body: alert.body, toOffset: alert.trace.toOffset })
      }
    })
  if (messages.size === 0) throw missing('the messages of the alert are gone (retention)', topicName(prefix, 'alerts'))
  const changelog = new Changelog()
  await client.readAll(topicName(prefix, 'state'), partition, (records) => changelog.take(records))
  const { layouts } = changelog
  const of = layouts.get(layoutOf(evidence.state))
  if (of === undefined) throw new VigilError('state-unreadable', 'the changelog no longer says how the evidence was written', { place: topic }) // biome-ignore format: one sentence
  const { lastOffset } = decodeState(evidence.state, of).facts as { readonly lastOffset: number }
  return {
    ...evidence,
    stored: [...messages.values()].map(({ body }) => body).sort((a, b) => a.seq - b.seq),
    toOffset: Math.max(...[...messages.values()].map((it) => it.toOffset)),
    layouts,
    lastOffset,
  }
}

/** What the ward took of one patient after a state was saved. */
export interface Since {
  /**
   * entries that follow the newest reading that the state knows: it may know them, too, for offsets do not tell. Only what
   * comes of both shows it
   */
  readonly doubtful: readonly JournalEntry[]
  readonly inputs: readonly Input[]
}

/** @throws VigilError data-missing where retention took some of the readings; kafka-* */
export async function inputsSince(
  { client, prefix }: TopicsOfAlerts,
  { head: { patientKey, partition }, lastOffset, toOffset }: KeptAlert,
  decode: (record: LogRecord) => DecodedRecord,
): Promise<Since> {
  const readings = topicName(prefix, 'readings')
  const { first } = await client.bounds(readings, partition)
  const from = lastOffset + 1
  // before its first reading a patient has missed nothing
  if (lastOffset >= 0 && from < first)
    throw missing(`readings between the evidence and the alert are gone (retention): ${from} to ${first - 1}`, readings)
  const own = await placedEntries({ client, readings, journal: topicName(prefix, 'journal') }, partition, (entry) => entry.patientKey === patientKey && entry.afterOffset >= lastOffset && entry.afterOffset <= toOffset) // biome-ignore format: one condition
  const doubtful = own.filter(({ afterOffset }) => afterOffset === lastOffset && lastOffset >= 0)
  const before = entriesAfter(own.slice(doubtful.length))
  const inputs: Input[] = []
  const taken = async (records: readonly LogRecord[]) => {
    for (const record of records) {
      if (record.key?.toString() !== patientKey) continue
      inputs.push(...before(record.offset))
      const { reading } = decode(record)
      if (reading !== undefined) inputs.push(reading)
    }
  }
  await client.readRange(readings, partition, { from, to: toOffset + 1 }, taken)
  inputs.push(...before(Number.POSITIVE_INFINITY))
  return { doubtful, inputs }
}

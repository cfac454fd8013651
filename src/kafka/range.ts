import type { Input } from '../stream/ports.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import { readJournalEntry } from './journal-record.ts'
import { isRejection } from './json-value.ts'
import type { KafkaClient, LogRecord } from './port.ts'
import type { DecodedRecord } from './record-decoder.ts'

/** A range of the readings topic. */
export interface RangeOptions {
  readonly client: Pick<KafkaClient, 'partitions' | 'offsetAt' | 'readRange' | 'bounds'>
  /** names of the topics */
  readonly readings: string
  readonly journal: string
  /** event time, ms since 1970: [from, to) */
  readonly from: number
  readonly to: number
  readonly decode: (record: LogRecord) => DecodedRecord
  readonly signal?: AbortSignal
}

/** A record is written so long before its event at most: a monitor's clock is ahead. */
const SLACK_MS = 3_600_000

/**
 * What arrived in a range of event time, one partition after the other, in the order in which the ward took it: readings,
 * what could not be read, and the journal's entries after the readings that they were applied after. A record without a
 * key is passed over: it stands there again under the patient's.
 * @param take the next fetch is made once it resolves
 * @throws VigilError kafka-*
 */
export async function readKafkaRange(
  options: RangeOptions,
  take: (inputs: readonly Input[]) => Promise<void> | void,
): Promise<void> {
  const { client, readings, from, to, decode, signal } = options
  for (let partition = 0; partition < client.partitions; partition++) {
    // to the end: a record may be written long after its event, by a gateway that was cut off or by a replay
    const range = {
      from: await client.offsetAt(readings, partition, from - SLACK_MS),
      to: (await client.bounds(readings, partition)).next,
    }
    const before = entriesAfter(await placedEntries(options, partition, ({ at }) => at >= from && at < to))
    const taken = async (records: readonly LogRecord[]) => {
      const inputs: Input[] = []
      for (const record of records) {
        inputs.push(...before(record.offset))
        const { reading, rejections, keyless } = decode(record)
        if (keyless) continue
        inputs.push(...rejections)
        if (reading !== undefined && reading.time >= from && reading.time < to) inputs.push(reading)
      }
      await take(inputs)
    }
    await client.readRange(readings, partition, range, taken, signal)
    await take(before(Number.POSITIVE_INFINITY))
  }
}

/** Of entries in the order of the offsets they follow: at each call those that come before the reading of an offset. */
export function entriesAfter(entries: readonly JournalEntry[]): (offset: number) => readonly JournalEntry[] {
  let next = 0
  return (offset) => {
    const first = next
    while (next < entries.length && entries[next]!.afterOffset < offset) next++
    return entries.slice(first, next)
  }
}

/** Entries that count in a partition of the readings, as far as they are wanted, in the order of the offsets they follow. */
export async function placedEntries(
  {
    client,
    readings,
    journal,
    signal,
  }: Pick<RangeOptions, 'readings' | 'journal' | 'signal'> & {
    readonly client: Pick<KafkaClient, 'bounds' | 'readRange'>
  },
  partition: number,
  wanted: (entry: JournalEntry) => boolean,
): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = []
  const { first, next } = await client.bounds(journal, partition)
  const taken = async (records: readonly LogRecord[]) => {
    for (const record of records) {
      const placed = readJournalEntry(record)
      // another build's entry, or one of a partition that has another number now
      if (isRejection(placed) || placed.topic !== readings || placed.partition !== partition) continue
      if (wanted(placed.entry)) entries.push(placed.entry)
    }
  }
  await client.readRange(journal, partition, { from: first, to: next }, taken, signal)
  // stable: entries after one reading keep the order in which they were applied
  return entries.sort((a, b) => a.afterOffset - b.afterOffset)
}

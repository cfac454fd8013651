import { JournalEntry } from '../vitals/journal.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { headerNumber, headerText } from './header.ts'
import { contractOf, isRejection } from './json-value.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { isKeyOf } from './record-key.ts'

/** A journal entry, and where the offset it follows counts. */
export interface PlacedEntry {
  readonly entry: JournalEntry
  /** the readings topic */
  readonly topic: string
  readonly partition: number
}

const TOPIC = 'vigil.topic'
const PARTITION = 'vigil.partition'
const AFTER = 'vigil.after-offset'

/** A journal entry: the value is that of `journal-entry.schema.json`, the key the patient's. */
export function journalRecord(prefix: string, { entry, topic, partition }: PlacedEntry): NewRecord {
  return {
    topic: `${prefix}.journal`,
    partition,
    key: entry.patientKey,
    value: JSON.stringify(entry),
    headers: { [TOPIC]: topic, [PARTITION]: String(partition), [AFTER]: String(entry.afterOffset) },
  }
}

/** A journal entry read back, or why it is none. */
export function readJournalEntry(record: LogRecord): PlacedEntry | Rejection {
  const entry = contractOf(record.value, JournalEntry)
  if (isRejection(entry)) return entry
  if (record.key === null || !isKeyOf(record.key, entry.patientKey))
    return reject('key-mismatch', "the record's key is not that of the patient in it")
  const topic = headerText(record, TOPIC)
  const partition = headerNumber(record, PARTITION)
  if (topic === undefined || !(partition >= 0)) return reject('bad-record', 'it does not say where its offset counts')
  if (headerNumber(record, AFTER) !== entry.afterOffset)
    return reject('bad-record', 'header and value name different offsets', AFTER)
  return { entry, topic, partition }
}

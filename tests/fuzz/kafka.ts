import { readFileSync } from 'node:fs'
import { VigilError } from '../../src/errors.ts'
import { decodeAcknowledgement, decodeEncounter } from '../../src/ingest/decode-control.ts'
import { alertRecord, readAlert } from '../../src/kafka/alert-record.ts'
import { Changelog, checkpointRecord, layoutRecord, successionsRecord } from '../../src/kafka/changelog.ts'
import { READING_EVENT } from '../../src/kafka/cloud-event.ts'
import { controlDecoder } from '../../src/kafka/control-record.ts'
import { deadLetter, readDeadLetter } from '../../src/kafka/dead-letter.ts'
import { evidenceRecord, readEvidence } from '../../src/kafka/evidence-record.ts'
import { readHeartbeat } from '../../src/kafka/heartbeat-record.ts'
import { journalRecord, readJournalEntry } from '../../src/kafka/journal-record.ts'
import { registerCodecs } from '../../src/kafka/kafkajs/codecs.ts'
import { codecOf } from '../../src/kafka/kafkajs/library.ts'
import { batchesOf, recordsOf } from '../../src/kafka/kafkajs/record-batches.ts'
import { modelOrderRecord, readModelOrder } from '../../src/kafka/model-order-record.ts'
import type { LogRecord, NewRecord } from '../../src/kafka/port.ts'
import { recordDecoder } from '../../src/kafka/record-decoder.ts'
import { layout } from '../../src/stream/state-record.ts'
import { alertOf, PATIENTS, table } from '../dashboard/testward.ts'
import { read } from '../kafka/records.ts'
import type { Target } from './fuzz.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const alert = alertOf(PATIENTS[0]!, { id: 1 })
if (alert.kind !== 'alert') throw new Error('no alert')
const LAYOUT = layout(['hr.last', 'spo2.last'], [{ model: 'bedside@1.0.0', floats: 32 }])
const plain = (value: unknown, key = 'p-1'): NewRecord => ({
  topic: 't',
  partition: 0,
  key,
  value: JSON.stringify(value),
})
const reading = { patient: 'p-1', unit: 'ICU', bed: '7', time: T0, complete: true, values: { hr: 72, spo2: { value: 97, status: 'ok', limits: [90, 100] } } } // biome-ignore format: one reading
const event = { specversion: '1.0', id: '1', source: '/w', type: READING_EVENT, datacontenttype: 'application/json', data: reading } // biome-ignore format: one event

/** A record with its headers as bytes, so that edits reach all of it: `name\0value\0name\0value\0\0key\0\0value`. */
const RECORDS: NewRecord[] = [
  plain(reading),
  { ...plain(event), headers: { 'content-type': 'application/cloudevents+json' } },
  { ...plain(reading), headers: { ce_specversion: '1.0', ce_id: '1', ce_source: 'x', ce_type: READING_EVENT } },
  plain({ patientKey: 'p-1', action: 'admit', encounter: 'e-1', unit: 'ICU', bed: '7', at: T0 }),
  plain({ patientKey: 'p-1', action: 'ack', alertId: 'a'.repeat(32), by: 'nurse-3', at: T0 }),
  alertRecord('vitals', 0, alert.envelope),
  evidenceRecord('vitals', {
    head: {
      alertId: 'a'.repeat(32),
      eventId: 'b'.repeat(32),
      patientKey: 'p-1',
      topic: 't',
      partition: 0,
      fromOffset: 3,
    },
    state: Buffer.alloc(600, 7),
  }),
  journalRecord('vitals', { entry: { kind: 'journal', entry: 'admit', patientKey: 'p-1', encounter: 'e-1', at: T0, afterOffset: 3 } as never, topic: 'vitals.readings', partition: 0 }), // biome-ignore format: one record
  modelOrderRecord('t', 0, {
    detector: 'bedside',
    action: 'promote',
    model: 'bedside@2.0.0',
    at: T0,
    by: 'test',
  } as never),
  deadLetter('vitals.readings.dlq', { topic: 't', partition: 0, offset: 3 }, [{ kind: 'rejection', reason: 'not-json', detail: 'x' } as never], read(plain('{'))), // biome-ignore format: one record
  checkpointRecord('s', 0, { snapshotOffset: 4, next: { 'vitals.readings': 7 } }),
  layoutRecord('s', 0, LAYOUT),
  successionsRecord('s', 0, new Map([['bedside', { champion: 'bedside@1.0.0' } as never]])),
]

const NONE = '\0\0'
function packed({ key, value, headers = {} }: NewRecord): Buffer {
  const bytes = (it: string | Buffer) => Buffer.from(it as string)
  const head = Object.entries(headers).flatMap(([name, it]) => [bytes(name), bytes(it)])
  const parts = [...head.flatMap((it, i) => (i === 0 ? [it] : [bytes('\0'), it])), NONE, key ?? '', NONE, value ?? '']
  return Buffer.concat(parts.map((it) => Buffer.from(it as string)))
}

function unpacked(bytes: Buffer): LogRecord {
  const first = bytes.indexOf(NONE)
  const second = first < 0 ? -1 : bytes.indexOf(NONE, first + 2)
  const words = first < 0 ? [] : bytes.toString('latin1', 0, first).split('\0')
  // as the readers of records make them: no name of a header is one that an object has
  const headers: Record<string, Buffer> = Object.create(null)
  for (let i = 0; i + 1 < words.length; i += 2) headers[words[i]!] = Buffer.from(words[i + 1]!, 'latin1')
  return {
    offset: 41,
    timestamp: T0,
    key: second < 0 ? null : bytes.subarray(first + 2, second),
    value: second < 0 ? bytes : bytes.subarray(second + 2),
    headers,
  }
}

const decoders: readonly ((record: LogRecord) => unknown)[] = [
  recordDecoder({ table, topic: 't' }),
  controlDecoder('t', decodeEncounter),
  controlDecoder('t', decodeAcknowledgement),
  readAlert,
  readEvidence,
  readHeartbeat,
  readJournalEntry,
  readDeadLetter,
  (record) => readModelOrder('t', record),
]

/** from here on they are records of the changelog, which has a reader of its own */
const CHANGELOG_FROM = RECORDS.length - 3
const SAMPLES = RECORDS.map(packed)
const refused = (it: unknown) => {
  const { kind, rejections = [] } = it as { kind?: string; rejections?: readonly unknown[] }
  return kind === 'rejection' || rejections.length > 0
}

/** Every decoder of a topic: whatever stands in a record, it is read or is a rejection. */
export const kafkaRecords: Target = {
  name: 'kafka-records',
  samples: SAMPLES,
  run(bytes, sample) {
    const record = unpacked(bytes)
    const said = decoders.map((decode) => decode(record))
    if (said.includes(undefined)) throw new Error('neither read nor refused')
    const good = sample < CHANGELOG_FROM && bytes.equals(SAMPLES[sample]!)
    if (good && said.every(refused)) throw new Error(`good record ${sample} is not read: ${JSON.stringify(said)}`)
    try {
      new Changelog().take([record])
    } catch (error) {
      if (!(error instanceof VigilError)) throw error
    }
  },
}

registerCodecs()
const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

/** What a broker hands over: batches, packed or not, damaged. */
export const kafkaBatches: Target = {
  name: 'kafka-batches',
  samples: Object.keys(CODECS).map((name) =>
    readFileSync(new URL(`../fixtures/kafka/java-${name}.bin`, import.meta.url)),
  ),
  async run(bytes, sample) {
    const codec = codecOf(Object.values(CODECS)[sample]!) as unknown as { decompress(data: Buffer): Promise<Buffer> }
    try {
      for (const batch of batchesOf(bytes)) {
        const body = batch.codec === 0 ? batch.body : await codec.decompress(batch.body)
        recordsOf(batch, body)
      }
    } catch (error) {
      // a broker's bytes that do not fit are an error of any kind, but none of our own making
      if (!(error instanceof Error) || error instanceof TypeError) throw error
    }
  },
}

import { QuickReader } from '../ingest/decode-quick.ts'
import { type Decoded, decodeMessage, decodeReading } from '../ingest/decode-reading.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Reading } from '../vitals/reading.ts'
import { at, type Rejection, reject } from '../vitals/rejection.ts'
import { formOf, READING_EVENT, wrongEvent } from './cloud-event.ts'
import { isRejection, MAX_RECORD, valueText } from './json-value.ts'
import { lying } from './lying-record.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { isKeyOf } from './record-key.ts'

/** What one record of the readings topic holds. */
export interface DecodedRecord {
  /** of a keyless record too: its `patientKey` is the key that the record lacks */
  readonly reading: Reading | undefined
  /**
   * What was wrong, of the whole or of single channels beside a reading that is scored all the same. Of a keyless record
   * with a reading there are none: they are told where it is read again, under its key.
   */
  readonly rejections: readonly Rejection[]
  /** the record has no key: it is to be written again under the patient's, and not to be scored here */
  readonly keyless: boolean
}

export interface RecordOptions {
  readonly table: ChannelTable
  /** the readings topic: what rejections name as their source */
  readonly topic: string
  /** types of CloudEvents that hold a reading */
  readonly eventTypes?: readonly string[]
}

const NONE: readonly Rejection[] = []
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function nothing(...rejections: Rejection[]): Decoded {
  return { reading: undefined, entry: undefined, rejections }
}

/** Rejections of what stands inside an envelope, with their path from its root. */
function inside(field: string, decoded: Decoded): Decoded {
  if (decoded.rejections.length === 0) return decoded
  const rejections = decoded.rejections.map((it) => ({
    ...it,
    path: it.path === undefined ? field : `${field}.${it.path}`,
  }))
  return { ...decoded, rejections }
}

/** A value in CloudEvents' structured mode: the envelope, and the reading in its `data` or `data_base64`. */
function decodeEnvelope(text: string, table: ChannelTable, types: ReadonlySet<string>): Decoded {
  let envelope: unknown
  try {
    envelope = JSON.parse(text)
  } catch {
    // the plain decoder says where and why
    return decodeReading(text, table)
  }
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope))
    return nothing(reject('not-an-object', 'an event is a JSON object'))
  const fields = envelope as Readonly<Record<string, unknown>>
  const attribute = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
  const wrong = wrongEvent(attribute, '', types)
  if (wrong !== undefined) return nothing(wrong)
  const data = attribute('data')
  const base64 = attribute('data_base64')
  if (data !== undefined && base64 !== undefined)
    return nothing(reject('bad-event', '"data" and "data_base64" exclude each other', 'data_base64'))
  if (data !== undefined) return inside('data', decodeMessage(data, table))
  if (base64 === undefined) return nothing(reject('bad-event', '"data" is missing', 'data'))
  if (typeof base64 !== 'string' || !BASE64.test(base64))
    return nothing(reject('bad-event', '"data_base64" is not Base64', 'data_base64'))
  const inner = valueText(Buffer.from(base64, 'base64'))
  return inside('data_base64', typeof inner === 'string' ? decodeReading(inner, table) : nothing(inner))
}

/**
 * The decoder of a readings topic. It never throws. A record is a reading as JSON (`WireReading`), plain or as a
 * CloudEvent 1.0, binary or structured; its key is the key of the patient in it. A key of somebody else refuses the
 * record: had it stood in that one's partition, two patients' readings could mix.
 */
export function recordDecoder(options: RecordOptions): (record: LogRecord) => DecodedRecord {
  const { table, topic } = options
  const types: ReadonlySet<string> = new Set(options.eventTypes ?? [READING_EVENT])
  const quick = new QuickReader(table)

  function refused(rejections: readonly Rejection[]): DecodedRecord {
    return { reading: undefined, rejections: rejections.map((it) => at(it, topic)), keyless: false }
  }

  /** What nearly all records are: a plain message under its patient's key. */
  function plain(record: LogRecord): Reading | undefined {
    const { bytes, keyFrom, keyTo, valueFrom, valueTo } = lying(record)
    const length = valueTo - valueFrom
    if (keyTo <= keyFrom || length < 0 || length > MAX_RECORD || formOf(record.headers, types) !== 'plain')
      return undefined
    const reading = quick.read(bytes, valueFrom, valueTo)
    return reading !== undefined && isKeyOf(bytes, reading.patientKey, keyFrom, keyTo) ? reading : undefined
  }

  return (record) => {
    const known = plain(record)
    if (known !== undefined) return { reading: known, rejections: NONE, keyless: false }
    const { key, value, headers } = record
    const keyless = key === null || key.length === 0
    const text = valueText(value)
    if (isRejection(text)) return refused([text])
    const form = formOf(headers, types)
    if (isRejection(form)) return refused([form])
    const { reading, entry, rejections } =
      form === 'plain' ? decodeReading(text, table) : decodeEnvelope(text, table, types)
    if (entry !== undefined) return refused([reject('unknown-field', 'a reading has no field "kind"')])
    if (reading === undefined) return refused(rejections)
    if (!isKeyOf(keyless ? Buffer.from(reading.patientKey) : key, reading.patientKey))
      return refused([reject('key-mismatch', "the record's key is not that of the patient in it")])
    if (keyless || rejections.length === 0) return { reading, rejections: NONE, keyless }
    return { reading, rejections: rejections.map((it) => at(it, topic)), keyless }
  }
}

/** Where a keyless record stood, in the header of the one that is written in its place. */
export const REKEYED = 'vigil.rekeyed-from'

/**
 * A keyless record as it is written again, under its patient's key.
 * @param from the partition it was read from
 * @param partition of `patientKey`, by the partitioner that producers use
 */
export function rekeyed(
  record: LogRecord,
  patientKey: string,
  topic: string,
  from: number,
  partition: number,
): NewRecord {
  const headers: Record<string, string | Buffer> = { [REKEYED]: `${from}/${record.offset}` }
  for (const name in record.headers) {
    const it = record.headers[name]
    if (it !== undefined) headers[name] = it
  }
  return { topic, partition, key: patientKey, value: record.value, headers }
}

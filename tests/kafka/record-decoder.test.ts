import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { REKEYED, recordDecoder, rekeyed } from '../../src/kafka/record-decoder.ts'
import { isKeyOf } from '../../src/kafka/record-key.ts'
import { named, table } from '../ingest/collect.ts'
import { read } from './records.ts'

const TOPIC = 'vitals.readings'
const NOW = Date.UTC(2026, 0, 1)
const decode = recordDecoder({ table, topic: TOPIC })
const message = (over: object = {}) => ({ patient: 'p-1', time: NOW, values: { hr: 72, spo2: 97 }, ...over })

/** a record with this value; its key is the patient's unless told otherwise */
function record(value: unknown, key: string | Buffer | null = 'p-1', headers: Record<string, string> = {}): LogRecord {
  const text = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)
  return read({ topic: TOPIC, partition: 0, key, value: text, headers }, 41)
}
const reasons = (it: LogRecord) => decode(it).rejections.map(({ reason }) => reason)

test('any bytes as key, value and headers: no exception, and a reading or a rejection', () => {
  const bytes = fc.option(
    fc.uint8Array({ maxLength: 80 }).map((it) => Buffer.from(it)),
    { nil: null },
  )
  const text = fc.oneof(fc.json(), fc.string({ unit: 'binary' })).map((it) => Buffer.from(it))
  const header = fc.constantFrom('content-type', 'ce_type', 'ce_id', 'ce_specversion', 'ce_source', 'CE_', 'x')
  const mark = fc.oneof(
    bytes.map((it) => it ?? undefined),
    fc.constantFrom('1.0', 'application/cloudevents+json').map((it) => Buffer.from(it)),
  )
  fc.assert(
    fc.property(bytes, fc.oneof(bytes, text), fc.dictionary(header, mark), (key, value, headers) => {
      const { reading, rejections } = decode({ offset: 0, timestamp: 0, key, value, headers })
      expect((reading === undefined) === (rejections.length === 0)).toBe(false)
    }),
    { numRuns: 1_000 },
  )
})

test('a plain record is the line it holds', () => {
  const value = fc.oneof(
    fc.double(),
    fc.constant(null),
    fc.record({ value: fc.double(), status: fc.constantFrom('ok', 'off', 'x') }),
  )
  const values = fc.dictionary(fc.constantFrom('hr', 'spo2', 'temp', 'x'), value)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), values, (patient, it) => {
      const text = JSON.stringify(message({ patient, values: it }))
      const line = decodeReading(text, table)
      const { reading, rejections } = decode(record(text, patient))
      expect(reading).toEqual(line.reading)
      expect(rejections).toEqual(line.rejections.map((one) => ({ ...one, source: TOPIC })))
    }),
  )
})

describe('the key', () => {
  test('is the bytes of the text, and of no other text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\ufffd', '', 'ü', '🛏'))
    const key = fc.oneof(
      text.map((it) => Buffer.from(it)),
      fc.uint8Array({ maxLength: 4 }).map((it) => Buffer.from(it)),
    )
    fc.assert(
      fc.property(key, text, (bytes, it) => {
        const whole = !/\p{Surrogate}/u.test(it)
        expect(isKeyOf(bytes, it)).toBe(whole && Buffer.from(it).equals(bytes))
        expect(isKeyOf(Buffer.from(it), it)).toBe(whole)
      }),
      { numRuns: 1_000 },
    )
  })

  test("of another patient refuses the record: nobody's readings reach another's bed", () => {
    expect(decode(record(message(), 'p-2'))).toMatchObject({
      reading: undefined,
      rejections: [{ reason: 'key-mismatch' }],
    })
    expect(reasons(record(message({ patient: undefined, unit: 'ICU', bed: '7' }), 'p-1'))).toEqual(['key-mismatch'])
    expect(reasons(record(message({ patient: undefined, unit: 'ICU', bed: '7' }), 'bed:ICU/7'))).toEqual([])
    expect(reasons(record(message({ patient: undefined, bed: '7' }), 'bed:/7'))).toEqual([])
  })

  test.each([
    ['none', null],
    ['an empty one', ''],
  ])('%s: the reading names the patient, and is scored once it is written again', (_, key) => {
    const headers = { 'content-type': 'application/json', traceparent: '00-ab-cd-01' }
    const keyless = record(message({ values: { hr: 72, resp: 'x' } }), key, headers)
    const first = decode(keyless)
    expect(first).toMatchObject({ keyless: true, reading: { patientKey: 'p-1' }, rejections: [] })
    const again = rekeyed(keyless, first.reading!.patientKey, TOPIC, 2, 3)
    expect(again).toMatchObject({ topic: TOPIC, partition: 3, key: 'p-1', value: keyless.value })
    expect(again.headers).toMatchObject({ [REKEYED]: '2/41' })
    const second = decode(read(again))
    expect(second).toMatchObject({ keyless: false, rejections: [{ reason: 'not-a-number', path: 'values.resp' }] })
    expect(second.reading).toEqual(first.reading)
  })

  test('none, and nothing that can be read: it is refused where it stands', () => {
    expect(decode(record('{', null))).toMatchObject({
      reading: undefined,
      keyless: false,
      rejections: [{ reason: 'not-json' }],
    })
  })
})

describe('CloudEvents', () => {
  const attributes = { specversion: '1.0', id: '1', source: '/ward/3', type: 'vigil.reading' }
  const structured = (envelope: object) =>
    record({ ...attributes, ...envelope }, 'p-1', { 'content-type': 'application/CloudEvents+json; charset=utf-8' })

  test('a rejection inside an envelope has its path from the root', () => {
    const { reading, rejections } = decode(structured({ data: message({ values: { hr: 72, resp: { value: 'x' } } }) }))
    expect(rejections).toMatchObject([{ reason: 'not-a-number', path: 'data.values.resp.value' }])
    expect(named(reading!)).toEqual({ hr: 72 })
    const base64 = Buffer.from(JSON.stringify(message({ time: null }))).toString('base64')
    expect(decode(structured({ data_base64: base64 })).rejections).toMatchObject([{ path: 'data_base64.time' }])
  })

  test('a site names the types of its own events', () => {
    const own = recordDecoder({ table, topic: TOPIC, eventTypes: ['org.ward.vitals'] })
    const headers = { ce_specversion: '1.0', ce_id: '1', ce_source: 'x', ce_type: 'org.ward.vitals' }
    expect(own(record(message(), 'p-1', headers)).reading).toBeDefined()
    expect(decode(record(message(), 'p-1', headers)).rejections).toMatchObject([
      { reason: 'unknown-event-type', path: 'ce_type' },
    ])
  })
})

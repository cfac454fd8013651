import { CloudEvent, Kafka } from 'cloudevents'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alertRecord } from '../../src/kafka/alert-record.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { recordDecoder } from '../../src/kafka/record-decoder.ts'
import { named, table } from '../ingest/collect.ts'
import { envelope } from './made.ts'
import { read } from './records.ts'

const NOW = Date.UTC(2026, 0, 1)
const TYPES = ['vigil.reading', 'x', '1.0', '0.3']
const decode = recordDecoder({ table, topic: 'vitals.readings', eventTypes: TYPES })
const reading = { patient: 'p-1', time: NOW, values: { hr: 72 } }
const attributes = { id: '1', source: '/ward/3', type: 'vigil.reading', time: '2026-01-01T00:00:00Z' }

type Message = ReturnType<typeof Kafka.binary>

/** What the library would have a client send, as it is read. */
function sent({ headers, value }: Message): LogRecord {
  const texts = Object.fromEntries(
    Object.entries(headers).flatMap(([name, it]) => (it === undefined ? [] : [[name, String(it)]])),
  )
  return read({
    topic: '',
    partition: 0,
    key: 'p-1',
    value: typeof value === 'string' ? value : JSON.stringify(value),
    headers: texts,
  })
}

/** Whether the library takes it for a valid event. */
function isValid(record: LogRecord): boolean {
  const headers = Object.fromEntries(Object.entries(record.headers).map(([name, it]) => [name, String(it)]))
  try {
    const event = Kafka.toEvent({
      headers,
      key: '',
      value: String(record.value),
      body: '',
      timestamp: '',
    } as unknown as Message)
    return (event as CloudEvent<unknown>).validate()
  } catch {
    return false
  }
}

describe("CloudEvents' own library", () => {
  test.each(['binary', 'structured'] as const)('its events in %s mode are read', (mode) => {
    const event = new CloudEvent({
      ...attributes,
      datacontenttype: 'application/json',
      subject: 'p-1',
      ward: '3',
      data: reading,
    })
    const { reading: it, rejections } = decode(sent(Kafka[mode](event)))
    expect(rejections).toEqual([])
    expect(named(it!)).toEqual({ hr: 72 })
  })

  // the library invents an id and a version where there is none; we refuse (tests/kafka/malformed.ts)
  const there = fc.constantFrom(...TYPES)
  const attribute = fc.option(fc.constantFrom('', ...TYPES), { nil: undefined })
  const damaged = fc.record({ specversion: there, id: there, source: attribute, type: attribute })
  const expected = (record: LogRecord, wrong: object) => {
    const { rejections } = decode(record)
    expect(rejections.length === 0, JSON.stringify(wrong)).toBe(isValid(record))
    if (rejections.length > 0) expect(rejections).toMatchObject([{ reason: 'bad-event' }])
  }

  test('and we take the same events in binary mode for valid ones', () => {
    fc.assert(
      fc.property(damaged, (wrong) => {
        const headers: Record<string, string> = { 'content-type': 'application/json' }
        for (const [name, it] of Object.entries(wrong)) if (it !== undefined) headers[`ce_${name}`] = it
        expected(read({ topic: '', partition: 0, key: 'p-1', value: JSON.stringify(reading), headers }), wrong)
      }),
      { numRuns: 300 },
    )
  })

  test('and in structured mode', () => {
    fc.assert(
      fc.property(damaged, (wrong) => {
        const value = JSON.stringify({ ...wrong, time: attributes.time, data: reading })
        const headers = { 'content-type': 'application/cloudevents+json' }
        expected(read({ topic: '', partition: 0, key: 'p-1', value, headers }), wrong)
      }),
      { numRuns: 300 },
    )
  })

  test('reads our alerts as valid events, and never finds a patient in an attribute', () => {
    const it = envelope()
    const { headers = {}, value } = alertRecord('vitals', 0, it)
    const event = Kafka.toEvent({
      headers,
      key: '',
      value,
      body: value,
      timestamp: '',
    } as unknown as Message) as CloudEvent<unknown>
    expect(event.validate()).toBe(true)
    expect(event.data).toEqual(it)
    expect(event).toMatchObject({ id: it.body.eventId, type: 'vigil.alert.start', subject: it.body.alertId })
    expect(JSON.stringify(headers)).not.toContain(it.body.subject.patientKey)
  })
})

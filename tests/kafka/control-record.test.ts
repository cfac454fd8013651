import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeAcknowledgement, decodeEncounter } from '../../src/ingest/decode-control.ts'
import { controlDecoder } from '../../src/kafka/control-record.ts'
import { read } from './records.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const encounters = controlDecoder('vitals.encounters', decodeEncounter)
const acknowledgements = controlDecoder('vitals.alerts.acks', decodeAcknowledgement)
const record = (value: unknown, key: string | null = 'p-1', headers: Record<string, string> = {}) =>
  read({ topic: '', partition: 0, key, value: typeof value === 'string' ? value : JSON.stringify(value), headers })
const admit = { patientKey: 'p-1', action: 'admit', encounter: 'e-1', unit: 'ICU', bed: '7', at: T0 }

test('an encounter and an acknowledgement are read under the key of their patient', () => {
  expect(encounters(record(admit))).toEqual({ kind: 'control', ...admit })
  const ack = {
    patientKey: 'p-1',
    action: 'ack',
    alertId: 'a'.repeat(32),
    by: 'nurse-3',
    at: '2026-01-05T13:00:00+01:00',
  }
  expect(acknowledgements(record(ack, 'p-1', { 'content-type': 'application/json' }))).toEqual({
    kind: 'control',
    ...ack,
    at: T0,
  })
})

test.each([
  ['the key of another', record(admit, 'p-2'), 'key-mismatch'],
  ['no key', record(admit, null), 'key-mismatch'],
  ['an empty key', record(admit, ''), 'key-mismatch'],
  [
    'the key of the record that goes on',
    record({ ...admit, encounter: undefined, unit: undefined, bed: undefined, action: 'merge', into: 'p-2' }, 'p-2'),
    'key-mismatch',
  ],
  ['nothing', { ...record(admit), value: null }, 'no-value'],
  ['no JSON', record('{'), 'not-json'],
  ['an acknowledgement', record({ ...admit, action: 'ack' }), 'bad-control'],
  [
    'an event',
    record(admit, 'p-1', { ce_specversion: '1.0', ce_id: '1', ce_source: 'x', ce_type: 'vigil.reading' }),
    'unknown-event-type',
  ],
  ['an envelope', record(admit, 'p-1', { 'content-type': 'application/cloudevents+json' }), 'unknown-content-type'],
] as const)('%s is refused, with its topic', (_, wrong, reason) => {
  expect(encounters(wrong)).toMatchObject({ kind: 'rejection', reason, source: 'vitals.encounters' })
})

test('no bytes make it throw, and no rejection names a patient', () => {
  const field = fc.constantFrom('patientKey', 'action', 'at', 'bed', 'unit', 'encounter', 'into', 'profile', 'x')
  const value = fc
    .tuple(field, fc.oneof(fc.jsonValue(), fc.constant('CANARY')))
    .map(([name, it]) => JSON.stringify({ ...admit, patientKey: 'CANARY', [name]: it }))
  fc.assert(
    fc.property(
      fc.oneof(value, fc.json(), fc.string({ unit: 'binary' })),
      fc.constantFrom('CANARY', 'p-1', null),
      (text, key) => {
        const control = encounters(record(text, key))
        if (control.kind === 'rejection') expect(JSON.stringify(control)).not.toContain('CANARY')
        else expect(control.patientKey).toBe(key)
      },
    ),
    { numRuns: 500 },
  )
})

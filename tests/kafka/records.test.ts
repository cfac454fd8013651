import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ROOT } from '../../scripts/setup.js'
import { alertRecord, readAlert } from '../../src/kafka/alert-record.ts'
import { deadLetter, deadLetterId, readDeadLetter } from '../../src/kafka/dead-letter.ts'
import { evidenceRecord, readEvidence } from '../../src/kafka/evidence-record.ts'
import { heartbeatRecord, readHeartbeat } from '../../src/kafka/heartbeat-record.ts'
import { journalRecord, readJournalEntry } from '../../src/kafka/journal-record.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { REJECTION_REASONS, type RejectionReason, reject } from '../../src/vitals/rejection.ts'
import { anyEntry, anyEnvelope, anyHead, anyHeartbeat, envelope } from './made.ts'
import { read } from './records.ts'

/** A contract as it is published, not as the code has it. */
function published(name: string): (value: unknown) => void {
  const file = join(ROOT, 'docs', 'contracts', `${name}.schema.json`)
  const schema = z.fromJSONSchema(JSON.parse(readFileSync(file, 'utf8')))
  return (value) => expect(schema.safeParse(value).error?.issues).toBeUndefined()
}
const json = (record: LogRecord) => JSON.parse(String(record.value))

describe('what is written is read back, and fits what is published', () => {
  test('alerts; what is not live goes into a topic of its own', () => {
    const fits = published('alert-envelope')
    fc.assert(
      fc.property(anyEnvelope, (it) => {
        const record = alertRecord('vitals', 2, it)
        expect(record).toMatchObject({
          topic: it.mode === 'live' ? 'vitals.alerts' : 'vitals.alerts.test',
          partition: 2,
        })
        fits(json(read(record)))
        expect(readAlert(read(record))).toEqual(it)
      }),
      { numRuns: 300 },
    )
  })

  test('journal entries', () => {
    const fits = published('journal-entry')
    fc.assert(
      fc.property(anyEntry, fc.nat(), (entry, partition) => {
        const placed = { entry, topic: 'vitals.readings', partition }
        const record = journalRecord('vitals', placed)
        expect(record).toMatchObject({ topic: 'vitals.journal', partition })
        fits(json(read(record)))
        expect(readJournalEntry(read(record))).toEqual(placed)
      }),
    )
  })

  test('evidence', () => {
    const fits = published('evidence-head')
    fc.assert(
      fc.property(anyHead, fc.uint8Array({ minLength: 1 }), (head, bytes) => {
        const evidence = { head, state: Buffer.from(bytes) }
        const record = evidenceRecord('vitals', evidence)
        expect(record).toMatchObject({ topic: 'vitals.alerts.evidence', partition: head.partition })
        fits(head)
        expect(readEvidence(read(record))).toEqual(evidence)
      }),
    )
  })

  test('heartbeats', () => {
    const fits = published('heartbeat')
    fc.assert(
      fc.property(anyHeartbeat, (it) => {
        const record = heartbeatRecord('vitals', 0, it)
        expect(record).toMatchObject({ topic: 'vitals.status' })
        fits(json(read(record)))
        expect(readHeartbeat(read(record))).toEqual(it)
      }),
    )
  })

  const detail = fc.string({ unit: 'grapheme', maxLength: 60 })
  const rejection = fc
    .record({
      reason: fc.constantFrom(...(Object.keys(REJECTION_REASONS) as RejectionReason[])),
      detail,
      path: fc.option(detail, { nil: undefined }),
      column: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    })
    .map(({ reason, detail: what, path, column }) => ({ ...reject(reason, what, path), column }))

  test('dead letters: the first sixteen places and the number of all', () => {
    const fits = published('dead-letter')
    const place = fc.record({
      topic: fc.constantFrom('vitals.readings', 'x'),
      partition: fc.nat(),
      offset: fc.integer({ min: 0, max: 2 ** 52 }),
    })
    fc.assert(
      fc.property(
        place,
        fc.array(rejection, { minLength: 1, maxLength: 40 }),
        fc.uint8Array(),
        (where, rejections, bytes) => {
          const original = { key: Buffer.from('p'), value: Buffer.from(bytes), headers: {} }
          const record = deadLetter('vitals.readings.dlq', where, rejections, original)
          expect(record).toMatchObject({
            topic: 'vitals.readings.dlq',
            partition: where.partition,
            key: original.key,
            value: original.value,
          })
          const back = readDeadLetter(read(record))
          if (!('letters' in back)) throw new Error(JSON.stringify(back))
          expect([back.id, back.count, back.original]).toEqual([deadLetterId(where), rejections.length, true])
          back.letters.forEach(fits)
          expect(back.letters).toEqual(
            rejections.slice(0, 16).map(({ reason, detail: what, path, column }) => ({
              reason,
              detail: what,
              ...(path === undefined ? {} : { path }),
              ...(column === undefined ? {} : { column }),
              source: where.topic,
              partition: where.partition,
              offset: where.offset,
            })),
          )
        },
      ),
    )
  })
})

test("a dead letter keeps of the record's headers what says how to read it, and nothing that may name a patient", () => {
  const place = { topic: 'vitals.readings', partition: 1, offset: 7 }
  const headers = (type: string) => {
    const original = {
      key: null,
      value: null,
      headers: { 'content-type': Buffer.from(type), ce_subject: Buffer.from('p-1') },
    }
    return deadLetter('dlq', place, [reject('no-value', 'the value is empty')], original).headers
  }
  const own = headers('text/p-1')
  expect(own).toEqual({
    '__streams.errors.exception': 'vigil.Rejection: no-value',
    '__streams.errors.message': 'the value is empty',
    '__streams.errors.topic': 'vitals.readings',
    '__streams.errors.partition': '1',
    '__streams.errors.offset': '7',
    'vigil.id': 'vitals.readings/1/7',
    'vigil.reason': 'no-value',
    'vigil.original': 'kept',
    'vigil.rejections': '1',
    'vigil.rejection.0': '{"reason":"no-value","detail":"the value is empty"}',
  })
  const type = Buffer.from('application/cloudevents+json')
  expect(headers(type.toString())).toEqual({ ...own, 'content-type': type })
})

test('a dead letter is never too long for a broker: an original that is, or that is gone, is left out and said to be', () => {
  const place = { topic: 'vitals.readings', partition: 1, offset: 7 }
  const many = Array.from({ length: 5_000 }, (_, i) => reject('unknown-channel', '\u0001'.repeat(200), `values.${i}`))
  const long = (key: number, value: number) => ({ key: Buffer.alloc(key), value: Buffer.alloc(value), headers: {} })
  for (const original of [long(10, 50_000_000), long(950_000, 10), long(10, 899_000), undefined]) {
    const letter = deadLetter('dlq', place, many, original)
    const headers = Object.entries(letter.headers ?? {}).reduce((sum, [name, it]) => sum + name.length + it.length, 0)
    expect(headers + (letter.key?.length ?? 0) + (letter.value?.length ?? 0)).toBeLessThan(1_000_000)
    const kept = original?.value.length === 899_000
    expect(readDeadLetter(read(letter))).toMatchObject({ id: 'vitals.readings/1/7', original: kept, count: 5_000 })
    expect(letter.value === null).toBe(!kept)
  }
})

describe('a record that somebody else wrote is a rejection, not an exception', () => {
  const readers = { readAlert, readJournalEntry, readEvidence, readHeartbeat, readDeadLetter }
  const good: Record<keyof typeof readers, LogRecord> = {
    readAlert: read(alertRecord('v', 0, envelope())),
    readJournalEntry: read(
      journalRecord('v', {
        entry: { kind: 'journal', patientKey: 'p', at: 1, afterOffset: 3, entry: 'discharge' },
        topic: 'r',
        partition: 0,
      }),
    ),
    readEvidence: read(
      evidenceRecord('v', {
        head: {
          patientKey: 'p',
          alertId: 'a'.repeat(32),
          eventId: 'b'.repeat(32),
          topic: 'r',
          partition: 0,
          fromOffset: 1,
        },
        state: Buffer.from([1]),
      }),
    ),
    readHeartbeat: read(heartbeatRecord('v', 0, fc.sample(anyHeartbeat, { numRuns: 1, seed: 1 })[0]!)),
    readDeadLetter: read(
      deadLetter('d', { topic: 'r', partition: 0, offset: 1 }, [reject('no-value', 'x')], undefined),
    ),
  }

  test.each(Object.keys(readers) as (keyof typeof readers)[])('%s', (name) => {
    const reader = readers[name]
    const rejected = (it: LogRecord) => expect(reader(it)).toMatchObject({ kind: 'rejection' })
    expect(reader(good[name])).not.toHaveProperty('kind', 'rejection')
    if (name !== 'readDeadLetter') {
      rejected({ ...good[name], value: null })
      rejected({ ...good[name], key: null })
    }
    if (name !== 'readDeadLetter' && name !== 'readEvidence') {
      rejected({ ...good[name], key: Buffer.from('somebody else') })
      rejected({ ...good[name], value: Buffer.from('{') })
      rejected({ ...good[name], value: Buffer.from(`${String(good[name].value).slice(0, -1)},"more":1}`) })
    }
    if (name !== 'readHeartbeat') rejected({ ...good[name], headers: {} })
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.dictionary(fc.constantFrom(...Object.keys(good[name].headers)), fc.json()),
        (bytes, headers) => {
          const wrong = Object.fromEntries(Object.entries(headers).map(([header, it]) => [header, Buffer.from(it)]))
          const it = reader({ ...good[name], value: Buffer.from(bytes), headers: { ...good[name].headers, ...wrong } })
          if (Object.keys(wrong).length === 0 && (name === 'readEvidence' || name === 'readDeadLetter')) return
          if (name === 'readEvidence' || name === 'readDeadLetter') expect(it).toBeDefined()
          else expect(it).toMatchObject({ kind: 'rejection' })
        },
      ),
    )
  })
})

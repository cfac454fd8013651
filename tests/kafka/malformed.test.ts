import { describe, expect, test } from 'vitest'
import { deadLetter, readDeadLetter } from '../../src/kafka/dead-letter.ts'
import { recordDecoder } from '../../src/kafka/record-decoder.ts'
import type { RejectionReason } from '../../src/vitals/rejection.ts'
import { named, table } from '../ingest/collect.ts'
import { CANARY, MALFORMED_KINDS, malformed, wellFormed } from './malformed.ts'
import { read } from './records.ts'

const TOPIC = 'vitals.readings'
const NOW = Date.UTC(2026, 0, 1)
const decode = recordDecoder({ table, topic: TOPIC })
/** what a record of readings can be refused for; the other reasons are of files, of a bed's clock, of control inputs */
const REASONS: RejectionReason[] = [
  'no-value', 'too-long', 'not-utf8', 'not-json', 'not-an-object', 'key-mismatch', 'unknown-content-type', 'bad-event',
  'unknown-event-type', 'no-subject', 'bad-field', 'unknown-field', 'bad-time', 'implausible-time', 'unknown-channel',
  'not-a-number', 'unknown-unit', 'unknown-status', 'bad-journal-entry',
] // biome-ignore format: a list
const patient = (i: number) => `${CANARY}-${i % 100}`

describe('20,000 malformed records and 50,000 good ones', () => {
  const bad = malformed(1)
  const records = Array.from({ length: 20_000 }, (_, i) => ({ ...bad(patient(i), NOW + i), offset: i, timestamp: NOW }))

  test('are of every kind, and of every reason that a record can be refused for', () => {
    expect(new Set(records.map(({ kind }) => kind))).toEqual(new Set(MALFORMED_KINDS))
    expect(new Set(records.flatMap((it) => it.reasons))).toEqual(new Set(REASONS))
  })

  test('each is a rejection with a reason of its kind, and names nobody', () => {
    const wrong: string[] = []
    for (const { kind, reasons, scored, ...record } of records) {
      const { reading, rejections } = decode(record)
      const right =
        rejections.length > 0 &&
        rejections.every(({ reason, source }) => reasons.includes(reason) && source === TOPIC) &&
        (reading !== undefined) === scored &&
        !JSON.stringify(rejections).includes(CANARY)
      if (!right) wrong.push(`${kind}: ${record.value?.subarray(0, 200)} ${JSON.stringify(rejections)}`)
    }
    expect(wrong).toEqual([])
  })

  test('each makes one dead letter with its bytes, from which the same is read back; its headers name nobody', () => {
    for (const { kind, reasons, ...record } of records.slice(0, 5_000)) {
      const { rejections } = decode(record)
      const letter = deadLetter(
        'vitals.readings.dlq',
        { topic: TOPIC, partition: 3, offset: record.offset },
        rejections,
        record,
      )
      expect([letter.key === record.key, letter.value === record.value]).toEqual([true, true])
      expect(JSON.stringify(letter.headers), kind).not.toContain(CANARY)
      const back = readDeadLetter(read(letter))
      expect(back).toMatchObject({ id: `${TOPIC}/3/${record.offset}`, count: rejections.length })
      expect('letters' in back && back.letters[0]).toMatchObject({
        reason: rejections[0]!.reason,
        offset: record.offset,
      })
      expect(reasons).toContain('letters' in back && back.letters[0]!.reason)
    }
  })

  test('the good ones are all read, whatever their form', () => {
    const good = wellFormed(2)
    for (let i = 0; i < 50_000; i++) {
      const record = good(patient(i), NOW + i)
      const { reading, rejections, keyless } = decode({ ...record, offset: i, timestamp: NOW })
      if (reading?.patientKey !== patient(i) || reading.time !== NOW + i || rejections.length > 0 || keyless)
        expect({ reading, rejections, keyless }, String(record.value)).toBeUndefined()
      if (i % 100 === 0) expect(named(reading!)).toEqual({ hr: 72, spo2: 97 })
    }
  })
})

test('the same seed gives the same records, another gives others', () => {
  const three = (seed: number) => {
    const next = malformed(seed)
    return [1, 2, 3].map((i) => next('p', NOW + i))
  }
  expect(three(7)).toEqual(three(7))
  expect(three(7)).not.toEqual(three(8))
})

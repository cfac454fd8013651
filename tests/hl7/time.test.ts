import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dtm } from '../../src/hl7/acknowledgement.ts'
import { instantOf, zoneOffset } from '../../src/hl7/time.ts'

const zurich = zoneOffset('Europe/Zurich')
const iso = (at: number | string) => (typeof at === 'number' ? new Date(at).toISOString() : at)

test.each([
  ['20260101120001.25+0100', '2026-01-01T11:00:01.250Z'],
  ['20260101120001-0500', '2026-01-01T17:00:01.000Z'],
  ['20260101120001', '2026-01-01T11:00:01.000Z'],
  ['202607011200', '2026-07-01T10:00:00.000Z'],
  ['20260329023000', '2026-03-29T01:30:00.000Z'],
  ['20261025023000', '2026-10-25T00:30:00.000Z'],
  ['20240229000000Z', 'the text is no HL7 time'],
  ['20230229000000', 'there is no such date or time'],
  ['20260101240000', 'there is no such date or time'],
  ['20260101', 'the time is not given to the minute'],
  ['', 'the text is no HL7 time'],
  ['2026-01-01T00:00:00Z', 'the text is no HL7 time'],
])('%s in Zurich is %s', (text, wanted) => {
  expect(iso(instantOf(text, zurich))).toBe(wanted)
})

test('an instant is the same again after it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1991, 0), max: Date.UTC(2200, 0) }), (at) => {
      expect(instantOf(dtm(at), zurich)).toBe(at)
    }),
  )
})

describe('a zone', () => {
  test.each(['Europe/Zurich', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC'])(
    '%s: local times lead back to their instants',
    (zone) => {
      const offset = zoneOffset(zone)
      fc.assert(
        fc.property(fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2035, 0) }), (at) => {
          const second = Math.floor(at / 1000) * 1000
          const local = new Date(second + offset(second)).toISOString().replace(/[-:T]/g, '').slice(0, 14)
          const found = instantOf(local, offset) as number
          // where clocks were set back two instants show the same: the earlier is taken
          expect(found === second || (found < second && found + offset(found) === second + offset(second))).toBe(true)
        }),
      )
    },
  )

  test('that does not exist is an error', () => {
    expect(() => zoneOffset('Europe/Atlantis')).toThrow(RangeError)
  })
})

test('times that cannot be are refused', () => {
  expect(instantOf('19700101000000+0000', zurich)).toMatch(/not between/)
})

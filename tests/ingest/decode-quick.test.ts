import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QuickReader } from '../../src/ingest/decode-quick.ts'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { channelTable } from '../../src/vitals/channels.ts'

const table = channelTable()
const reader = new QuickReader(table)
const recorded = new QuickReader(table, 'replay')

/** What a monitor sends, as it is written by anybody's JSON. */
const usual = fc.record(
  {
    patient: fc.oneof(
      fc.string({ minLength: 1, maxLength: 130 }),
      fc.constantFrom('p-0000001', 'Ω', 'a"b', 'a\\b', '\u007f'),
    ),
    encounter: fc.string({ minLength: 1 }),
    unit: fc.constantFrom('icu', ''),
    bed: fc.constantFrom('7', 'bed 7'),
    time: fc.oneof(
      fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
      fc.double(),
      fc.constant('2026-01-01T00:00:00Z'),
    ),
    complete: fc.oneof(fc.boolean(), fc.constant(null)),
    mode: fc.constantFrom('live', 'test'),
    values: fc.dictionary(
      fc.oneof(fc.constantFrom(...table.index.keys()), fc.string()),
      fc.oneof(
        fc.integer(),
        fc.double(),
        fc.constantFrom(null, -0, 0, 36.5, 1e-7, 120.00000000000001),
        fc.constant({ value: 1 }),
      ),
      { maxKeys: 14 },
    ),
  },
  { requiredKeys: ['values', 'time'] },
)
const plain = fc.record(
  {
    patient: fc.stringMatching(/^[ -~]{1,20}$/),
    bed: fc.constantFrom('7', 'bed 7'),
    time: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
    complete: fc.boolean(),
    values: fc.dictionary(
      fc.constantFrom(...table.index.keys()),
      fc.oneof(
        fc.integer({ min: -400, max: 400 }),
        fc.integer({ min: -400_000, max: 400_000 }).map((it) => it / 1000),
        fc.constant(null),
      ),
      { minKeys: 1, maxKeys: 14 },
    ),
  },
  { requiredKeys: ['patient', 'values', 'time'] },
)
const spaced = fc.constantFrom(undefined, 1).map((space) => (it: unknown) => {
  const text = JSON.stringify(it, null, space)
  return space === undefined ? text : text.replaceAll('\n', '')
})
const damage = fc.option(
  fc.record({
    at: fc.nat(),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}",:.-0123456789enrtu \\'))),
    drop: fc.nat(2),
  }),
)

describe('the quick reader', () => {
  it('gives what the whole decoder gives, or nothing, whatever the bytes', () => {
    let quick = 0
    fc.assert(
      fc.property(fc.oneof(usual, plain), spaced, damage, (message, write, damaged) => {
        const whole = Buffer.from(write(message))
        const at = damaged === null ? 0 : damaged.at % whole.length
        const bytes =
          damaged === null
            ? whole
            : Buffer.concat([whole.subarray(0, at), Buffer.from([damaged.byte]), whole.subarray(at + damaged.drop)])
        const reading = reader.read(bytes)
        if (reading === undefined) return
        quick++
        expect(decodeReading(bytes.toString(), table)).toStrictEqual({ reading, entry: undefined, rejections: [] })
        // in the middle of other bytes, and of a recording
        const among = Buffer.concat([Buffer.from('}\n'), bytes, Buffer.from('\n{"')])
        const replayed = recorded.read(among, 2, 2 + bytes.length)
        expect(decodeReading(bytes.toString(), table, 'replay').reading).toStrictEqual(replayed)
      }),
      { numRuns: 8000 },
    )
    expect(quick).toBeGreaterThan(400)
  })

  it.each([
    '{"patient":"p-1","time":1790000000000,"values":{"hr":72}}',
    '{ "patient": "p-1", "time": 1790000000000, "complete": true, "values": {"hr": 72, "temp": 36.512, "resp": null} }',
    '{"patient":"p-1","unit":"icu","bed":"7","encounter":"e","complete":false,"time":1790000000000.5,"values":{"hr":-0}}',
  ])('reads %s by itself', (text) => {
    const reading = reader.read(Buffer.from(text))
    expect(decodeReading(text, table)).toStrictEqual({ reading, entry: undefined, rejections: [] })
  })

  it.each([
    ['an escape', '{"patient":"p\\u0031","time":1790000000000,"values":{"hr":72}}'],
    ['a field twice', '{"patient":"p","patient":"q","time":1790000000000,"values":{"hr":72}}'],
    ['a channel twice', '{"patient":"p","time":1790000000000,"values":{"hr":72,"hr":73}}'],
    ['an exponent', '{"patient":"p","time":1790000000000,"values":{"hr":7e1}}'],
    ['more digits than a double holds', '{"patient":"p","time":1790000000000,"values":{"hr":72.00000000000001}}'],
    ['no patient', '{"bed":"7","time":1790000000000,"values":{"hr":72}}'],
    ['a time that cannot be', '{"patient":"p","time":1790000000,"values":{"hr":72}}'],
    ['no values', '{"patient":"p","time":1790000000000,"values":{}}'],
    ['something behind it', '{"patient":"p","time":1790000000000,"values":{"hr":72}} {}'],
    ['a leading zero', '{"patient":"p","time":1790000000000,"values":{"hr":072}}'],
    ['nothing', ''],
  ])('leaves %s to the whole decoder', (_, text) => {
    expect(reader.read(Buffer.from(text))).toBeUndefined()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeState, layout, layoutOf, StateWriter } from '../../src/stream/state-record.ts'

/** What stands in rows: nothing, zeros of both signs, counts, ticks that lie near each other, and anything else. */
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    1,
    -1,
    63,
    64,
    -64,
    -65,
    8191,
    8192,
    -8192,
    -8193,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 31,
  ),
  fc.constantFrom(Number.MIN_VALUE, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1_767_225_999_000),
  fc.integer({ min: 1_767_225_900, max: 1_767_226_000 }),
  fc.integer(),
  fc.double(),
)
const states = fc.record({
  rows: fc.array(fc.array(number, { maxLength: 40 }), { maxLength: 5 }),
  floats: fc.array(fc.array(fc.float({ noNaN: true }), { maxLength: 9 }), { maxLength: 3 }),
  facts: fc.record({ bed: fc.string({ unit: 'grapheme' }), lastOffset: fc.nat() }),
})
type State = typeof states extends fc.Arbitrary<infer T> ? T : never

const layoutFor = ({ rows, floats }: State) =>
  layout(
    rows.flat().map((_, i) => `field.${i}`),
    floats.map(({ length }, i) => ({ model: `model-${i}`, floats: length })),
  )

function written(writer: StateWriter, { rows, floats, facts }: State, of = layoutFor({ rows, floats, facts })): Buffer {
  writer.begin(of)
  for (const each of floats) writer.floats(each.length).set(each)
  for (const row of rows) {
    // a row stands in the middle of others
    const page = Float64Array.of(1, ...row, 2)
    writer.doubles(page, new Int32Array(page.buffer), 1, row.length)
  }
  return writer.end(JSON.stringify(facts))
}

describe('a state as a record', () => {
  it('reads back to the last bit, whatever was written before it and wherever it lies', () => {
    const writer = new StateWriter()
    fc.assert(
      fc.property(states, fc.nat(9), (state, shift) => {
        const of = layoutFor(state)
        const record = written(writer, state, of)
        const elsewhere = Buffer.concat([Buffer.alloc(shift), record]).subarray(shift)
        expect(layoutOf(elsewhere)).toBe(of.id)
        const { facts, doubles, floats } = decodeState(elsewhere, of)
        expect(facts).toEqual(state.facts)
        // toEqual tells -0 from 0
        expect(Array.from(doubles)).toEqual(state.rows.flat())
        expect(Array.from(floats)).toEqual(state.floats.flat())
        expect(record.equals(written(new StateWriter(), state, of))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('has one NaN: of whatever bits a processor made, the record is the same', () => {
    const of = layout(['field'], [])
    const records = [0x7ff80000, 0xfff80000, 0x7ff80001].map((high) => {
      const page = new Float64Array(1)
      const words = new Int32Array(page.buffer)
      words[1] = high
      const writer = new StateWriter()
      writer.begin(of)
      writer.doubles(page, words, 0, 1)
      return writer.end('{}').toString('hex')
    })
    expect(new Set(records).size).toBe(1)
  })

  it('is refused by the layout of another length, cut off and with any bit turned', () => {
    fc.assert(
      fc.property(states, fc.nat(), fc.nat(7), (state, at, bit) => {
        const of = layoutFor(state)
        const record = written(new StateWriter(), state, of)
        const longer = { ...of, fields: [...of.fields, 'one-more'], states: [...of.states, { model: 'm', floats: 64 }] }
        expect(() => decodeState(record, longer)).toThrow(/cannot be read/)
        expect(() => decodeState(record.subarray(0, at % record.length), of)).toThrow(/cannot be read/)
        record[at % record.length]! ^= 1 << bit
        expect(() => decodeState(record, of)).toThrow(/cannot be read/)
      }),
    )
  })

  it('is small where a row is: zeros, NaNs, counts and ticks near each other', () => {
    const size = (row: readonly number[]) =>
      written(new StateWriter(), { rows: [[...row]], floats: [], facts: { bed: '', lastOffset: 0 } }).length
    const empty = size([])
    const many = (value: (i: number) => number) => Array.from({ length: 320 }, (_, i) => value(i))
    expect(size(many((i) => (i % 2 === 0 ? 0 : Number.NaN))) - empty).toBe(80)
    expect(size(many((i) => (i % 100) - 50)) - empty).toBeLessThanOrEqual(80 + 320)
    expect(size(many((i) => 1_767_226_000 - (i % 30))) - empty).toBe(80 + 320 + 4)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import { STATUSES, WireReading } from '../../src/vitals/reading.ts'
import { named, table } from './collect.ts'

const NOW = Date.UTC(2026, 0, 1)
const message = (over: object = {}) =>
  JSON.stringify({ patient: 'p-1', time: NOW, values: { hr: 72, spo2: 97 }, ...over })
const INVALID = STATUSES.indexOf('invalid')
const NOT_AVAILABLE = STATUSES.indexOf('not-available')

/** What the schema cannot know: the channel table, its units, and which times can be. */
const BEYOND_SCHEMA = new Set(['unknown-channel', 'unknown-unit', 'implausible-time'])

const key = fc.string({ minLength: 1, maxLength: 12 })
const status = fc.constantFrom(...STATUSES)
const time = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2999, 0) })
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const optional = <T>(it: fc.Arbitrary<T>) => fc.option(it, { nil: undefined })
const sample = fc.oneof(
  number,
  fc.constant(null),
  fc.record({ value: fc.oneof(number, fc.constant(null)), status, time }, { requiredKeys: ['value'] }),
)
const valid = fc.record({
  patient: key,
  encounter: optional(key),
  unit: optional(key),
  bed: optional(key),
  time: fc.oneof(time, fc.constant('2026-01-01T00:00:00.250+01:00')),
  mode: optional(fc.constantFrom('live', 'replay', 'test', 'demo')),
  complete: optional(fc.boolean()),
  values: fc.dictionary(fc.constantFrom(...table.index.keys()), sample, { maxKeys: 6 }),
})
/** valid messages with one thing put anywhere in them */
const damaged = fc
  .tuple(
    valid,
    fc.constantFrom('patient', 'bed', 'unit', 'time', 'mode', 'complete', 'values', 'hr', 'status', 'colour'),
    fc.jsonValue(),
  )
  .map(([good, where, what]) => {
    if (where === 'hr') return { ...good, values: { ...good.values, hr: what } }
    if (where === 'status') return { ...good, values: { ...good.values, hr: { value: 1, status: what } } }
    return { ...good, [where]: what }
  })

describe('the hand-written decoder and the schema', () => {
  test.each([
    ['valid messages', valid],
    ['valid messages with one thing put into them', damaged],
    ['any JSON', fc.jsonValue()],
  ] as const)('agree on %s', (_, messages) => {
    fc.assert(
      fc.property(messages as fc.Arbitrary<unknown>, (it) => {
        const text = JSON.stringify(it)
        const reasons = decodeReading(text, table).rejections.map(({ reason }) => reason)
        const accepted = WireReading.safeParse(JSON.parse(text)).success
        if (accepted) expect(reasons.filter((reason) => !BEYOND_SCHEMA.has(reason))).toEqual([])
        else expect(reasons).not.toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  test('a valid message is read value for value', () => {
    fc.assert(
      fc.property(valid, (it) => {
        const text = JSON.stringify(it)
        const wire = JSON.parse(text) as WireReading
        const { reading, rejections } = decodeReading(text, table)
        expect(rejections).toEqual([])
        expect(reading).toMatchObject({
          patientKey: wire.patient,
          bed: wire.bed,
          unit: wire.unit,
          encounter: wire.encounter,
        })
        expect(reading!.time).toBe(typeof wire.time === 'number' ? wire.time : NOW - 3_600_000 + 250)
        expect(reading!.mode).toBe(wire.mode ?? 'live')
        expect(reading!.complete).toBe(wire.complete ?? false)
        const names = Object.keys(wire.values)
        expect(reading!.channels).toEqual(names.map((name) => table.index.get(name)))
        names.forEach((name, i) => {
          const sent = wire.values[name]!
          const plain = typeof sent === 'object' && sent !== null ? sent : { value: sent }
          expect(reading!.values[i]).toBe(plain.value ?? Number.NaN)
          expect(reading!.times?.[i] ?? reading!.time).toBe(('time' in plain ? plain.time : undefined) ?? reading!.time)
        })
      }),
      { numRuns: 300 },
    )
  })

  test('no text makes it throw, and every refusal of syntax has a column', () => {
    const broken = fc.tuple(valid, fc.nat(), fc.string({ maxLength: 3 })).map(([it, at, junk]) => {
      const text = JSON.stringify(it)
      const where = at % text.length
      return text.slice(0, where) + junk + text.slice(where + 1)
    })
    fc.assert(
      fc.property(fc.oneof(broken, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        for (const { reason, column } of decodeReading(text, table).rejections)
          if (reason === 'not-json') expect(column).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a channel that is wrong costs itself and nothing else', () => {
  test.each([
    ['an unknown channel', { pressure: 80 }, 'unknown-channel', 'values'],
    ['a number as a string', { resp: '14' }, 'not-a-number', 'values.resp'],
    ['a text as the value', { resp: { value: 'x' } }, 'not-a-number', 'values.resp.value'],
    ['a unit named like a method', { temp: { value: 310, unit: 'toString' } }, 'unknown-unit', 'values.temp.unit'],
    ['limits that are none', { temp: { value: 37, limits: [35] } }, 'bad-field', 'values.temp.limits'],
    ['a wrong unit', { temp: { value: 310, unit: 'mm[Hg]' } }, 'unknown-unit', 'values.temp.unit'],
    ['an unknown status', { resp: { value: 14, status: 'fine' } }, 'unknown-status', 'values.resp.status'],
    ['an unknown field', { resp: { value: 14, colour: 'red' } }, 'unknown-field', 'values.resp'],
    ['a time in seconds', { resp: { value: 14, time: NOW / 1000 } }, 'implausible-time', 'values.resp.time'],
    ['a missing value', { resp: { unit: '/min' } }, 'not-a-number', 'values.resp.value'],
  ])('%s', (_, wrong, reason, path) => {
    const { reading, rejections } = decodeReading(message({ values: { hr: 72, ...wrong, spo2: 97 } }), table)
    expect(rejections).toMatchObject([{ reason, path }])
    expect(named(reading!)).toEqual({ hr: 72, spo2: 97 })
  })

  test('a message that loses every channel is no reading: it does not say that the monitor is well', () => {
    expect(decodeReading(message({ values: { nonsense: 1 } }), table).reading).toBeUndefined()
    expect(decodeReading(message({ values: {} }), table).reading?.channels).toEqual([])
  })
})

describe('values', () => {
  test('are converted once, into the unit of the channel', () => {
    const values = {
      temp: { value: 98.6, unit: 'degF' },
      abp_sys: { value: 16, unit: 'kPa' },
      spo2: { value: 0.97, unit: '1' },
    }
    const { reading } = decodeReading(message({ values }), table)
    expect(reading!.values[0]).toBeCloseTo(37, 9)
    expect(reading!.values[1]).toBeCloseTo(120.0099, 3)
    expect(reading!.values[2]).toBe(97)
  })

  test('outside the hard range stay as invalid, the limits of the range themselves are vital signs', () => {
    const { reading, rejections } = decodeReading(message({ values: { hr: 351, spo2: 100, resp: 0 } }), table)
    expect(rejections).toEqual([])
    expect(named(reading!)).toEqual({ hr: [351, INVALID], spo2: 100, resp: 0 })
  })

  test('that are null are not available, and a status of the source is kept with its value', () => {
    const values = { hr: null, spo2: { value: null, status: 'off' }, resp: { value: 14, status: 'questionable' } }
    const { reading } = decodeReading(message({ values }), table)
    expect(reading!.statuses).toEqual([NOT_AVAILABLE, STATUSES.indexOf('off'), STATUSES.indexOf('questionable')])
    expect(reading!.values).toEqual([Number.NaN, Number.NaN, 14])
  })
})

test('a recording is never live: live becomes its mode, test and demo stay', () => {
  const mode = (it?: string) =>
    decodeReading(message(it === undefined ? {} : { mode: it }), table, 'replay').reading?.mode
  expect([mode(), mode('live'), mode('test'), mode('demo')]).toEqual(['replay', 'replay', 'test', 'demo'])
})

test('a patient known by the bed alone is keyed by unit and bed', () => {
  const text = JSON.stringify({ bed: '7', unit: 'ICU', time: NOW, values: { hr: 1 } })
  expect(decodeReading(text, table).reading?.patientKey).toBe('bed:ICU/7')
})

test('a journal entry of an impossible time is refused: its alerts would have no time of day', () => {
  const entry = { kind: 'journal', patientKey: 'p-1', at: NOW, afterOffset: 3, entry: 'signal-lost', silentSeconds: 30 }
  for (const wrong of [{ at: 1e300 }, { at: 0 }, { silentSeconds: 1e300 }]) {
    const { entry: read, rejections } = decodeReading(JSON.stringify({ ...entry, ...wrong }), table)
    expect([read, rejections[0]?.reason]).toEqual([undefined, 'implausible-time'])
  }
})

test('a journal entry is read by its schema, a wrong one is refused with its path', () => {
  const entry = { kind: 'journal', patientKey: 'p-1', at: NOW, afterOffset: 3, entry: 'discharge' }
  expect(decodeReading(JSON.stringify(entry), table).entry).toEqual(entry)
  expect(decodeReading(JSON.stringify({ ...entry, at: 'now' }), table).rejections).toMatchObject([
    { reason: 'bad-journal-entry', path: 'at' },
  ])
})

test('no rejection quotes a patient, an encounter, a unit or a bed', () => {
  const secret = 'CANARY-4711'
  const long = secret.repeat(20)
  for (const field of ['patient', 'encounter', 'unit', 'bed'])
    for (const wrong of [long, [secret], { name: secret }]) {
      const { rejections } = decodeReading(message({ [field]: wrong }), table)
      expect(rejections).toMatchObject([{ reason: 'bad-field', path: field }])
      expect(JSON.stringify(rejections)).not.toContain('CANARY')
    }
  for (const text of [`{"patient":"${secret}",}`, `{"patient":"${secret}"`, `${secret}`])
    expect(JSON.stringify(decodeReading(text, table).rejections)).not.toContain('CANARY')
  // a name may be somebody's, too: of a field, of a channel, of what stands beside a value, of a journal's entry
  for (const more of [{ [secret]: 1 }, { values: { [secret]: 70 } }, { values: { hr: { value: 70, [secret]: 1 } } }]) {
    const { rejections } = decodeReading(message(more), table)
    expect(rejections).toMatchObject([{ detail: expect.stringMatching(/\(the \d.. of \d, 11 characters\)/) }])
    expect(JSON.stringify(rejections)).not.toContain('CANARY')
  }
  const named = { kind: 'journal', patientKey: 'p-1', at: NOW, afterOffset: 0, entry: 'discharge', [secret]: 1 }
  expect(JSON.stringify(decodeReading(JSON.stringify(named), table).rejections)).not.toContain('CANARY')
  const journal = JSON.stringify({ kind: 'journal', patientKey: long, at: NOW, afterOffset: 0, entry: 'discharge' })
  expect(JSON.stringify(decodeReading(journal, table).rejections)).not.toContain('CANARY')
})

test.each([
  ['a unit of another channel', 'mm[Hg]', '"mm[Hg]" cannot become Cel'],
  ['any other text', 'Maria', 'this text cannot become Cel'],
])('a rejection quotes %s', (_, unit, detail) => {
  const values = { temp: { value: 37, unit } }
  const { rejections } = decodeReading(JSON.stringify({ patient: 'p', time: Date.UTC(2026, 0, 1), values }), table)
  expect(rejections).toMatchObject([{ reason: 'unknown-unit', detail }])
})

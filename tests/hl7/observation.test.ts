import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeBook } from '../../src/hl7/observation.ts'
import { readMessage } from '../../src/hl7/read.ts'
import { options, oru, table } from './messages.ts'

const CODES = table.channels.flatMap(({ mdc, loinc }) => [
  ...(mdc ? [`${mdc.code}^${mdc.refId}^MDC`, `X^own^99L^${mdc.code}^^MDC`] : []),
  ...loinc.map((code) => `${code}^any name^LN`),
])
const often = (usual: string, ...others: string[]) =>
  fc.oneof({ weight: others.length, arbitrary: fc.constant(usual) }, fc.constantFrom(...others))
const value = fc.oneof(
  fc.nat(250).map(String),
  fc.double({ min: 0, max: 200, noNaN: true }).map((it) => it.toFixed(2)),
  fc.constantFrom('', '""', '8388607', '08388607', '8388607.', '+5', '-3', '.5', '5.', '.', '1.2.3', '1e3', 'eighty'),
  fc.constantFrom('1234567890123456', '0.12345678901234567', '82^x', '82&1', '82~83', ' 82', '\\X38\\2', '٣'),
)
const unit = often('', '264864^MDC_DIM_BEAT_PER_MIN^MDC^{beats}/min^^UCUM', 'bpm', 'mmHg', 'kPa', '%', 'Cel', 'furlong', '266560^MDC_DIM_FAHR^MDC^[degF]^^UCUM', 'toString', '~') // biome-ignore format: one line
const limits = often('50-120', '', '-', '-120', '50-', '50--20', '5.5-.', '50-120^x', 'none')
const flags = often('', 'INV', 'QUES', 'ALACT~QUES', 'ZZ', 'NAV', 'H', 'CAL^x', 'I\\X4E\\V', '""', '~')
const result = often('R', 'F', 'X', 'N', 'I', 'D', 'W', '', 'R^x')
const time = often('', '20260101120001+0100', '20260101120002+0100', '20260101120003.5', '20260230120000', 'soon', '""', '20260101120001+0100^S') // biome-ignore format: one line
const obx = fc
  .tuple(
    fc.oneof(fc.constantFrom(...CODES), fc.constantFrom('999999^X^MDC', '', '69965^MDC_DEV_MON^MDC')),
    value,
    unit,
    limits,
    flags,
    result,
    time,
    fc.constantFrom('NM', '', 'ST'),
    fc.oneof({ weight: 4, arbitrary: fc.constant(20) }, fc.nat(15)),
  )
  .map(
    ([code, number, measured, range, flag, state, at, type, fields]) =>
    ['OBX', '1', type, code, '1.1', number, measured, range, flag, '', '', state, '', '', at, '', 'more'].slice(0, fields + 1).join('|'), // biome-ignore format: the fields in their order
  )
const OTHERS: Readonly<Record<string, string>> = { '|': '#', '^': '*', '~': '!', '\\': '$', '&': '?' }

const read = (text: string, book = options.book) => {
  const { header: _, ...said } = readMessage(Buffer.from(text), { ...options, book })
  return said
}

test('what is known of earlier messages, and numbers that are not cut out, change nothing of what a message says', () => {
  let readings = 0
  fc.assert(
    fc.property(fc.array(obx, { maxLength: 8 }), (lines) => {
      const text = oru({ obx: lines })
      const said = read(text)
      // nothing is remembered of delimiters of a sender's own, nor of a book that nobody has read with
      expect(said).toEqual(read(text.replace(/[|^~\\&]/g, (it) => OTHERS[it]!)))
      expect(said).toEqual(read(text, codeBook(table)))
      readings += said.readings.length
    }),
    { numRuns: 1500 },
  )
  expect(readings).toBeGreaterThan(1000)
})

test('an observation that ends before its value has none', () => {
  const { readings } = read(oru({ obx: ['OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.6.1.1'] }))
  expect(readings[0]!.values).toEqual({ hr: { value: null } })
})

test('a number is no number where the point is a delimiter of the sender', () => {
  const text = oru({ obx: ['OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1|82.5'], obr: 'OBR|1' }).replace('^~', '^.')
  expect(read(text).readings[0]!.values).toEqual({ hr: { value: 82 } })
})

test('times of one message are each their own, however they repeat', () => {
  const at = (second: string, code: string) => `OBX|1|NM|${code}|1|80|||||||||${second}`
  const lines = [
    at('20260101120005+0100', '147842^^MDC'),
    at('', '150456^^MDC'),
    at('20260101120005+0100', '151562^^MDC'),
    at('20260101120001+0100', '150344^^MDC'),
  ]
  const times = Object.values(read(oru({ obx: lines })).readings[0]!.values).map((it) => (it as { time?: number }).time)
  const five = Date.UTC(2026, 0, 1, 11, 0, 5)
  expect(times).toEqual([five, undefined, five, undefined])
})

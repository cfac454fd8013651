import { READING_EVENT } from '../../src/kafka/cloud-event.ts'
import { MAX_RECORD } from '../../src/kafka/json-value.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { type Random, random } from '../../src/random.ts'
import type { RejectionReason } from '../../src/vitals/rejection.ts'

type Body = Pick<LogRecord, 'key' | 'value' | 'headers'>

/** A record nobody should have sent, and what must be said about it. */
export interface Malformed extends Body {
  /** what is wrong with it */
  readonly kind: string
  /** every rejection of it has one of these reasons */
  readonly reasons: readonly RejectionReason[]
  /** only a channel is wrong: the others are scored all the same */
  readonly scored: boolean
}

/** In every identity that is planted; what Vigil says about a bad record must not hold it. */
export const CANARY = 'CANARY'

const OWN = { encounter: `${CANARY}-e`, unit: `${CANARY}-u`, bed: `${CANARY}-b` }
const CHANNELS = { hr: 72, spo2: 97 }
const STRUCTURED = 'application/cloudevents+json'
const REQUIRED = ['specversion', 'id', 'source', 'type']

/** One kind: the value as text, bytes or an object; and, where they differ from a good record's, key and headers. */
interface Made {
  readonly value: string | Buffer | object | null
  readonly key?: string | Buffer
  readonly headers?: Readonly<Record<string, string | Buffer>>
  readonly scored?: boolean
}
type Maker = (draw: Draw) => Made
type Kind = readonly [kind: string, reasons: readonly RejectionReason[], make: Maker]

/** What the makers draw from. */
class Draw {
  readonly patient: string
  readonly time: number
  readonly #random: Random

  constructor(source: Random, patient: string, time: number) {
    this.#random = source
    this.patient = patient
    this.time = time
  }

  below(count: number): number {
    return Math.floor(this.#random.uniform() * count)
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** a good reading with something put into it */
  reading(over: object = {}): object {
    return { patient: this.patient, ...OWN, time: this.time, complete: true, values: CHANNELS, ...over }
  }

  /** its text, with raw JSON put before its end */
  text(raw = ''): string {
    return `${JSON.stringify(this.reading()).slice(0, -1)}${raw}}`
  }

  /** one wrong channel, now alone, now among good ones */
  channel(name: string, wrong: unknown): Made {
    const scored = this.below(2) === 1
    // entries, since an object literal would take `__proto__` for something else
    const values = Object.fromEntries([...(scored ? Object.entries(CHANNELS) : []), [name, wrong]])
    return { value: this.reading({ values }), scored }
  }

  event(over: object = {}): Record<string, unknown> {
    return {
      specversion: '1.0',
      id: `${this.patient}-${this.below(1e6)}`,
      source: `/ward/${CANARY}`,
      type: READING_EVENT,
      subject: this.patient,
      ...over,
    }
  }

  structured(over: object = {}, data: object = { data: this.reading() }): Made {
    return { value: { ...this.event(over), ...data }, headers: { 'content-type': STRUCTURED } }
  }

  binary(over: Readonly<Record<string, string | Buffer | undefined>> = {}, contentType = 'application/json'): Made {
    const headers: Record<string, string | Buffer> = { 'content-type': contentType }
    for (const [name, it] of Object.entries(this.event(over)))
      if (it !== undefined) headers[`ce_${name}`] = it as string
    return { value: this.reading(), headers }
  }
}

const json = (value: Made['value']) => (typeof value === 'string' ? value : JSON.stringify(value))
const wrongKeys = [17, null, true, [], {}, '', 'x'.repeat(129), [`${CANARY}`], { name: CANARY }]
const proto = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '']
const base64 = (it: string | Buffer) => Buffer.from(it).toString('base64')
const spliced = (text: string, ...bytes: number[]) => {
  const at = text.indexOf(CANARY)
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at))])
}

const SYNTAX: Kind[] = [
  ['noise', ['not-json'], (d) => ({ value: Array.from({ length: 1 + d.below(60) }, () => d.of([...'ab#?%,:}'])).join('') })],
  ['cut', ['not-json'], (d) => ({ value: d.text().slice(0, 1 + d.below(d.text().length - 1)) })],
  ['white space', ['not-json'], (d) => ({ value: d.of([' ', '\n', '\t\r\n ']) })],
  ['NaN', ['not-json'], (d) => ({ value: d.text(`,"values":{"hr":${d.of(['NaN', 'Infinity', '-Infinity', '+7', '07', '.5', '7.'])}}`) })],
  ['comma', ['not-json'], (d) => ({ value: d.text(d.of([',', ',,', ',"x"', ',"x":', ',x:1', ",'x':1", ',"x":1 /* */'])) })],
  ['more than one', ['not-json'], (d) => ({ value: d.text() + d.of(['x', '{}', '\u0000', d.text(), ']']) })],
  ['control character', ['not-json'], (d) => ({ value: d.text(`,"mode":"li${String.fromCharCode(d.below(32))}ve"`) })],
  ['no object', ['not-an-object'], (d) => ({ value: d.of(['1', '"text"', 'null', 'true', '[]', `["${CANARY}"]`, '-0', '1e999', `[${d.text()}]`, JSON.stringify(d.text())]) })],
  ['deep array', ['not-an-object'], () => ({ value: '['.repeat(9_000) + ']'.repeat(9_000) })],
  ['deep array, open', ['not-json'], (d) => ({ value: '['.repeat(1 + d.below(20_000)) })],
  ['deep object', ['unknown-field'], (d) => ({ value: d.text(`,"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`) })],
] // biome-ignore format: one kind, one line

const BYTES: Kind[] = [
  ['null', ['no-value'], () => ({ value: null })],
  ['empty', ['no-value'], () => ({ value: '' })],
  ['byte order mark', ['not-json'], (d) => ({ value: `\ufeff${d.text()}` })],
  ['not UTF-8', ['not-utf8'], (d) => ({ value: spliced(d.text(), ...d.of([[0xff], [0xfe, 0xff], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xdc]])) })],
  ['cut character', ['not-utf8'], (d) => ({ value: Buffer.from(`${d.text()}ü`).subarray(0, -1) })],
  ['UTF-16 with its mark', ['not-utf8'], (d) => ({ value: Buffer.from(`\ufeff${d.text()}`, 'utf16le') })],
  ['UTF-16', ['not-json'], (d) => ({ value: Buffer.from(d.text(), 'utf16le') })],
  ['noise of bytes', ['not-json', 'not-utf8', 'not-an-object'], (d) => ({ value: Buffer.from(Array.from({ length: 1 + d.below(200) }, () => d.below(256))) })],
  ['too long', ['too-long'], (d) => ({ value: d.of([' ', '7', 'x', '\u0000', '{"hr":']).repeat(MAX_RECORD + 1 + d.below(50)).slice(0, MAX_RECORD + 1 + d.below(50)) })],
  ['too long, and good', ['too-long'], (d) => ({ value: d.text() + ' '.repeat(MAX_RECORD) })],
] // biome-ignore format: one kind, one line

const FIELDS: Kind[] = [
  ...Object.keys({ patient: 0, ...OWN }).map((field): Kind => [field, ['bad-field'], (d) => ({ value: d.reading({ [field]: d.of(wrongKeys) }) })]),
  ['complete', ['bad-field'], (d) => ({ value: d.reading({ complete: d.of(['yes', 1, null, [], {}]) }) })],
  ['mode', ['bad-field'], (d) => ({ value: d.reading({ mode: d.of(['real', '', 'LIVE', 1, null, [], {}, CANARY, 'constructor']) }) })],
  ['values', ['bad-field'], (d) => ({ value: d.reading({ values: d.of([undefined, null, [], [70], 'hr', 70, true]) }) })],
  ['time', ['bad-time'], (d) => ({ value: d.reading({ time: d.of([undefined, null, [], {}, true, '', 'yesterday', CANARY, `${d.time}`, '2026-01-01', '2026-01-01T00:00:00', '2026-13-01T00:00:00Z', '2026-02-30T25:00:00Z']) }) })],
  ['time beyond numbers', ['bad-time'], (d) => ({ value: d.text(`,"time":${d.of(['1e999', '-1e999'])}`) })],
  ['time of another unit', ['implausible-time'], (d) => ({ value: d.reading({ time: d.of([d.time / 1000, d.time * 1000, d.time * 1e6, 0, -1, -d.time, 1e300, 5e-324, '1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z']) }) })],
  ['no subject', ['no-subject'], (d) => ({ value: d.reading({ patient: undefined, bed: undefined }) })],
  ['unknown field', ['unknown-field'], (d) => ({ value: d.text(`,${JSON.stringify(d.of([...proto, CANARY, `${CANARY} born 1952`, 'colour', 'Patient', 'hr', 'kind', 'a.b', '\ud800']))}:1`) })],
  ['a journal entry', ['unknown-field'], (d) => ({ value: { kind: 'journal', patientKey: d.patient, at: d.time, afterOffset: 3, entry: 'discharge' } })],
  ['a bad journal entry', ['bad-journal-entry'], (d) => ({ value: { kind: 'journal', patientKey: d.patient, at: d.time, afterOffset: d.of(['3', null]), entry: d.of(['discharge', 'vanish', CANARY]) } })],
  ['doubled time', ['bad-time'], (d) => ({ value: d.text(',"time":null') })],
  ['doubled values', ['bad-field'], (d) => ({ value: d.text(',"values":[]') })],
  ['doubled patient', ['key-mismatch'], (d) => ({ value: d.text(`,"patient":"${CANARY}-other"`) })],
] // biome-ignore format: one kind, one line

const CHANNEL_KINDS: Kind[] = [
  ['unknown channel', ['unknown-channel'], (d) => d.channel(d.of([...proto, 'HR', 'heart rate', 'hr ', 'x'.repeat(1000), '\ud800']), d.of([1, null, '1', {}]))],
  ['not a number', ['not-a-number'], (d) => d.channel('resp', d.of(['14', true, [], [14], {}, '', { unit: '/min' }]))],
  ['value not a number', ['not-a-number'], (d) => d.channel('resp', { value: d.of(['14', true, [], {}]) })],
  ['beyond numbers', ['not-a-number'], (d) => ({ value: d.text(`,"values":{"hr":70,"resp":${d.of(['1e999', '-1e999', '9'.repeat(400)])}}`), scored: true })],
  ['unit', ['unknown-unit'], (d) => d.channel('temp', { value: 37, unit: d.of(['mm[Hg]', '', 'K?', 'constructor', '__proto__']) })],
  ['unit of no text', ['bad-field'], (d) => d.channel('temp', { value: 37, unit: d.of([1, null, [], {}, 'u'.repeat(33)]) })],
  ['status', ['unknown-status'], (d) => d.channel('resp', { value: 14, status: d.of(['fine', '', 'OK', 0, null, [], '__proto__']) })],
  ['time of a value', ['bad-time'], (d) => d.channel('resp', { value: 14, time: d.of(['2026-01-01T00:00:00Z', null, true, [], {}]) })],
  ['implausible time of a value', ['implausible-time'], (d) => d.channel('resp', { value: 14, time: d.of([0, d.time / 1000, -d.time, 1e300]) })],
  ['field of a value', ['unknown-field'], (d) => d.channel('resp', JSON.parse(`{"value":14,${JSON.stringify(d.of([...proto, 'colour']))}:1}`))],
  ['deep value', ['not-a-number'], (d) => ({ value: d.text(`,"values":{"hr":${'['.repeat(9_000)}${']'.repeat(9_000)}}`) })],
] // biome-ignore format: one kind, one line

const KEYS: Kind[] = [
  ['key of another', ['key-mismatch'], (d) => ({ value: d.reading(), key: d.of([`${CANARY}-other`, `${d.patient} `, d.patient.slice(0, -1), `\ufeff${d.patient}`, ` ${d.patient}`, `bed:${OWN.unit}/${OWN.bed}`, JSON.stringify(d.patient), `${d.patient}\u0000`]) })],
  ['key of bytes', ['key-mismatch'], (d) => ({ value: d.reading(), key: Buffer.from([...Buffer.from(d.patient), d.of([0xff, 0x80, 0xc0])]) })],
  ['key of a surrogate', ['key-mismatch'], (d) => ({ value: d.reading({ patient: '\ud800' }), key: d.of(['\ufffd', '?', Buffer.from([0xed, 0xa0, 0x80])]) })],
  ['key that only looks like it', ['key-mismatch'], (d) => ({ value: d.reading({ patient: '\ufffd' }), key: Buffer.from([d.of([0xff, 0xfe])]) })],
] // biome-ignore format: one kind, one line

const EVENTS: Kind[] = [
  ['content type', ['unknown-content-type'], (d) => ({ value: d.reading(), headers: { [d.of(['content-type', 'Content-Type'])]: d.of(['text/plain', 'application/xml', 'application/avro', '', 'json', 'application/json; charset=latin1', 'application/cloudevents-batch+json', 'application/cloudevents+avro', 'a/b/json', `x/${CANARY}`, Buffer.from([0xff, 0xfe])]) } })],
  ['headers too long', ['too-long'], (d) => ({ value: d.reading(), headers: { baggage: 'x'.repeat(MAX_RECORD), [CANARY]: '' } })],
  ['binary: an attribute is missing', ['bad-event'], (d) => d.binary({ [d.of(REQUIRED)]: d.of([undefined, '']) })],
  ['binary: version', ['bad-event'], (d) => d.binary({ specversion: d.of(['0.3', '1', '1.0.2', '2.0', Buffer.from([0x31, 0xff])]) })],
  ['binary: type', ['unknown-event-type'], (d) => d.binary({ type: d.of(['vigil.alert.start', READING_EVENT.toUpperCase(), CANARY, '__proto__', Buffer.from([0xff])]) })],
  ['binary: content type', ['unknown-content-type'], (d) => d.binary({}, d.of(['text/plain', 'application/avro', 'application/json;charset=utf-16']))],
  ['binary: bad value', ['not-json'], (d) => ({ ...d.binary(), value: d.text(',') })],
  ['structured: an attribute is missing', ['bad-event'], (d) => d.structured({ [d.of(REQUIRED)]: d.of([undefined, '', null, 1, [], {}]) })],
  ['structured: version', ['bad-event'], (d) => d.structured({ specversion: d.of(['0.3', '1', 1.0, '1.0 ']) })],
  ['structured: type', ['unknown-event-type'], (d) => d.structured({ type: d.of(['vigil.alert.start', CANARY, ' ']) })],
  ['structured: content type', ['unknown-content-type'], (d) => d.structured({ datacontenttype: d.of(['text/plain', 'application/avro', '', 1, {}]) })],
  ['structured: a plain reading', ['bad-event'], (d) => ({ value: d.reading(), headers: { 'content-type': STRUCTURED } })],
  ['structured: no data', ['bad-event'], (d) => d.structured({}, {})],
  ['structured: data of no object', ['not-an-object'], (d) => d.structured({}, { data: d.of([null, 1, 'x', [], d.text()]) })],
  ['structured: data twice', ['bad-event'], (d) => d.structured({}, { data: d.reading(), data_base64: base64(d.text()) })],
  ['structured: no Base64', ['bad-event'], (d) => d.structured({}, { data_base64: d.of(['%%%%', 'A', 'AAA', 1, null, {}, base64(d.text()).slice(0, -1).padEnd(5, '!'), `=${base64(d.text())}`]) })],
  ['structured: Base64 of a cut text', ['not-json'], (d) => d.structured({}, { data_base64: base64(d.text().slice(0, -1)) })],
  ['structured: Base64 of other bytes', ['not-utf8'], (d) => d.structured({}, { data_base64: base64(Buffer.from([0xff, 0xfe])) })],
  ['structured: Base64 of nothing', ['no-value'], (d) => d.structured({}, { data_base64: '' })],
  ['structured: no envelope', ['not-an-object'], (d) => ({ ...d.structured(), value: d.of(['[]', '1', `"${CANARY}"`, 'null', `[${json(d.structured().value)}]`]) })],
  ['structured: cut', ['not-json'], (d) => ({ ...d.structured(), value: json(d.structured().value).slice(0, -1 - d.below(40)) })],
  ['structured: a bad reading', ['bad-time'], (d) => d.structured({}, { data: d.reading({ time: CANARY }) })],
  ['structured: another patient', ['key-mismatch'], (d) => d.structured({}, { data: d.reading({ patient: `${CANARY}-other` }) })],
] // biome-ignore format: one kind, one line

const KINDS: readonly Kind[] = [...SYNTAX, ...BYTES, ...FIELDS, ...CHANNEL_KINDS, ...KEYS, ...EVENTS]

/** The names of all kinds. */
export const MALFORMED_KINDS: readonly string[] = KINDS.map(([kind]) => kind)

function body({ value, key, headers = {} }: Made, patient: string): Body {
  const bytes = (it: string | Buffer) => (typeof it === 'string' ? Buffer.from(it) : it)
  return {
    key: bytes(key ?? patient),
    value: value === null ? null : Buffer.isBuffer(value) ? value : Buffer.from(json(value)),
    headers: Object.fromEntries(Object.entries(headers).map(([name, it]) => [name, bytes(it)])),
  }
}

/**
 * Bad records of every kind, all kinds equally often. The same seed gives the same records.
 * @returns the next one; it pretends to be of this patient and time (ms since 1970), for whom good ones may stand around it
 */
export function malformed(seed: number): (patient: string, time: number) => Malformed {
  const source = random(seed)
  return (patient, time) => {
    const draw = new Draw(source, patient, time)
    const [kind, reasons, make] = draw.of(KINDS)
    const made = make(draw)
    return { kind, reasons, scored: made.scored ?? false, ...body(made, patient) }
  }
}

/** Good records of every form in which a reading may come, with heart rate 72 and saturation 97. */
export function wellFormed(seed: number): (patient: string, time: number) => Body {
  const source = random(seed)
  return (patient, time) => {
    const draw = new Draw(source, patient, time)
    const forms: (() => Made)[] = [
      () => ({ value: draw.reading() }),
      () => ({ value: draw.reading({ time: new Date(time).toISOString() }), headers: { traceparent: '00-ab-cd-01' } }),
      () => ({ value: ` ${draw.text()}\n`, headers: { 'content-type': 'application/json; charset=UTF-8' } }),
      () => ({ value: draw.reading({ bed: 'Zimmer 7 \ufffd äöü 🛏' }), headers: { 'Content-Type': 'application/vnd.ward+json' } }),
      () => draw.binary({ time: 'no time at all', subject: patient }),
      () => draw.structured({ datacontenttype: 'application/json', ward: CANARY }),
      () => draw.structured({}, { data_base64: base64(draw.text()) }),
    ] // biome-ignore format: one form, one line
    return body(draw.of(forms)(), patient)
  }
}

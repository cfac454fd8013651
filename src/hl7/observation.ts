import type { Channel, ChannelTable } from '../vitals/channels.ts'
import { OK, STATUSES, type Status } from '../vitals/reading.ts'
import { conversion } from '../vitals/units.ts'
import { Memo } from './memo.ts'
import { componentOf, type Delimiters, NAME_LENGTH, repetitionsOf, type Segment, USUAL } from './message.ts'
import { plainNumber } from './plain-number.ts'

/**
 * One OBX of IHE PCD-01 as a sample. Codes: ISO/IEEE 11073-10101 (`MDC`), the same in Philips Efficia's hexadecimal
 * spelling (`MDIL`), and LOINC (`LN`); first the identifier, then its alternate.
 */
export interface Sample {
  readonly kind: 'sample'
  readonly channel: number
  /** in the channel's unit; NaN where there is none */
  readonly value: number
  readonly status: Status
  /** OBX-14 as it stands; where it says nothing the set's time holds */
  readonly time: string
  /** what the monitor's own alarm limits are (OBX-7), in the channel's unit; null where a side has none */
  readonly limits: readonly [low: number | null, high: number | null] | undefined
  /** the reference id beside the code is not the code's own */
  readonly disagrees: boolean
  /** an OBX-8 that no table knows */
  readonly unknownFlag: boolean
}

/** An OBX that says nothing to Vigil. */
export type Passed =
  /** containment: the device, a module or a channel of it, without a value */
  | { readonly kind: 'device' }
  /** a value of a code that no channel has */
  | { readonly kind: 'unmapped'; readonly code: string }
  /** a value that cannot be read; `field` is its OBX field */
  | {
      readonly kind: 'unreadable'
      readonly field: number
      readonly reason: 'not-a-number' | 'unknown-unit'
      readonly channel: string
    }

/** What monitors send for "no value", beside OBX-11 X: 2^23 - 1, the 11073 FLOAT's NaN mantissa. */
const NO_VALUE = 8388607

/** OBX-8 of IHE PCD TF-2, table B.8: what is said of the measurement. Alarm states and comparisons with limits say nothing of it. */
const FLAGS: ReadonlyMap<string, Status> = new Map(Object.entries({
  INV: 'invalid', QUES: 'questionable', NAV: 'not-available', CAL: 'calibrating', TEST: 'test', DEMO: 'demo', VAL: 'ok',
  EARLY: 'early', BUSY: 'busy', OFF: 'off', ALACT: 'ok', ALINH: 'ok', N: 'ok', A: 'ok', AA: 'ok', H: 'ok', HH: 'ok', L: 'ok',
  LL: 'ok', '<': 'ok', '>': 'ok',
} as const)) // biome-ignore format: a table

/** OBX-11 (HL7 table 0085), where it says more than that there is a value. */
const RESULTS: ReadonlyMap<string, Status> = new Map(
  Object.entries({ X: 'not-available', N: 'not-available', I: 'early', D: 'invalid', W: 'invalid' } as const),
)

/** Units of IEEE 11073 by reference id, as UCUM. */
const UNITS: ReadonlyMap<string, string> = new Map(Object.entries({
  MDC_DIM_BEAT_PER_MIN: '/min', MDC_DIM_PULS_PER_MIN: '/min', MDC_DIM_RESP_PER_MIN: '/min', MDC_DIM_PER_MIN: '/min',
  MDC_DIM_PERCENT: '%', MDC_DIM_MMHG: 'mm[Hg]', MDC_DIM_KILO_PASCAL: 'kPa', MDC_DIM_CM_H2O: 'cm[H2O]', MDC_DIM_DEGC: 'Cel',
  MDC_DIM_FAHR: '[degF]', MDC_DIM_L_PER_MIN: 'L/min', MDC_DIM_MILLI_L_PER_MIN: 'mL/min', MDC_DIM_DIMLESS: '1',
})) // biome-ignore format: a table

const MDIL = /^([0-9A-F]{4})-([0-9A-F]{4})$/i
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/
/** low-high, low-, -high; negative limits in the form that HL7 writes them */
const RANGE = /^(-?\d*\.?\d*)-(-?\d*\.?\d*)$/

/** Channels by their codes. */
export interface CodeBook {
  readonly mdc: ReadonlyMap<number, number>
  readonly loinc: ReadonlyMap<string, number>
  readonly channels: readonly Channel[]
  /** what fields meant before, of messages with the usual delimiters: OBX-3; [channel] OBX-6 to 11 */
  readonly known: { readonly codes: Memo<Coded | string>; readonly remarks: readonly Memo<Remarks>[] }
}

export function codeBook({ channels }: ChannelTable): CodeBook {
  const mdc = new Map<number, number>()
  const loinc = new Map<string, number>()
  channels.forEach((channel, index) => {
    for (const code of channel.loinc) loinc.set(code, index)
    if (channel.mdc) for (const code of [channel.mdc.code, ...channel.mdc.aliases]) mdc.set(code, index)
  })
  return { mdc, loinc, channels, known: { codes: new Memo(), remarks: channels.map(() => new Memo(REMARKS)) } }
}

/** A channel, as a code names it. */
export interface Coded {
  readonly channel: number
  readonly disagrees: boolean
}

function coded(code: string, name: string, system: string, book: CodeBook): Coded | undefined {
  if (system === 'LN') {
    const channel = book.loinc.get(code)
    return channel === undefined ? undefined : { channel, disagrees: false }
  }
  const hex = MDIL.exec(code)
  const number = hex ? Number.parseInt(hex[1]!, 16) * 65536 + Number.parseInt(hex[2]!, 16) : Number(code)
  const channel = book.mdc.get(number)
  if (channel === undefined) return undefined
  const { code: own, refId } = book.channels[channel]!.mdc!
  return { channel, disagrees: own === number && name.startsWith('MDC_') && name !== refId && !SAME.has(name) }
}

/** Reference ids that mean the code of another spelling. */
const SAME: ReadonlySet<string> = new Set(['MDC_ECG_CARD_BEAT_RATE'])

function statusOf(
  flags: string,
  result: string,
  delimiters: Delimiters,
): { readonly status: Status; readonly unknownFlag: boolean } {
  let status: Status = RESULTS.get(result) ?? 'ok'
  if (flags === '') return { status, unknownFlag: false }
  let unknownFlag = false
  for (const flag of repetitionsOf(flags, delimiters)) {
    const code = componentOf(flag, 1, delimiters)
    const meant = code === '' ? 'ok' : FLAGS.get(code)
    // a flag that nobody knows must not take a value from the limits
    if (meant === undefined) unknownFlag = true
    else if (status === 'ok') status = meant
  }
  return { status, unknownFlag }
}

/** The unit of OBX-6: UCUM where it stands there, else by reference id, else as it is spelled. '' where it says none. */
function unitOf(field: string, delimiters: Delimiters): string {
  const [id, text, system, otherId, otherText, otherSystem] = [1, 2, 3, 4, 5, 6].map((n) =>
    componentOf(field, n, delimiters),
  )
  if (otherSystem === 'UCUM' && otherId !== '') return otherId!
  if (system === 'UCUM' && id !== '') return id!
  return UNITS.get(text!) ?? UNITS.get(id!) ?? UNITS.get(otherText!) ?? (system === 'MDC' ? text! : id!)
}

function limitsOf(field: string, convert: (value: number) => number): Sample['limits'] {
  const found = RANGE.exec(field)
  if (found === null || field === '-') return undefined
  const side = (text: string) => (NUMBER.test(text) ? convert(Number(text)) : null)
  return [side(found[1]!), side(found[2]!)]
}

/** What looks like no code is said to be none: a sender may have written anything there, and codes are told in metrics. */
export const UNCODED = 'none'
/** Of ISO/IEEE 11073, of Philips, of LOINC. */
const CODE = /^(?:\d{1,6}|0002-[0-9a-f]{4}|\d{1,5}-\d)$/i

/** The channel that OBX-3 means; else its code. */
function meaning(identifier: string, delimiters: Delimiters, book: CodeBook): Coded | string {
  const part = (n: number) => componentOf(identifier, n, delimiters)
  const found = coded(part(1), part(2), part(3), book) ?? coded(part(4), part(5), part(6), book)
  return found ?? [part(1), part(4)].find((code) => CODE.test(code)) ?? UNCODED
}

/** What stands between an observation's value and its time, of one channel: OBX-6 to 11. */
interface Remarks {
  /** into the channel's unit; undefined where the unit is another quantity's, or nobody's */
  readonly convert: ((value: number) => number) | undefined
  readonly status: Status
  readonly unknownFlag: boolean
  readonly limits: Sample['limits']
}
/** Kept of each channel: units, limits and flags in all their combinations. */
const REMARKS = 512
const asItIs = (value: number) => value

/** @param text OBX-6 to 11 */
function remarksOf(text: string, to: string, delimiters: Delimiters): Remarks {
  const [measured = '', range = '', flags = '', , , result = ''] = text.split(delimiters.field)
  const unit = unitOf(measured, delimiters)
  const convert = unit === '' ? asItIs : conversion(unit, to)
  const limits = convert === undefined ? undefined : limitsOf(componentOf(range, 1, delimiters), convert)
  return { convert, ...statusOf(flags, result, delimiters), limits }
}

const LAST_FIELD = 14
/** [n] where OBX-n ends, of the observation that is read: what lies behind its last field ends with it */
const ends = new Int32Array(LAST_FIELD + 1)

/** Find the fields' ends from where those of `from - 1` are known, to `to`. */
function findEnds(line: string, separator: string, from: number, to: number): void {
  for (let n = from; n <= to; n++) {
    const end = line.indexOf(separator, ends[n - 1]! + 1)
    ends[n] = end < 0 ? line.length : end
  }
}

/** Fields `from` to `to` as they stand, '' where the segment is shorter. */
const standing = (line: string, from: number, to = from) => line.slice(ends[from - 1]! + 1, ends[to])

/** Read one OBX. Never throws. */
export function observationOf(obx: Segment, delimiters: Delimiters, book: CodeBook): Sample | Passed {
  const { line } = obx
  const { codes, remarks } = book.known
  const usual = delimiters === USUAL
  ends[0] = NAME_LENGTH
  findEnds(line, delimiters.field, 1, 5)
  const identifier = standing(line, 3)
  const found = usual
    ? (codes.get(identifier) ?? codes.keep(identifier, meaning(identifier, delimiters, book)))
    : meaning(identifier, delimiters, book)
  if (typeof found === 'string')
    return componentOf(standing(line, 5), 1, delimiters) === '' && standing(line, 2) !== 'NM'
      ? { kind: 'device' }
      : { kind: 'unmapped', code: found }
  findEnds(line, delimiters.field, 6, LAST_FIELD)
  const channel = book.channels[found.channel]!
  const remark = standing(line, 6, 11)
  const known = remarks[found.channel]!
  const { convert, status, unknownFlag, limits } = usual
    ? (known.get(remark) ?? known.keep(remark, remarksOf(remark, channel.unit, delimiters)))
    : remarksOf(remark, channel.unit, delimiters)
  if (convert === undefined) return { kind: 'unreadable', field: 6, reason: 'unknown-unit', channel: channel.name }
  const value = status === 'not-available' ? Number.NaN : numberOf(line, delimiters)
  if (value === undefined) return { kind: 'unreadable', field: 5, reason: 'not-a-number', channel: channel.name }
  const absent = Number.isNaN(value)
  return {
    kind: 'sample',
    channel: found.channel,
    value: absent ? Number.NaN : convert(value),
    status: absent && status === STATUSES[OK] ? 'not-available' : status,
    time: standing(line, 14),
    limits,
    disagrees: found.disagrees,
    unknownFlag,
  }
}

/** The number of OBX-5; NaN where it says that there is none, undefined where it says something else. */
function numberOf(line: string, delimiters: Delimiters): number | undefined {
  // a sender may have made the point a delimiter
  const plain = delimiters === USUAL ? plainNumber(line, ends[4]! + 1, ends[5]!) : Number.NaN
  // the number that means none is one as a text
  if (plain >= 0 && plain !== NO_VALUE) return plain
  const text = componentOf(standing(line, 5), 1, delimiters)
  if (text === '' || text === String(NO_VALUE)) return Number.NaN
  return NUMBER.test(text) ? Number(text) : undefined
}

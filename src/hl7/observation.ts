import type { Channel, ChannelTable } from '../vitals/channels.ts'
import { OK, STATUSES, type Status } from '../vitals/reading.ts'
import { conversion } from '../vitals/units.ts'
import { Memo } from './memo.ts'
import { componentOf, type Delimiters, fieldOf, repetitionsOf, type Segment, USUAL } from './message.ts'

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
  /** OBX-14 as it stands, '' where the set's time holds */
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
const NO_VALUE = '8388607'

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
  /** what fields meant before, of messages with the usual delimiters */
  readonly known: { readonly codes: Memo<Coded | string>; readonly units: Memo<string> }
}

export function codeBook({ channels }: ChannelTable): CodeBook {
  const mdc = new Map<number, number>()
  const loinc = new Map<string, number>()
  channels.forEach((channel, index) => {
    for (const code of channel.loinc) loinc.set(code, index)
    if (channel.mdc) for (const code of [channel.mdc.code, ...channel.mdc.aliases]) mdc.set(code, index)
  })
  return { mdc, loinc, channels, known: { codes: new Memo(), units: new Memo() } }
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

function statusOf(obx: Segment, delimiters: Delimiters): { status: Status; unknownFlag: boolean } {
  let status: Status = RESULTS.get(fieldOf(obx, 11)) ?? 'ok'
  const flags = fieldOf(obx, 8)
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

/** Read one OBX. Never throws. */
export function observationOf(obx: Segment, delimiters: Delimiters, book: CodeBook): Sample | Passed {
  const usual = delimiters === USUAL
  const identify = (field: string) => meaning(field, delimiters, book)
  const found = usual ? book.known.codes.of(fieldOf(obx, 3), identify) : identify(fieldOf(obx, 3))
  const text = componentOf(fieldOf(obx, 5), 1, delimiters)
  if (typeof found === 'string')
    return text === '' && fieldOf(obx, 2) !== 'NM' ? { kind: 'device' } : { kind: 'unmapped', code: found }
  const channel = book.channels[found.channel]!
  const { status, unknownFlag } = statusOf(obx, delimiters)
  const measured = (field: string) => unitOf(field, delimiters)
  const unit = usual ? book.known.units.of(fieldOf(obx, 6), measured) : measured(fieldOf(obx, 6))
  const convert = unit === '' ? (value: number) => value : conversion(unit, channel.unit)
  if (convert === undefined) return { kind: 'unreadable', field: 6, reason: 'unknown-unit', channel: channel.name }
  const absent = text === '' || text === NO_VALUE || status === 'not-available'
  if (!absent && !NUMBER.test(text))
    return { kind: 'unreadable', field: 5, reason: 'not-a-number', channel: channel.name }
  return {
    kind: 'sample',
    channel: found.channel,
    value: absent ? Number.NaN : convert(Number(text)),
    status: absent && status === STATUSES[OK] ? 'not-available' : status,
    time: componentOf(fieldOf(obx, 14), 1, delimiters),
    limits: limitsOf(componentOf(fieldOf(obx, 7), 1, delimiters), convert),
    disagrees: found.disagrees,
    unknownFlag,
  }
}

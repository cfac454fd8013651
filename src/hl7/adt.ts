import type { EncounterMessage } from '../vitals/control.ts'
import { type Profile, profileOf } from '../vitals/profile.ts'
import { bedKeyOf, type IdentityOptions, locationOf, patientOf, visitOf } from './identity.ts'
import { componentOf, fieldOf, type Message } from './message.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Zone } from './time.ts'

/** The events that Vigil follows, and those that change nothing of who lies where and how old they are. */
const FOLLOWED = ['A01', 'A02', 'A03', 'A08', 'A11', 'A12', 'A13', 'A40'] as const
const WITHOUT_MEANING: ReadonlySet<string> = new Set([
  'A04',
  'A05',
  'A07',
  'A09',
  'A10',
  'A14',
  'A15',
  'A16',
  'A21',
  'A22',
  'A28',
  'A31',
])

/** What an ADT message means; no message where the event means nothing to a ward that is watched. */
export interface Moved {
  readonly kind: 'moved'
  readonly message: EncounterMessage | undefined
}

export interface AdtOptions {
  readonly identity: IdentityOptions
  readonly zone: Zone
  readonly written: number | string
}

const DAY = 86_400_000
const OLDEST_DAYS = 55_000

/**
 * An ADT message as a message of the encounters topic. The date of birth stays here: what leaves is an age group.
 */
export function readAdmission(message: Message, event: string, options: AdtOptions): Moved | Refusal {
  const { delimiters, segments } = message
  const { identity, zone, written } = options
  if (WITHOUT_MEANING.has(event)) return { kind: 'moved', message: undefined }
  const action = (FOLLOWED as readonly string[]).includes(event) ? (event as (typeof FOLLOWED)[number]) : undefined
  if (action === undefined) return refuse('event', 'this ADT event is not followed', 'MSH-9')
  const segment = (name: string) => segments.find((it) => it.name === name)
  const text = (name: string, n: number) => {
    const found = segment(name)
    return found === undefined ? '' : componentOf(fieldOf(found, n), 1, delimiters)
  }
  const pid = segment('PID')
  if (pid === undefined) return refuse('segment', 'there is no PID', 'PID')
  const patientKey = patientOf(fieldOf(pid, 3), delimiters, identity)
  if (patientKey === undefined) return refuse('required', 'there is no identifier of the patient', 'PID-3')
  const [said, place] = [['EVN', 6], ['EVN', 2]].map(([name, n]) => [text(name as string, n as number), `${name}-${n}`]).find(([it]) => it !== '') ?? ['', 'MSH-7'] // biome-ignore format: the fields in their order
  const at = said === '' ? written : zone.instant(said!)
  if (typeof at === 'string') return refuse('type', at, place)
  const pv1 = segment('PV1')
  const encounter = visitOf(pv1, pid, delimiters, identity)
  const { unit, bed } =
    pv1 === undefined ? { unit: undefined, bed: undefined } : locationOf(fieldOf(pv1, 3), delimiters)
  const whole = { patientKey, at }
  const visit = encounter === undefined ? {} : { encounter }
  const where = { ...(unit !== undefined && { unit }), ...(bed !== undefined && { bed }) }
  const profile = ageGroup(text('PID', 7), at, zone)
  if (typeof profile === 'object') return profile
  const age = profile === undefined ? {} : { profile }
  const moved = (made: EncounterMessage): Moved => ({ kind: 'moved', message: made })
  const lacks = (what: string, at: string) => refuse('required', `${what} is missing`, at)
  switch (action) {
    case 'A01':
      if (encounter === undefined) return lacks('the visit number', 'PV1-19')
      return moved({ ...whole, action: 'admit', encounter, ...where, ...age })
    case 'A02': {
      if (bed === undefined) return lacks('the bed', 'PV1-3')
      const from = locationOf(fieldOf(pv1!, 6), delimiters)
      const left =
        bedKeyOf(from) === undefined
          ? {}
          : { from: { ...(from.unit !== undefined && { unit: from.unit }), bed: from.bed } }
      return moved({ ...whole, action: 'transfer', ...visit, ...(unit !== undefined && { unit }), bed, ...left })
    }
    case 'A03':
      return moved({ ...whole, action: 'discharge', ...visit })
    case 'A08':
      // an update that tells no age changes nothing here
      return profile === undefined
        ? { kind: 'moved', message: undefined }
        : moved({ ...whole, action: 'profile', ...visit, profile })
    case 'A11':
      return moved({ ...whole, action: 'cancel-admit', ...visit })
    case 'A12':
      if (bed === undefined) return lacks('the bed', 'PV1-3')
      return moved({ ...whole, action: 'cancel-transfer', ...visit, ...(unit !== undefined && { unit }), bed })
    case 'A13':
      if (encounter === undefined) return lacks('the visit number', 'PV1-19')
      return moved({ ...whole, action: 'cancel-discharge', encounter, ...where, ...age })
    case 'A40': {
      const mrg = segment('MRG')
      const ends = mrg && patientOf(fieldOf(mrg, 1), delimiters, identity)
      if (ends === undefined) return lacks('the identifier of the record that ends', 'MRG-1')
      if (ends === patientKey) return refuse('unknownKey', 'a record cannot be merged into itself', 'MRG-1')
      return moved({ patientKey: ends, at, action: 'merge', into: patientKey })
    }
  }
}

/**
 * The age group of a date of birth; undefined where there is none, or where a year or a month alone leaves two groups open.
 */
function ageGroup(born: string, at: number, zone: Zone): Profile | undefined | Refusal {
  if (born === '') return undefined
  const told = /^\d{8}/.exec(born)?.[0] ?? (/^(?:\d{4}|\d{6})$/.test(born) ? born : undefined)
  if (told === undefined) return refuse('type', 'the date of birth is no HL7 date', 'PID-7')
  const earliest = midnight(told.padEnd(8, '01'), zone)
  const latest = told.length === 8 ? earliest : midnight(told.length === 4 ? `${told}1231` : `${told}28`, zone)
  if (earliest === undefined || latest === undefined) return refuse('type', 'there is no such date of birth', 'PID-7')
  const [most, least] = [earliest, latest].map((instant) => Math.floor((at - instant) / DAY)) as [number, number]
  if (most < 0 || most > OLDEST_DAYS)
    return refuse('type', 'the date of birth is after the event, or more than 150 years before it', 'PID-7')
  const group = profileOf(most)
  return profileOf(Math.max(0, least)) === group ? group : undefined
}

/** Midnight of a date, which may lie before 1990, where no reading can. */
function midnight(date: string, zone: Zone): number | undefined {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6, 8)].map(Number)
  const local = new Date(Date.UTC(year!, month! - 1, day!))
  if (local.getUTCMonth() !== month! - 1 || local.getUTCDate() !== day) return undefined
  return local.getTime() - zone.offset(local.getTime())
}

import { bedKey } from '../vitals/reading.ts'
import { componentOf, type Delimiters, fieldOf, repetitionsOf, type Segment, subcomponentOf } from './message.ts'
import type { Pseudonyms } from './pseudonym.ts'

/** How a site tells its patients apart. */
export interface IdentityOptions {
  readonly pseudonyms: Pseudonyms
  /** namespace of the record numbers to go by, where a patient has several; '' takes the first */
  readonly authority: string
}

/** Where a patient lies: PV1-3 is unit^room^bed. */
export interface Location {
  readonly unit: string | undefined
  readonly bed: string | undefined
}

/** An identifier as CX writes it: number^check digit^scheme^authority^type. */
interface Identifier {
  readonly number: string
  readonly authority: string
  readonly type: string
}

const MEDICAL_RECORD = 'MR'

function identifierOf(repetition: string, delimiters: Delimiters): Identifier {
  return {
    number: componentOf(repetition, 1, delimiters),
    authority: subcomponentOf(repetition, 4, 1, delimiters),
    type: componentOf(repetition, 5, delimiters),
  }
}

/**
 * The pseudonym of the patient that a field of identifiers names (PID-3, MRG-1), or undefined where it names none.
 * Of several: the authority that the site goes by, else the medical record number, else the first.
 */
export function patientOf(field: string, delimiters: Delimiters, options: IdentityOptions): string | undefined {
  const all = repetitionsOf(field, delimiters)
    .map((it) => identifierOf(it, delimiters))
    .filter(({ number }) => number !== '')
  const { authority, pseudonyms } = options
  const wanted = authority === '' ? all : all.filter((it) => it.authority === authority)
  // the site says whose numbers count: another authority's number is another person's here
  const chosen = wanted.find(({ type }) => type === MEDICAL_RECORD) ?? wanted[0]
  return chosen && pseudonyms.patient(chosen.authority, chosen.number)
}

/** The pseudonym of the visit: PV1-19, else the account of PID-18; undefined where there is neither. */
export function visitOf(
  pv1: Segment | undefined,
  pid: Segment | undefined,
  delimiters: Delimiters,
  { pseudonyms }: IdentityOptions,
): string | undefined {
  for (const field of [pv1 && fieldOf(pv1, 19), pid && fieldOf(pid, 18)]) {
    if (field === undefined || field === '') continue
    const { number, authority } = identifierOf(repetitionsOf(field, delimiters)[0]!, delimiters)
    if (number !== '') return pseudonyms.visit(authority, number)
  }
  return undefined
}

/** The location that a field says (PV1-3, PV1-6). A bed is told with its room, where the site numbers beds by room. */
export function locationOf(field: string, delimiters: Delimiters): Location {
  const [unit, room, bed] = [1, 2, 3].map((n) => componentOf(field, n, delimiters))
  const name = bed === '' ? room! : room === '' || bed!.startsWith(room!) ? bed! : `${room}-${bed}`
  return { unit: unit === '' ? undefined : unit!.slice(0, 128), bed: name === '' ? undefined : name.slice(0, 128) }
}

/** The key of whoever lies in a bed, where nobody says who it is; undefined where not even the bed is known. */
export function bedKeyOf({ unit, bed }: Location): string | undefined {
  return bed === undefined ? undefined : bedKey(unit, bed)
}

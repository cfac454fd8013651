import type { EncounterMessage } from '../vitals/control.ts'
import type { Mode, WireReading } from '../vitals/reading.ts'
import type { Rejection } from '../vitals/rejection.ts'
import { readAdmission } from './adt.ts'
import { charsetOf, type Header, headerOf } from './header.ts'
import type { IdentityOptions } from './identity.ts'
import { parseMessage } from './message.ts'
import type { CodeBook } from './observation.ts'
import { readObservations } from './oru.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Zone } from './time.ts'

/** What one message of HL7 v2 means to Vigil. */
export interface Read {
  /** undefined where not even MSH can be read */
  readonly header: Header | undefined
  /** `ORU^R01`, for counting; `other` for all that is not followed */
  readonly kind: string
  /** when it was written by its sender's clock, ms since 1970; undefined where it does not say */
  readonly written: number | undefined
  readonly readings: readonly WireReading[]
  readonly encounter: EncounterMessage | undefined
  readonly rejections: readonly Rejection[]
  readonly unmapped: readonly string[]
  readonly disagreements: number
  readonly unknownFlags: number
  /** the message as a whole is not taken, and nothing of it is */
  readonly refusal: Refusal | undefined
}

export interface ReadOptions {
  readonly identity: IdentityOptions
  readonly book: CodeBook
  /** of times without an offset */
  readonly zone: Zone
}

const NOTHING = { readings: [], encounter: undefined, rejections: [], unmapped: [], disagreements: 0, unknownFlags: 0 }
/** HL7 table 0103. What is no production never raises a live alert. */
const MODES: ReadonlyMap<string, Mode> = new Map([
  ['P', 'live'],
  ['D', 'test'],
  ['T', 'test'],
])

/**
 * Read one message: an ORU^R01 becomes readings, an ADT message an encounter message, anything else a refusal. Pure, and
 * never throws; whatever names a patient is a pseudonym in what comes out.
 * @param bytes between the frame bytes of MLLP
 */
export function readMessage(bytes: Buffer, options: ReadOptions): Read {
  const charset = charsetOf(bytes)
  const message = parseMessage(bytes.toString(charset ?? 'latin1'))
  if ('malformed' in message)
    return {
      ...NOTHING,
      header: undefined,
      kind: 'other',
      written: undefined,
      refusal: refuse('segment', message.malformed, 'MSH'),
    }
  const header = headerOf(message)
  const written =
    header.time === '' ? 'the message does not say when it was written' : options.zone.instant(header.time)
  const told = { header, kind: 'other', written: typeof written === 'number' ? written : undefined }
  const refused = (refusal: Refusal): Read => ({ ...NOTHING, ...told, refusal })
  if (charset === undefined)
    return refused(refuse('table', 'the character set is none of ASCII, UNICODE UTF-8, 8859/1', 'MSH-18'))
  const mode = MODES.get(header.processing)
  if (mode === undefined) return refused(refuse('processing', 'the processing id is none of P, T, D', 'MSH-11'))
  if (header.control === '') return refused(refuse('required', 'there is no control id', 'MSH-10'))
  if (header.type === 'ORU' && header.event === 'R01') {
    const { identity, book, zone } = options
    const found = readObservations(message, { identity, book, zone, written, mode })
    const kind = 'ORU^R01'
    if (found.kind === 'refused') return { ...NOTHING, ...told, kind, refusal: found }
    const { readings, rejections, unmapped, disagreements, unknownFlags } = found
    // named one by one: of every message, and what is spread is built by calls out of compiled code
    return {
      header,
      kind,
      written: told.written,
      readings,
      encounter: undefined,
      rejections,
      unmapped,
      disagreements,
      unknownFlags,
      refusal: undefined,
    }
  }
  if (header.type === 'ADT') {
    // an exercise admits and discharges nobody
    if (mode !== 'live')
      return refused(refuse('processing', 'an ADT message that is no production is not followed', 'MSH-11'))
    const found = readAdmission(message, header.event, { identity: options.identity, zone: options.zone, written })
    if (found.kind === 'refused') return refused(found)
    return { ...NOTHING, ...told, kind: `ADT^${header.event}`, encounter: found.message, refusal: undefined }
  }
  return refused(refuse('message', 'only ORU^R01 and ADT messages are taken', 'MSH-9'))
}

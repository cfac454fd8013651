import { componentOf, fieldOf, type Message } from './message.ts'

/** What MSH says (HL7 2.6, 2.14.9); texts as they stand. */
export interface Header {
  /** MSH-3 and MSH-4: who sent it; a gateway or a central station, never a person */
  readonly application: string
  readonly facility: string
  /** MSH-7 as it stands */
  readonly time: string
  /** MSH-9: `ORU`, `R01` */
  readonly type: string
  readonly event: string
  /** MSH-10, given back in the acknowledgement */
  readonly control: string
  /** MSH-11: P production, T training, D debugging */
  readonly processing: string
  readonly version: string
  /** MSH-15 says when to confirm that it is taken; where it and MSH-16 are empty, acknowledgements are of the original mode */
  readonly acceptAck: string
  readonly enhanced: boolean
}

export function headerOf({ segments, delimiters }: Message): Header {
  const msh = segments[0]!
  const part = (n: number, c = 1) => componentOf(fieldOf(msh, n), c, delimiters)
  return {
    application: part(3),
    facility: part(4),
    time: part(7),
    type: part(9),
    event: part(9, 2),
    control: fieldOf(msh, 10),
    processing: part(11),
    version: part(12),
    acceptAck: part(15),
    enhanced: part(15) !== '' || part(16) !== '',
  }
}

const CR = 0x0d
const BAR = 0x7c
/** Bytes in which MSH is looked for where nothing ends it. */
const MOST_SEARCHED = 4096
const CHARSET = 18

/** The character set of MSH-18 as Node names it; undefined where it is none that is read. */
export function charsetOf(bytes: Buffer): 'utf8' | 'latin1' | undefined {
  const told = componentOf(charsetField(bytes), 1, {
    field: letterAt(bytes, 3, '|'),
    component: letterAt(bytes, 4, '^'),
    repetition: letterAt(bytes, 5, '~'),
    escape: '\\',
    subcomponent: '&',
  })
  // ASCII is the same in both; what else a sender without MSH-18 means is UTF-8 today
  if (told === '' || told === 'ASCII' || /^UNICODE( UTF-8)?$/.test(told)) return 'utf8'
  return /^8859\/1$/.test(told) ? 'latin1' : undefined
}

const letterAt = (bytes: Buffer, at: number, otherwise: string) =>
  at < bytes.length ? String.fromCharCode(bytes[at]!) : otherwise

/** MSH-18 as it stands. The separator of fields is passed 17 times before it, that of MSH-1 among them. */
function charsetField(bytes: Buffer): string {
  const cr = bytes.indexOf(CR)
  const end = cr < 0 ? Math.min(bytes.length, MOST_SEARCHED) : cr
  const separator = bytes[3] ?? BAR
  let passed = 0
  let from = 0
  for (let at = 0; at < end; at++) {
    if (bytes[at] !== separator) continue
    if (++passed === CHARSET) return bytes.toString('latin1', from, at)
    from = at + 1
  }
  return passed === CHARSET - 1 ? bytes.toString('latin1', from, end) : ''
}

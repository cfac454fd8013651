import { componentOf, type Delimiters, fieldOf, type Message } from './message.ts'

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

/** The character set of MSH-18 as Node names it; undefined where it is none that is read. */
export function charsetOf(bytes: Buffer): 'utf8' | 'latin1' | undefined {
  const end = bytes.indexOf(0x0d)
  const msh = bytes.subarray(0, end < 0 ? Math.min(bytes.length, 4096) : end).toString('latin1')
  const delimiters: Delimiters = {
    field: msh[3] ?? '|',
    component: msh[4] ?? '^',
    repetition: msh[5] ?? '~',
    escape: '\\',
    subcomponent: '&',
  }
  const told = componentOf(msh.split(delimiters.field)[17] ?? '', 1, delimiters)
  // ASCII is the same in both; what else a sender without MSH-18 means is UTF-8 today
  if (told === '' || told === 'ASCII' || /^UNICODE( UTF-8)?$/.test(told)) return 'utf8'
  return /^8859\/1$/.test(told) ? 'latin1' : undefined
}

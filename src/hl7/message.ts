/**
 * HL7 v2 messages in the pipe form (HL7 2.6, chapter 2): segments end with CR, fields, repetitions, components and
 * subcomponents are told apart by the characters that MSH announces. Split on demand: an observation has thirty fields, of
 * which six are read.
 */
export interface Delimiters {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly escape: string
  readonly subcomponent: string
}

/** The usual delimiters, those of everything Vigil writes; a message that announces them has this very object. */
export const USUAL: Delimiters = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' }

const isUsual = (told: Delimiters) =>
  (Object.keys(USUAL) as (keyof Delimiters)[]).every((name) => told[name] === USUAL[name])

/** One segment, taken apart where somebody asks for it: most of them are read through, or not read at all. */
export class Segment {
  readonly name: string
  /** all of it, without its end */
  readonly line: string
  readonly #separator: string
  #fields: readonly string[] | undefined

  constructor(line: string, separator: string) {
    this.name = line.slice(0, NAME_LENGTH)
    this.line = line
    this.#separator = separator
  }

  /** `fields[n]` is SEG-n as it stands; of MSH too, where MSH-1 is the field separator itself. */
  get fields(): readonly string[] {
    if (this.#fields === undefined) {
      const fields = this.line.split(this.#separator)
      if (this.name === 'MSH') fields.splice(1, 0, this.#separator)
      this.#fields = fields
    }
    return this.#fields
  }
}

export interface Message {
  readonly delimiters: Delimiters
  /** [>= 1], the first is MSH */
  readonly segments: readonly Segment[]
}

/** A message that cannot be taken apart. */
export interface Malformed {
  readonly malformed: string
}

export const NAME_LENGTH = 3
/** Segments of one message, at most: one of a central station has some hundreds. */
const MOST_SEGMENTS = 10_000

/** Take a message apart. Line feeds beside or instead of carriage returns are taken for what they were meant to be. Never throws. */
export function parseMessage(text: string): Message | Malformed {
  if (!text.startsWith('MSH')) return { malformed: 'the message does not begin with MSH' }
  const field = text[3] ?? ''
  const end = field === '' ? -1 : text.indexOf(field, 4)
  if (end < 5) return { malformed: 'MSH announces no delimiters' }
  const [component, repetition = '~', escapes = '\\', subcomponent = '&'] = text.slice(4, end)
  const told: Delimiters = { field, component: component!, repetition, escape: escapes, subcomponent }
  const delimiters = isUsual(told) ? USUAL : told
  const set = new Set(Object.values(delimiters))
  if (set.size !== 5 || [...set].some((it) => /[\p{L}\p{N}\s]/u.test(it)))
    return { malformed: 'MSH announces delimiters that cannot be told apart' }
  const segments: Segment[] = []
  for (const line of text.includes('\n') ? text.split(/[\r\n]+/) : text.split('\r')) {
    if (line === '') continue
    if (segments.length === MOST_SEGMENTS) return { malformed: `the message has more than ${MOST_SEGMENTS} segments` }
    if (!named(line, field)) return { malformed: `segment ${segments.length + 1} has no name of three letters` }
    segments.push(new Segment(line, field))
  }
  return { delimiters, segments }
}

/** Whether a line begins with a segment's name: a letter, and two letters or digits. */
function named(line: string, field: string): boolean {
  if (line.length > NAME_LENGTH ? line[NAME_LENGTH] !== field : line.length < NAME_LENGTH) return false
  return isLetter(line.charCodeAt(0)) && isLetterOrDigit(line.charCodeAt(1)) && isLetterOrDigit(line.charCodeAt(2))
}

const isLetter = (code: number) => code >= 0x41 && code <= 0x5a
const isLetterOrDigit = (code: number) => isLetter(code) || (code >= 0x30 && code <= 0x39)

/** SEG-n as it stands, '' where the segment is shorter. */
export function fieldOf(segment: Segment, n: number): string {
  return segment.fields[n] ?? ''
}

/** Component `n` (from 1) of a field's first repetition, escapes resolved; '' where there is none or it is `""`. */
export function componentOf(field: string, n: number, delimiters: Delimiters): string {
  if (field === '') return ''
  const first = before(field, delimiters.repetition)
  let from = 0
  for (let i = 1; i < n; i++) {
    const next = first.indexOf(delimiters.component, from)
    if (next < 0) return ''
    from = next + 1
  }
  const end = first.indexOf(delimiters.component, from)
  const component = end < 0 ? first.slice(from) : first.slice(from, end)
  const text = unescaped(before(component, delimiters.subcomponent), delimiters)
  return text === '""' ? '' : text
}

/** The repetitions of a field, as they stand. */
export function repetitionsOf(field: string, { repetition }: Delimiters): string[] {
  return field === '' ? [] : field.split(repetition)
}

/** Subcomponent `s` of component `n` (both from 1) of one repetition. */
export function subcomponentOf(repetition: string, n: number, s: number, delimiters: Delimiters): string {
  const component = repetition.split(delimiters.component)[n - 1] ?? ''
  return unescaped(component.split(delimiters.subcomponent)[s - 1] ?? '', delimiters)
}

function before(text: string, delimiter: string): string {
  const at = text.indexOf(delimiter)
  return at < 0 ? text : text.slice(0, at)
}

/** `\F\ \S\ \T\ \R\ \E\ \Xhh..\` resolved; other sequences (fonts, character sets) stay as they are. */
export function unescaped(text: string, delimiters: Delimiters): string {
  const mark = delimiters.escape
  if (!text.includes(mark)) return text
  let out = ''
  let at = 0
  for (;;) {
    const open = text.indexOf(mark, at)
    const close = open < 0 ? -1 : text.indexOf(mark, open + 1)
    if (close < 0) return out + text.slice(at)
    const meant = sequence(text.slice(open + 1, close), delimiters)
    out += text.slice(at, open) + (meant ?? text.slice(open, close + 1))
    at = close + 1
  }
}

function sequence(code: string, delimiters: Delimiters): string | undefined {
  switch (code) {
    case 'F':
      return delimiters.field
    case 'S':
      return delimiters.component
    case 'T':
      return delimiters.subcomponent
    case 'R':
      return delimiters.repetition
    case 'E':
      return delimiters.escape
  }
  return /^X(?:[0-9A-F]{2})+$/i.test(code) ? Buffer.from(code.slice(1), 'hex').toString('latin1') : undefined
}

/** A text as it may stand in a field. */
export function escaped(text: string, delimiters: Delimiters): string {
  const { escape: mark } = delimiters
  const codes: Readonly<Record<string, string>> = {
    [delimiters.field]: 'F',
    [delimiters.component]: 'S',
    [delimiters.subcomponent]: 'T',
    [delimiters.repetition]: 'R',
    [mark]: 'E',
    '\r': 'X0D',
    '\n': 'X0A',
  }
  let out = ''
  for (const it of text) out += codes[it] === undefined ? it : `${mark}${codes[it]}${mark}`
  return out
}

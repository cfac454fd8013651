import type { ChannelTable } from '../vitals/channels.ts'
import { type Mode, OK, type Reading } from '../vitals/reading.ts'
import { MAX_KEY, rangedStatus } from './decode-reading.ts'
import { Samples } from './decode-samples.ts'
import { KnownTexts } from './decode-texts.ts'
import { implausible } from './event-time.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const SPACE = 0x20
const DELETE = 0x7f

/** Digits of a number that a double holds exactly, whatever they are. */
const DIGITS = 15
/** [digits after the point] powers of ten that a double holds exactly, so that one division rounds as reading the text does */
const POWERS = Array.from({ length: DIGITS + 1 }, (_, i) => 10 ** i)
const FIELDS = ['patient', 'encounter', 'unit', 'bed', 'time', 'complete', 'values'] as const
// places among them; before them stand those that are texts
const TIME = 4
const COMPLETE = 5
const VALUES = 6
// four letters, little end first
const NULL = 0x6c6c756e
const TRUE = 0x65757274
const FALS = 0x736c6166
const E = 0x65

interface Name {
  readonly text: string
  readonly index: number
}

function names(list: Iterable<readonly [string, number]>): ReadonlyMap<number, Name> {
  const found = new Map<number, Name>()
  for (const [text, index] of list) {
    let hash = 0
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
    // of two with one hash the whole decoder reads the second
    if (!found.has(hash)) found.set(hash, { text, index })
  }
  return found
}

/**
 * Reads what monitors send all day without making anything but the reading: a patient, a time in ms, values that are
 * plain numbers, ASCII without escapes. JSON.parse makes two objects and their texts of each message first. Everything else, and all
 * that is wrong, is for `decodeReading`; where this gives a reading, that one gives an equal one (held by a property).
 */
export class QuickReader {
  readonly #table: ChannelTable
  readonly #mode: Mode
  readonly #fields = names(FIELDS.map((name, i) => [name, i] as const))
  readonly #channels: ReadonlyMap<number, Name>
  readonly #samples = new Samples()
  readonly #texts = new KnownTexts()
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** false once the message is one for the whole decoder */
  #plain = true

  /** @param mode of a message that says none; one that does is for the whole decoder */
  constructor(table: ChannelTable, mode: Mode = 'live') {
    this.#table = table
    this.#mode = mode
    this.#channels = names(table.index)
  }

  /**
   * @param bytes with one message, from `from` to `to`
   * @returns undefined where it takes the whole decoder to say what it holds
   */
  read(bytes: Buffer, from = 0, to = bytes.length): Reading | undefined {
    this.#bytes = bytes
    // what is read beyond its end is no message that ends there
    this.#at = from
    this.#plain = true
    const texts: (string | undefined)[] = [undefined, undefined, undefined, undefined]
    let time = Number.NaN
    let complete = false
    let seen = 0
    if (!this.#take(OPEN)) return undefined
    do {
      const field = this.#name(this.#fields)
      if (field < 0 || (seen & (1 << field)) !== 0 || !this.#take(COLON)) return undefined
      seen |= 1 << field
      if (field < TIME) texts[field] = this.#text()
      else if (field === TIME) time = this.#number()
      else if (field === COMPLETE) complete = this.#flag()
      else if (!this.#values()) return undefined
      if (!this.#plain) return undefined
    } while (this.#take(COMMA))
    const [patientKey, encounter, unit, bed] = texts
    const ended = this.#take(CLOSE) && this.#at === to
    if (!ended || patientKey === undefined || (seen & (1 << VALUES)) === 0 || implausible(time) !== undefined)
      return undefined
    const samples = this.#samples
    return {
      kind: 'reading',
      patientKey,
      encounter,
      unit,
      bed,
      time,
      mode: this.#mode,
      complete,
      channels: samples.channels(),
      values: samples.values(),
      statuses: samples.statuses(),
      times: undefined,
    }
  }

  #space(): void {
    while (this.#bytes[this.#at] === SPACE) this.#at++
  }

  /** Pass a character, and spaces before it. */
  #take(byte: number): boolean {
    const bytes = this.#bytes
    this.#space()
    if (bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  /** @returns index of a name among those that are known; negative for any other */
  #name(known: ReadonlyMap<number, Name>): number {
    if (!this.#take(QUOTE)) return -1
    const bytes = this.#bytes
    const from = this.#at
    let at = from
    let hash = 0
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === undefined) return -1
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const name = known.get(hash)
    if (name === undefined || name.text.length !== at - from) return -1
    for (let i = from; i < at; i++) if (bytes[i] !== name.text.charCodeAt(i - from)) return -1
    this.#at = at + 1
    return name.index
  }

  #text(): string | undefined {
    if (!this.#take(QUOTE)) return this.#other()
    const bytes = this.#bytes
    const from = this.#at
    let at = from
    let hash = 0
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === undefined || byte < SPACE || byte >= DELETE || byte === BACKSLASH) return this.#other()
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    if (at === from || at - from > MAX_KEY) return this.#other()
    this.#at = at + 1
    return this.#texts.of(bytes, from, at, hash)
  }

  #number(): number {
    const bytes = this.#bytes
    this.#space()
    let at = this.#at
    const negative = bytes[at] === MINUS
    if (negative) at++
    const from = at
    let digits = 0
    for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) digits = digits * 10 + (byte - ZERO)
    const whole = at - from
    let behind = 0
    if (bytes[at] === DOT) {
      const point = at++
      for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[++at]!)
        digits = digits * 10 + (byte - ZERO)
      behind = at - point - 1
      if (behind === 0) return this.#other() ?? Number.NaN
    }
    const leading = bytes[from] === ZERO && whole > 1
    // what may follow a number in JSON is the comma or bracket that is asked for next; an exponent is neither
    if (whole === 0 || leading || whole + behind > DIGITS) return this.#other() ?? Number.NaN
    this.#at = at
    const value = digits / POWERS[behind]!
    return negative ? -value : value
  }

  #flag(): boolean {
    if (this.#word(TRUE)) return true
    if (!this.#word(FALS) || this.#bytes[this.#at++] !== E) this.#plain = false
    return false
  }

  #word(letters: number): boolean {
    this.#space()
    if (this.#at + 4 > this.#bytes.length || this.#bytes.readInt32LE(this.#at) !== letters) return false
    this.#at += 4
    return true
  }

  /** @returns whether they are such as can be read here */
  #values(): boolean {
    const samples = this.#samples
    samples.begin()
    if (!this.#take(OPEN)) return false
    do {
      const index = this.#name(this.#channels)
      if (index < 0 || samples.has(index) || !this.#take(COLON)) return false
      const value = this.#word(NULL) ? Number.NaN : this.#number()
      if (!this.#plain) return false
      samples.add(index, value, rangedStatus(value, OK, this.#table.channels[index]!), Number.NaN)
    } while (this.#take(COMMA))
    return this.#take(CLOSE)
  }

  #other(): undefined {
    this.#plain = false
    return undefined
  }
}

/** What stands for a double, two bits each: most of a patient's row is one of the first three. */
const ZERO = 0
const NOTHING = 1 // NaN
const WHOLE = 2 // int32, 1 to 5 bytes
const DOUBLE = 3 // float64

/**
 * How a whole number begins. Counts and vital signs are short; ticks are long, and nearly all of a patient's are the newest
 * one or lie a few before it.
 */
const TWO_BYTES = 0x80 // 10xxxxxx xxxxxxxx: 14 bits; 0xxxxxxx: 7 bits
const BEFORE = 0xc0 // 110xxxxx: so many less than the long one before it
const LONG = 0xe0 // 11100000 and four bytes
const MOST_BYTES = 5

/** words of the high half of a double: all NaNs that a processor makes, and -0 */
const NAN_BITS = 0x7ff80000
const MINUS_ZERO = 0x80000000 | 0

/** One piece of memory, seen as numbers of every kind, in the byte order of the processor: little-endian. */
export interface Room {
  readonly bytes: Buffer
  readonly words: Int32Array
  readonly floats: Float32Array
  readonly doubles: Float64Array
}

/** Room for so many bytes and a few more. */
export function makeRoom(size: number): Room {
  const memory = new ArrayBuffer(8 * Math.ceil(size / 8))
  const [words, floats] = [new Int32Array(memory), new Float32Array(memory)]
  return { bytes: Buffer.from(memory), words, floats, doubles: new Float64Array(memory) }
}

/** Words of the tags of `count` doubles: as many bytes as let doubles follow. */
const tagWords = (count: number): number => 2 * Math.ceil(count / 32)

/** Bytes that packing `count` doubles needs at most, of the room that it is done in. */
export const packedBound = (count: number): number => 4 * tagWords(count) + (8 + MOST_BYTES) * count

/**
 * Writes doubles so that zeros and NaNs take two bits, whole numbers a byte or a few, and every other value its own
 * eight: exact to the bit, every NaN alike. In the room: tags, doubles, whole numbers.
 */
export class DoublePacker {
  #room = makeRoom(0)
  /** the word of tags that is filling, and those in it */
  #tagsAt = 0
  #tags = 0
  #tagged = 0
  #doubles = 0
  /** whole numbers are written behind everything, and moved when it is known how many doubles there are */
  #wholesFrom = 0
  #wholes = 0
  #long = 0

  /** @param at in bytes, a multiple of 8 */
  begin(room: Room, at: number, count: number): void {
    this.#room = room
    this.#tagsAt = at / 4
    this.#tags = this.#tagged = 0
    this.#doubles = (at + 4 * tagWords(count)) / 8
    // what no tag fills
    room.words.fill(0, Math.max(this.#tagsAt, 2 * this.#doubles - 2), 2 * this.#doubles)
    this.#wholesFrom = this.#wholes = 8 * (this.#doubles + count)
    this.#long = 0
  }

  /**
   * The next `count` doubles.
   * @param words the memory of `values`: what most of them are shows in their bits
   */
  add(values: Float64Array, words: Int32Array, from: number, count: number): void {
    const { bytes, words: room, doubles } = this.#room
    let next = this.#doubles
    let whole = this.#wholes
    let long = this.#long
    let tags = this.#tags
    let tagged = this.#tagged
    let tagsAt = this.#tagsAt
    for (let at = from, end = from + count; at < end; at++) {
      const high = words[2 * at + 1]!
      let tag = ZERO
      if ((high & NAN_BITS) === NAN_BITS) tag = NOTHING
      else if (high !== 0 || words[2 * at] !== 0) {
        const value = values[at]!
        const int = value | 0
        if (int !== value || high === MINUS_ZERO) {
          tag = DOUBLE
          doubles[next++] = value
        } else {
          tag = WHOLE
          if (int >= -64 && int < 64) bytes[whole++] = int & 0x7f
          else if (int >= -8192 && int < 8192) {
            bytes[whole++] = TWO_BYTES | ((int >> 8) & 0x3f)
            bytes[whole++] = int
          } else if (long - int >= 0 && long - int < 32) bytes[whole++] = BEFORE | (long - int)
          else {
            long = int
            bytes[whole++] = LONG
            bytes[whole++] = int
            bytes[whole++] = int >> 8
            bytes[whole++] = int >> 16
            bytes[whole++] = int >> 24
          }
        }
      }
      tags |= tag << tagged
      tagged += 2
      if (tagged < 32) continue
      room[tagsAt++] = tags
      tags = tagged = 0
    }
    this.#doubles = next
    this.#wholes = whole
    this.#long = long
    this.#tags = tags
    this.#tagged = tagged
    this.#tagsAt = tagsAt
  }

  /** @returns where the next byte goes */
  end(): number {
    if (this.#tagged > 0) this.#room.words[this.#tagsAt] = this.#tags
    const at = 8 * this.#doubles
    this.#room.bytes.copyWithin(at, this.#wholesFrom, this.#wholes)
    return at + this.#wholes - this.#wholesFrom
  }
}

/**
 * The inverse of packing.
 * @param values filled
 * @param at in bytes, a multiple of 8
 * @param end of the bytes in the room
 * @returns where the next byte is
 * @throws RangeError when the bytes end too early
 */
export function unpackDoubles(values: Float64Array, { bytes, words, doubles }: Room, at: number, end: number): number {
  const tagsAt = at / 4
  const tagOf = (i: number) => (words[tagsAt + (i >> 4)]! >> ((i & 15) << 1)) & 3
  let double = (at + 4 * tagWords(values.length)) / 8
  let next = 8 * double
  if (next <= end) for (let i = 0; i < values.length; i++) if (tagOf(i) === DOUBLE) next += 8
  let long = 0
  for (let i = 0; i < values.length; i++) {
    if (next > end) throw new RangeError('its numbers end too early')
    const tag = tagOf(i)
    if (tag === DOUBLE) values[i] = doubles[double++]!
    else if (tag !== WHOLE) values[i] = tag === ZERO ? 0 : Number.NaN
    else {
      const first = bytes[next++]!
      if (first < TWO_BYTES) values[i] = (first << 25) >> 25
      else if (first < BEFORE) values[i] = ((first << 26) >> 18) | bytes[next++]! | 0
      else if (first < LONG) values[i] = (long - (first & 0x1f)) | 0
      else {
        values[i] = long = bytes[next]! | (bytes[next + 1]! << 8) | (bytes[next + 2]! << 16) | (bytes[next + 3]! << 24)
        next += 4
      }
    }
  }
  if (next > end) throw new RangeError('its numbers end too early')
  return next
}

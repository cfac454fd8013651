import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { VigilError } from '../errors.ts'
import { DoublePacker, makeRoom, packedBound, unpackDoubles } from './packed-doubles.ts'

/** layout of the bytes themselves; what stands in them is named by the record's `Layout` */
const VERSION = 2
const MARK = 0x4756 // VG
/** mark, version, layout id, length of the facts */
const HEAD = 2 + 2 + 8 + 4
const TAIL = 4
/** bytes of a UTF-16 unit as UTF-8, at most */
const UTF8_MOST = 3
/**
 * Records are given memory from pieces of this size: each of its own would cost as much as half of the rest, and a record that is
 * kept for long, of a patient who fell silent, keeps no more than its piece.
 */
const PIECE = 16_384

/**
 * What the numbers of a record are, by name, so that another build finds those it knows wherever they stand. It is kept
 * once beside the records, under its id.
 */
export interface Layout {
  /** 16 hex characters: a hash of the rest */
  readonly id: string
  /** name of each double */
  readonly fields: readonly string[]
  /** the hidden states, one after the other, float32: which model's, and how many floats */
  readonly states: readonly { readonly model: string; readonly floats: number }[]
}

export function layout(fields: Layout['fields'], states: Layout['states']): Layout {
  const id = createHash('sha256')
    .update(JSON.stringify([fields, states]))
    .digest('hex')
    .slice(0, 16)
  return { id, fields, states }
}

/** A patient's whole state as it is read: facts as JSON, numbers by a layout. */
export interface StateRecord {
  readonly facts: unknown
  /** [layout.fields.length] */
  readonly doubles: Float64Array
  /** [sum of layout.states[].floats] */
  readonly floats: Float32Array
}

const floatsOf = ({ states }: Layout): number => states.reduce((sum, { floats }) => sum + floats, 0)

/** Where doubles are packed: floats before them, as many bytes as let doubles follow. */
const packedAt = (floats: number): number => HEAD + 8 * Math.ceil(floats / 2)

/**
 * Writes patients' states, one after the other, straight from where they stand: mark, version, layout id, length of the
 * facts, floats (float32), doubles (packed), facts (JSON), CRC-32 of all before it. Little-endian. The same state gives the
 * same bytes.
 */
export class StateWriter {
  /** where a record is put together, whatever its length turns out to be */
  #room = makeRoom(0)
  readonly #packer = new DoublePacker()
  /** of the record before, whose head stands in the room */
  #of: Layout | undefined
  #packedAt = HEAD
  #float = 0
  #piece = Buffer.alloc(0)
  #taken = 0

  begin(of: Layout): void {
    if (of !== this.#of) this.#head(of)
    this.#float = HEAD / 4
    this.#packer.begin(this.#room, this.#packedAt, of.fields.length)
  }

  #head(of: Layout): void {
    this.#packedAt = packedAt(floatsOf(of))
    this.#reserve(this.#packedAt + packedBound(of.fields.length))
    const { bytes, words } = this.#room
    bytes.writeUInt16LE(MARK, 0)
    bytes.writeUInt16LE(VERSION, 2)
    bytes.write(of.id, 4, 'hex')
    // what no float fills
    words[this.#packedAt / 4 - 1] = 0
    this.#of = of
  }

  /** The next `count` floats of the states, to be filled before anything else is called. */
  floats(count: number): Float32Array {
    const from = this.#float
    this.#float += count
    return this.#room.floats.subarray(from, this.#float)
  }

  /** The next `count` of the fields. @param words the memory of `values` */
  doubles(values: Float64Array, words: Int32Array, from: number, count: number): void {
    this.#packer.add(values, words, from, count)
  }

  /** @param facts JSON @returns the record, which stays as it is */
  end(facts: string): Buffer {
    const factsAt = this.#packer.end()
    this.#reserve(factsAt + UTF8_MOST * facts.length)
    const { bytes, words } = this.#room
    const length = bytes.write(facts, factsAt)
    words[HEAD / 4 - 1] = length
    const written = bytes.subarray(0, factsAt + length)
    const record = this.#memory(written.length + TAIL)
    record.set(written)
    record.writeUInt32LE(crc32(written), written.length)
    return record
  }

  #memory(size: number): Buffer {
    if (size > PIECE / 2) return Buffer.allocUnsafeSlow(size)
    if (this.#taken + size > this.#piece.length) {
      this.#piece = Buffer.allocUnsafeSlow(PIECE)
      this.#taken = 0
    }
    this.#taken += size
    return this.#piece.subarray(this.#taken - size, this.#taken)
  }

  #reserve(size: number): void {
    if (this.#room.bytes.length >= size) return
    const before = this.#room
    this.#room = makeRoom(2 * size)
    this.#room.bytes.set(before.bytes)
  }
}

/** Id of the layout that the record was written by. @throws VigilError state-unreadable */
export function layoutOf(bytes: Buffer): string {
  if (bytes.length < HEAD + TAIL || bytes.readUInt16LE(0) !== MARK) throw unreadable('it is no state record')
  const version = bytes.readUInt16LE(2)
  if (version !== VERSION) throw unreadable(`it is of version ${version}, this build reads version ${VERSION}`)
  if (crc32(bytes.subarray(0, -TAIL)) !== bytes.readUInt32LE(bytes.length - TAIL))
    throw unreadable('its checksum is wrong')
  return bytes.toString('hex', 4, 12)
}

/** @param of the layout whose id `layoutOf` gave @throws VigilError state-unreadable */
export function decodeState(bytes: Buffer, of: Layout): StateRecord {
  if (layoutOf(bytes) !== of.id) throw unreadable('it was written by another layout')
  try {
    // where it came from, its numbers lie anywhere
    const room = makeRoom(bytes.length)
    room.bytes.set(bytes)
    const factsAt = bytes.length - TAIL - bytes.readUInt32LE(HEAD - 4)
    const doubles = new Float64Array(of.fields.length)
    const count = floatsOf(of)
    const next = unpackDoubles(doubles, room, packedAt(count), factsAt)
    if (next !== factsAt) throw new RangeError('its length does not fit its layout')
    const facts: unknown = JSON.parse(bytes.toString('utf8', factsAt, bytes.length - TAIL))
    return { facts, doubles, floats: room.floats.slice(HEAD / 4, HEAD / 4 + count) }
  } catch (cause) {
    throw unreadable((cause as Error).message, cause)
  }
}

function unreadable(why: string, cause?: unknown): VigilError {
  return new VigilError('state-unreadable', `a saved state cannot be read: ${why}`, { cause })
}

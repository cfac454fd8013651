import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { VigilError } from '../errors.ts'
import { packDoubles, packedBound, unpackDoubles } from './packed-doubles.ts'

/** layout of the bytes themselves; what stands in them is named by the record's `Layout` */
const VERSION = 1
const MARK = 0x56 // V
const HEAD = 2 + 8 + 4
const TAIL = 4

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

/** A patient's whole state: facts as JSON, numbers by a layout. */
export interface StateRecord {
  readonly facts: unknown
  /** [layout.fields.length] */
  readonly doubles: Float64Array
  /** [sum of layout.states[].floats] */
  readonly floats: Float32Array
}

/**
 * One patient's state as bytes: mark, version, layout id, length of the facts, facts (JSON), doubles (packed), floats
 * (float32), CRC-32 of all before it. Little-endian. The same state gives the same bytes.
 */
export function encodeState({ facts, doubles, floats }: StateRecord, of: Layout): Buffer {
  const json = Buffer.from(JSON.stringify(facts))
  const bytes = roomFor(HEAD + json.length + packedBound(doubles.length) + floats.byteLength + TAIL)
  bytes.writeUInt8(MARK, 0)
  bytes.writeUInt8(VERSION, 1)
  bytes.write(of.id, 2, 'hex')
  bytes.writeUInt32LE(json.length, 10)
  json.copy(bytes, HEAD)
  let next = packDoubles(doubles, bytes, HEAD + json.length)
  next += Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength).copy(bytes, next)
  next = bytes.writeUInt32LE(crc32(bytes.subarray(0, next)), next)
  // a copy of the right length: the slack of the bound would stay in memory as long as the record
  return Buffer.from(bytes.subarray(0, next))
}

/** where a record is put together, whatever its length turns out to be */
let room = Buffer.alloc(0)

function roomFor(bytes: number): Buffer {
  if (room.length < bytes) room = Buffer.alloc(2 * bytes)
  return room
}

/** Id of the layout that the record was written by. @throws VigilError state-unreadable */
export function layoutOf(bytes: Buffer): string {
  if (bytes.length < HEAD + TAIL || bytes[0] !== MARK) throw unreadable('it is no state record')
  if (bytes[1] !== VERSION) throw unreadable(`it is of version ${bytes[1]}, this build reads version ${VERSION}`)
  if (crc32(bytes.subarray(0, -TAIL)) !== bytes.readUInt32LE(bytes.length - TAIL))
    throw unreadable('its checksum is wrong')
  return bytes.toString('hex', 2, 10)
}

/** @param of the layout whose id `layoutOf` gave @throws VigilError state-unreadable */
export function decodeState(bytes: Buffer, of: Layout): StateRecord {
  if (layoutOf(bytes) !== of.id) throw unreadable('it was written by another layout')
  try {
    const factsEnd = HEAD + bytes.readUInt32LE(10)
    const facts: unknown = JSON.parse(bytes.toString('utf8', HEAD, factsEnd))
    const doubles = new Float64Array(of.fields.length)
    const next = unpackDoubles(doubles, bytes, factsEnd)
    const floats = new Float32Array(of.states.reduce((sum, state) => sum + state.floats, 0))
    if (next + floats.byteLength + TAIL !== bytes.length) throw new RangeError('its length does not fit its layout')
    Buffer.from(floats.buffer).set(bytes.subarray(next, next + floats.byteLength))
    return { facts, doubles, floats }
  } catch (cause) {
    throw unreadable((cause as Error).message, cause)
  }
}

function unreadable(why: string, cause?: unknown): VigilError {
  return new VigilError('state-unreadable', `a saved state cannot be read: ${why}`, { cause })
}

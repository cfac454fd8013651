/** What stands for a double, two bits each: most of a patient's row is one of the first three. */
const ZERO = 0
const NOTHING = 1 // NaN
const INTEGER = 2 // int32
const DOUBLE = 3 // float64

/** Bytes that `count` packed doubles take at most. */
export const packedBound = (count: number): number => Math.ceil(count / 4) + 8 * count

function tagOf(value: number): number {
  if (value === 0) return Object.is(value, -0) ? DOUBLE : ZERO
  if (Number.isNaN(value)) return NOTHING
  return (value | 0) === value ? INTEGER : DOUBLE
}

/**
 * Write doubles so that zeros and NaNs take two bits, whole numbers four bytes, and every other value its own eight,
 * little-endian: exact to the bit, every NaN alike.
 * @returns where the next byte goes
 */
export function packDoubles(values: Float64Array, into: Buffer, at: number): number {
  let next = at + Math.ceil(values.length / 4)
  into.fill(0, at, next)
  const view = new DataView(into.buffer, into.byteOffset, into.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const tag = tagOf(value)
    into[at + (i >> 2)]! |= tag << ((i & 3) * 2)
    if (tag === INTEGER) {
      view.setInt32(next, value, true)
      next += 4
    } else if (tag === DOUBLE) {
      view.setFloat64(next, value, true)
      next += 8
    }
  }
  return next
}

/**
 * The inverse of `packDoubles`.
 * @param values filled
 * @returns where the next byte is
 * @throws RangeError when the bytes end too early
 */
export function unpackDoubles(values: Float64Array, from: Buffer, at: number): number {
  let next = at + Math.ceil(values.length / 4)
  for (let i = 0; i < values.length; i++) {
    const tag = (from.readUInt8(at + (i >> 2)) >> ((i & 3) * 2)) & 3
    if (tag === ZERO) values[i] = 0
    else if (tag === NOTHING) values[i] = Number.NaN
    else if (tag === INTEGER) {
      values[i] = from.readInt32LE(next)
      next += 4
    } else {
      values[i] = from.readDoubleLE(next)
      next += 8
    }
  }
  return next
}

/**
 * Copy `rows` rows of `width` floats, those that `order` names from `from` on, to the beginning of `to`. Two floats move at a
 * time where a row has an even number: half the time, bit for bit (what stands beside a NaN is not promised, nor read).
 */
export function takeRows(
  all: Float32Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  to: Float32Array,
): void {
  if (width % 2 === 0 && evenly(all) && evenly(to)) takePairs(pairs(all), order, from, rows, width / 2, pairs(to))
  else takeFloats(all, order, from, rows, width, to)
}

/** The inverse of `takeRows`. */
export function putRows(
  some: Float32Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  all: Float32Array,
): void {
  if (width % 2 === 0 && evenly(some) && evenly(all)) putPairs(pairs(some), order, from, rows, width / 2, pairs(all))
  else putFloats(some, order, from, rows, width, all)
}

// a loop each for floats and pairs: one that saw both kinds of array would be compiled for neither

function takeFloats(
  all: Float32Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  to: Float32Array,
): void {
  for (let i = 0, at = 0; i < rows; i++) {
    const begin = order[from + i]! * width
    for (let k = begin; k < begin + width; k++) to[at++] = all[k]!
  }
}

function takePairs(
  all: Float64Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  to: Float64Array,
): void {
  for (let i = 0, at = 0; i < rows; i++) {
    const begin = order[from + i]! * width
    for (let k = begin; k < begin + width; k++) to[at++] = all[k]!
  }
}

function putFloats(
  some: Float32Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  all: Float32Array,
): void {
  for (let i = 0, at = 0; i < rows; i++) {
    const begin = order[from + i]! * width
    for (let k = begin; k < begin + width; k++) all[k] = some[at++]!
  }
}

function putPairs(
  some: Float64Array,
  order: Int32Array,
  from: number,
  rows: number,
  width: number,
  all: Float64Array,
): void {
  for (let i = 0, at = 0; i < rows; i++) {
    const begin = order[from + i]! * width
    for (let k = begin; k < begin + width; k++) all[k] = some[at++]!
  }
}

const evenly = ({ byteOffset }: Float32Array): boolean => byteOffset % Float64Array.BYTES_PER_ELEMENT === 0

const pairs = ({ buffer, byteOffset, length }: Float32Array): Float64Array =>
  new Float64Array(buffer, byteOffset, length >> 1)

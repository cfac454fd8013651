/** The polynomial of Castagnoli, its bits in the order in which they are sent (RFC 3720, B.4). */
const POLYNOMIAL = 0x82f63b78

/** [8 * 256] what a byte does to the checksum that stands 0 to 7 bytes before the end of eight */
const TABLE = new Uint32Array(8 * 256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  TABLE[byte] = crc
}
for (let at = 256; at < TABLE.length; at++) {
  const before = TABLE[at - 256]!
  TABLE[at] = (before >>> 8) ^ TABLE[before & 0xff]!
}

/**
 * The checksum of a record batch, eight bytes at a time (Kounavis and Berry, "A Systematic Approach to Building High
 * Performance Software-based CRC Generators", 2005); kafkajs' own takes one. On Node's `zlib.crc32` another polynomial stands.
 */
export function crc32c(data: Uint8Array): number {
  let crc = -1
  let at = 0
  for (const end = data.length - 7; at < end; at += 8) {
    crc ^= data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    crc =
      TABLE[1792 + (crc & 0xff)]! ^
      TABLE[1536 + ((crc >>> 8) & 0xff)]! ^
      TABLE[1280 + ((crc >>> 16) & 0xff)]! ^
      TABLE[1024 + (crc >>> 24)]! ^
      TABLE[768 + data[at + 4]!]! ^
      TABLE[512 + data[at + 5]!]! ^
      TABLE[256 + data[at + 6]!]! ^
      TABLE[data[at + 7]!]!
  }
  for (; at < data.length; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ data[at]!) & 0xff]!
  return ~crc >>> 0
}

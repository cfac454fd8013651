/**
 * Kafka's default partitioner, as the Java client has it (`org.apache.kafka.common.utils.Utils.murmur2`), for telling
 * records that a producer put into another partition than their key's.
 */
const SEED = 0x9747b28c
const M = 0x5bd1e995

/** 32-bit murmur2 of the key's bytes, signed as in Java. @param from where the key begins and ends in them: it is all of them */
export function murmur2(data: Uint8Array, from = 0, to = data.length): number {
  const length = to - from
  const rest = length & 3
  const whole = to - rest
  let h = (SEED ^ length) | 0
  for (let at = from; at < whole; at += 4) {
    let k = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  if (rest === 3) h ^= data[whole + 2]! << 16
  if (rest >= 2) h ^= data[whole + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ data[whole]!, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/** The partition of `count` that a record with this key belongs to. @param from as of `murmur2` */
export function partitionOf(key: string | Uint8Array, count: number, from?: number, to?: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key, from, to) & 0x7fffffff) % count
}

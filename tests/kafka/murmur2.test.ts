import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { expect, it } from 'vitest'
import { murmur2, partitionOf } from '../../src/kafka/murmur2.ts'

it('hashes as the Java client does (vectors of its UtilsTest)', () => {
  const vectors: Record<string, number> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  for (const [key, hash] of Object.entries(vectors)) expect(murmur2(Buffer.from(key))).toBe(hash)
})

it('names the partition that the client library sends a key to', () => {
  const choose = Partitioners.DefaultPartitioner()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 500 }), (bytes, count) => {
      const key = Buffer.from(bytes)
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({ partitionId, leader: 1 }))
      const theirs = choose({
        topic: 't',
        partitionMetadata: partitionMetadata as never,
        message: { key, value: null },
      })
      expect(partitionOf(key, count)).toBe(theirs)
    }),
  )
})

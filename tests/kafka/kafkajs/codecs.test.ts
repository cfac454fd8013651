import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { compressSync as rawSnappy } from 'snappy'
import { describe, expect, it } from 'vitest'
import { registerCodecs, snappy, unsnappy } from '../../../src/kafka/kafkajs/codecs.ts'
import { codecOf } from '../../../src/kafka/kafkajs/library.ts'
import { batchesOf, recordsOf } from '../../../src/kafka/kafkajs/record-batches.ts'

registerCodecs()
const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 }
const writable = { gzip: 1, snappy: 2, lz4: 3 }

interface Both {
  compress(of: { buffer: Buffer }): Promise<Buffer>
  decompress(data: Buffer): Promise<Buffer>
}
const codec = (bits: number) => codecOf(bits) as unknown as Both

describe.each(Object.entries(CODECS))('%s', (name, bits) => {
  // Batches of Apache Kafka 4.1.1's own ConsoleProducer, as its broker stored them.
  const data = readFileSync(new URL(`../../fixtures/kafka/java-${name}.bin`, import.meta.url))

  it('is read as the Java client wrote it', async () => {
    const values: string[] = []
    for (const batch of batchesOf(data)) {
      expect(batch.codec).toBe(bits)
      for (const each of recordsOf(batch, await codec(bits).decompress(batch.body))) values.push(String(each.value))
    }
    expect(values).toEqual(
      Array.from(
        { length: 40 },
        (_, at) => `${name} record number ${at + 1} {"patient":"bed-${(at + 1) % 7}","hr":${61 + at}}`,
      ),
    )
  })

  it('that is damaged is a coded error, or other bytes, never a crash or a hang', async () => {
    const [batch] = batchesOf(data)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (changes, cut) => {
          const damaged = Buffer.from(batch!.body.subarray(0, batch!.body.length - (cut % 40)))
          for (const [at, value] of changes) damaged[at % damaged.length] = value
          const outcome = await codec(bits)
            .decompress(damaged)
            .catch((error: unknown) => error)
          if (!Buffer.isBuffer(outcome)) expect(outcome).toMatchObject({ code: 'kafka-failed' })
        },
      ),
      { numRuns: 300 },
    )
  })
})

it.each(Object.entries(writable))('%s comes back as it went', (_name, bits) =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 40 }), async (bytes, times) => {
      const buffer = Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)))
      expect(await codec(bits).decompress(await codec(bits).compress({ buffer }))).toEqual(buffer)
    }),
    { numRuns: 40 },
  ),
)

it('snappy is read raw as librdkafka writes it, and framed as Java does', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (bytes) => {
      const plain = Buffer.from(bytes)
      expect(await unsnappy(rawSnappy(plain))).toEqual(plain)
      expect(await unsnappy(await snappy(plain))).toEqual(plain)
    }),
    { numRuns: 60 },
  ))

it('a bomb is refused before it is unpacked', async () => {
  // A raw snappy block that says it holds 2 GB.
  const bomb = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08, 0x00])
  await expect(codec(CODECS.snappy).decompress(bomb)).rejects.toMatchObject({ code: 'kafka-failed' })
})

it('a zstd batch on which the decoder would go round for ever is damaged, and says so in seconds', async () => {
  // found by fuzzing: a Huffman table whose states take no bits
  const data = Buffer.from(
    'KLUv/QBY9AgAIs8wIvCfmIAAV3QWRu2H8/FVyaX/Li95BrJ3RUSEICvPtyYveckL/1YGeGWqZ0NMx4QXvF4/Dsduo23TeP0MT8fo7wt2ttjeCmWlyLfJztPnXLpv33p6//X2bO4JXrasboSmQqT73Ifnz2HEtWONW/P7Da7O0NkL/KywvgnaipCNUx/mQEIKr7fPwKkraNkI/n/A3QW6O0BiZoDdrYTghJe+wyqJWZhKQNHDHGZRkYj1cWEpjTZV9JCcUA1UlYBEVQNZJigeDCJOAYCZqBGwt7X/BvA11hEgOAHxhI8GEtQDQkMBe3zstI/Pzvbx3JfJXWuPx3RKbHa6jmfP9ganl2bP8exkH4+d7uFZHHfGWvMNBbzqJS9d2UvfiCNvEFzNyw==',
    'base64',
  )
  await expect(codec(CODECS.zstd).decompress(data)).rejects.toMatchObject({ code: 'kafka-failed' })
})

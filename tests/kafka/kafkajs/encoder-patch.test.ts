import { createRequire } from 'node:module'
import { array, assert, integer, property, tuple, uint8Array } from 'fast-check'
import { expect, it } from 'vitest'
import '../../../src/kafka/kafkajs/library.ts'

interface Encoder {
  readonly buf: Buffer
  readonly buffer: Buffer
  writeInt32(value: number): Encoder
  writeBuffer(bytes: Buffer): Encoder
  writeEncoder(encoder: Encoder): Encoder
}
const Encoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as new () => Encoder
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

it('writes the same bytes, whatever sizes follow each other', () => {
  // drawn one by one, 9,000 bytes take longer than all the rest
  const part = tuple(integer({ min: 0, max: 9000 }), uint8Array({ minLength: 1, maxLength: 16 }))
  const parts = array(part.map(([size, pattern]) => Buffer.alloc(size, pattern)))
  assert(
    property(parts, (each) => {
      const outer = each.reduce((to, bytes) => to.writeInt32(bytes.length).writeBuffer(bytes), new Encoder())
      const expected = Buffer.concat(each.flatMap((bytes) => [int32(bytes.length), bytes]))
      expect(outer.buffer).toEqual(expected)
      expect(new Encoder().writeInt32(7).writeEncoder(outer).buffer).toEqual(Buffer.concat([int32(7), expected]))
    }),
  )
})

it('holds a batch in little more than its bytes', () => {
  const batch = Buffer.alloc(300_000, 1)
  const topic = new Encoder().writeInt32(1).writeEncoder(new Encoder().writeInt32(batch.length).writeBuffer(batch))
  expect(topic.buf.length).toBeLessThan(batch.length + 2000)
  expect(topic.writeInt32(-1).buffer.subarray(-4)).toEqual(int32(-1))
})

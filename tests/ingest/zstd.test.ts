import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unzstd } from '../../src/ingest/zstd.ts'
import { everything, folder } from './collect.ts'

const { write } = folder()
const LINES = 'examples/recordings/example.ndjson'
/** The example in two frames of the reference encoder, the first at its highest level and with a checksum. */
const PACKED = readFileSync('tests/fixtures/recordings/example.ndjson.zst')

/** Frames of blocks that are not compressed, or of one repeated byte (RFC 8878, 3.1.1). */
function frame(blocks: readonly (Buffer | { byte: number; times: number })[]): Buffer {
  const parts: Buffer[] = [Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58)]
  blocks.forEach((block, i) => {
    const last = i === blocks.length - 1 ? 1 : 0
    const raw = Buffer.isBuffer(block)
    const head = ((raw ? block.length : block.times) << 3) | (raw ? 0 : 2) | last
    parts.push(Buffer.of(head & 255, (head >> 8) & 255, head >> 16), raw ? block : Buffer.of(block.byte))
  })
  return Buffer.concat(parts)
}

async function* inPieces(bytes: Buffer, pieces: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const length of pieces) {
    if (at < bytes.length) yield bytes.subarray(at, at + length)
    at += length
  }
  if (at < bytes.length) yield bytes.subarray(at)
}

async function unpacked(bytes: Buffer, pieces: readonly number[] = []) {
  const parts: Uint8Array[] = []
  let error: unknown
  try {
    for await (const part of unzstd(inPieces(bytes, pieces))) parts.push(part)
  } catch (caught) {
    error = caught
  }
  return { text: Buffer.concat(parts), error, largest: Math.max(0, ...parts.map(({ length }) => length)) }
}

describe('Zstandard', () => {
  test('gives what was packed, in several frames and any chunks', async () => {
    const block = fc.uint8Array({ maxLength: 300 }).map((it) => Buffer.from(it))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(block, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 20 }),
        async (frames, pieces) => {
          const { text, error } = await unpacked(Buffer.concat(frames.map(frame)), [6, ...pieces])
          expect(error).toBeUndefined()
          expect(text.equals(Buffer.concat(frames.flat()))).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('of the reference encoder is the recording itself, whatever its name', async () => {
    const plain = await everything(LINES)
    const packed = await everything(write('packed', PACKED))
    expect([packed.error, packed.rejections]).toEqual([undefined, []])
    expect(packed.inputs).toEqual(plain.inputs)
    expect(packed.inputs.length).toBe(100)
  })

  test('that is cut gives what is whole, then an error; anything else is an error of the recording', async () => {
    const second = PACKED.indexOf(Buffer.of(0x28, 0xb5, 0x2f, 0xfd), 4)
    const { readings, inputs, error } = await everything(write('cut.zst', PACKED.subarray(0, second + 40)))
    expect(error).toMatchObject({ code: 'recording-unreadable', message: expect.stringContaining('cut short') })
    expect(inputs.length).toBe(50)
    expect(readings.length).toBeGreaterThan(40)
    for (const at of [4, 100, 456, 810, 1000, 1465]) {
      const bytes = Buffer.from(PACKED)
      bytes[at]! ^= 8
      const damaged = await everything(write('bit.ndjson', bytes))
      if (damaged.error !== undefined) expect(damaged.error).toMatchObject({ code: 'recording-unreadable' })
    }
  })

  test('that grows a thousandfold is unpacked a little at a time; one that asks for a huge window is refused', async () => {
    const bomb = frame(Array.from({ length: 500 }, () => ({ byte: 32, times: 100_000 })))
    expect(bomb.length).toBeLessThan(2100)
    const { text, error, largest } = await unpacked(bomb)
    expect([text.length, error]).toEqual([50_000_000, undefined])
    expect(largest).toBeLessThanOrEqual(131_072)
    const huge = Buffer.from(frame([Buffer.from('x')]))
    huge[5] = 0xa0
    // one segment of two gigabytes, as a file that is smaller than its window is written
    const single = Buffer.concat([
      huge.subarray(0, 4),
      Buffer.of(0xa0, 0, 0, 0, 0x7f),
      huge.subarray(6),
      Buffer.alloc(8),
    ])
    for (const [name, bytes] of Object.entries({ huge, single }))
      expect((await everything(write(name, bytes))).error).toMatchObject({ code: 'recording-unreadable', message: expect.stringContaining('128 MB') }) // biome-ignore format: one sentence
  })
})

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileBytes } from '../../src/ingest/bytes.ts'
import { lineBatches, lineText } from '../../src/ingest/ndjson.ts'
import { folder } from './collect.ts'

const { write } = folder()

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function linesOf(chunks: AsyncIterable<Uint8Array>, options = {}) {
  const found: [number, string | undefined][] = []
  for await (const batch of lineBatches(chunks, options))
    for (const [i, number] of batch.numbers.entries()) found.push([number, lineText(batch, i)])
  return found
}

test('lines do not depend on how the bytes were cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, ''))),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 4, max: 30 }),
      async (texts, sizes, ending, maxLine) => {
        const bytes = Buffer.from(texts.map((text) => text + ending).join(''))
        const found = await linesOf(cut(bytes, sizes), { maxLine, batch: 3 })
        const expected = texts
          .map((text, i) => [i + 1, Buffer.byteLength(text + ending) - 1 > maxLine ? undefined : text] as const)
          .filter(
            ([number, line]) => line === undefined || (number === 1 ? line.replace(/^\ufeff/, '') : line).trim() !== '',
          )
        expect(found.map(([number, line]) => [number, line])).toEqual(
          expected.map(([number, line]) => [number, number === 1 ? line?.replace(/^\ufeff/, '') : line]),
        )
      },
    ),
    { numRuns: 200 },
  )
})

test('a byte order mark, blank lines and a missing last newline are no trouble', async () => {
  const bytes = Buffer.from('\ufeff{"a":1}\r\n\r\n  \n\u00a0\n{"b":2}')
  expect(await linesOf(cut(bytes, [5]))).toEqual([
    [1, '{"a":1}'],
    [5, '{"b":2}'],
  ])
})

test('batches hold no more lines than asked for', async () => {
  const bytes = Buffer.from('x\n'.repeat(1000))
  const sizes: number[] = []
  for await (const { numbers } of lineBatches(cut(bytes, [4096]), { batch: 64 })) sizes.push(numbers.length)
  expect(Math.max(...sizes)).toBe(64)
  expect(sizes.reduce((a, b) => a + b)).toBe(1000)
})

test('a line of 512 MB is passed over in bounded memory, and the lines around it are read', async () => {
  const block = Buffer.alloc(1 << 20, 'x')
  async function* huge(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('before\n')
    for (let i = 0; i < 512; i++) yield block
    yield Buffer.from('\nafter\n')
  }
  const before = process.memoryUsage().arrayBuffers
  let peak = 0
  const watched = (async function* () {
    for await (const chunk of huge()) {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
      yield chunk
    }
  })()
  expect(await linesOf(watched)).toEqual([
    [1, 'before'],
    [2, undefined],
    [3, 'after'],
  ])
  expect(peak).toBeLessThan(16 << 20)
})

test('gzip is known by its first bytes, whatever the name', async () => {
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i}`)
  const plain = await linesOf(fileBytes(write('plain.ndjson', text.join('\n'))))
  const packed = await linesOf(fileBytes(write('packed.ndjson', gzipSync(text.join('\n')))))
  expect(packed).toEqual(plain)
  expect(plain).toHaveLength(5000)
})

test('two gzip members in a row are one text', async () => {
  const path = write('two.gz', Buffer.concat([gzipSync('a\nb\n'), gzipSync('c\n')]))
  expect((await linesOf(fileBytes(path))).map(([, line]) => line)).toEqual(['a', 'b', 'c'])
})

test('a file that is not there is a coded error', async () => {
  await expect(linesOf(fileBytes('/nowhere/at/all.ndjson'))).rejects.toMatchObject({ code: 'recording-unreadable' })
})

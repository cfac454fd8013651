import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { framed, MllpDecoder } from '../../src/hl7/mllp.ts'

/** texts without the frame bytes */
const text = fc.string({ maxLength: 200 }).filter((it) => !it.includes('\u000b') && !it.includes('\u001c'))

test('gives the messages that were framed, wherever the chunks are cut', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 60 }), (texts, cuts) => {
      const bytes = Buffer.concat(texts.map(framed))
      const decoder = new MllpDecoder()
      const out: string[] = []
      let at = 0
      for (const cut of [...cuts, bytes.length]) {
        out.push(...decoder.take(bytes.subarray(at, at + cut)).map(String))
        at = Math.min(bytes.length, at + cut)
      }
      expect(out).toEqual(texts)
      expect(decoder.open).toBe(false)
    }),
  )
})

test('a byte at a time', () => {
  const decoder = new MllpDecoder()
  const out = [...Buffer.concat([framed('one'), framed('two')])].flatMap((byte) => decoder.take(Buffer.of(byte)))
  expect(out.map(String)).toEqual(['one', 'two'])
})

test('a message that another begins inside of is dropped and counted', () => {
  const decoder = new MllpDecoder()
  expect(decoder.take(Buffer.from('\x0bcut\x0bwhole\x1c\r')).map(String)).toEqual(['whole'])
  expect(decoder.cut).toBe(1)
})

test('ends at too long a message, also one that trickles in, and at a peer that speaks something else', () => {
  const decoder = new MllpDecoder(100)
  expect(decoder.take(framed('x'.repeat(100)))).toHaveLength(1)
  expect(() => decoder.take(framed('x'.repeat(101)))).toThrow(expect.objectContaining({ code: 'hl7-framing' }))
  const slow = new MllpDecoder(100)
  slow.take(Buffer.of(0x0b))
  expect(() => {
    for (let i = 0; i <= 100; i++) slow.take(Buffer.of(65))
  }).toThrow(expect.objectContaining({ code: 'hl7-framing' }))
  expect(() => new MllpDecoder().take(Buffer.from('GET / HTTP/1.1\r\n'.repeat(100)))).toThrow(/outside any message/)
})

test('any bytes: messages or the one coded error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
      const decoder = new MllpDecoder(200)
      try {
        for (const chunk of chunks)
          for (const message of decoder.take(Buffer.from(chunk))) expect(message.length).toBeLessThanOrEqual(200)
      } catch (error) {
        expect(error).toMatchObject({ code: 'hl7-framing' })
      }
    }),
  )
})

import { array, assert, integer, property, stringMatching, tuple } from 'fast-check'
import { expect, it } from 'vitest'
import { KnownTexts } from '../../src/ingest/decode-texts.ts'

it('gives the text that stands there, whatever shares its place', () => {
  const texts = new KnownTexts()
  // few hashes, so that most of them meet
  const some = array(tuple(stringMatching(/^[ -~]{1,12}$/), integer({ min: 0, max: 3 })))
  assert(
    property(some, (each) => {
      for (const [text, hash] of each) {
        const bytes = Buffer.from(`{"${text}"}`)
        expect(texts.of(bytes, 2, 2 + text.length, hash)).toBe(text)
      }
    }),
  )
})

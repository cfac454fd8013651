import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Memo } from '../../src/hl7/memo.ts'

const asked = (memo: Memo<string>, text: string) => memo.get(text) ?? memo.keep(text, `of ${text}`)

test('gives what the text gave, in whatever order texts come and whatever was forgotten', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'a', 'b', 'c', 'd', 'x'.repeat(257))), (texts) => {
      const memo = new Memo<string>(3)
      for (const text of texts) expect(asked(memo, text)).toBe(`of ${text}`)
    }),
  )
})

test('knows what it was told, also out of the order in which it came', () => {
  const memo = new Memo<string>()
  for (const text of ['a', 'b', 'c']) memo.keep(text, `of ${text}`)
  for (const text of ['c', 'a', 'a', 'c', 'b', 'c']) expect(memo.get(text)).toBe(`of ${text}`)
  expect(memo.get('d')).toBeUndefined()
})

test('forgets all at once beyond its limit, and keeps no long texts', () => {
  const memo = new Memo<string>(2)
  for (const text of ['a', 'b', 'c', 'x'.repeat(257)]) memo.keep(text, `of ${text}`)
  expect(['a', 'b', 'c', 'x'.repeat(257)].map((text) => memo.get(text))).toEqual([
    undefined,
    undefined,
    'of c',
    undefined,
  ])
})

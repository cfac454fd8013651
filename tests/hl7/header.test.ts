import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { charsetOf } from '../../src/hl7/header.ts'

const MEANT: Readonly<Record<string, string>> = {
  '': 'utf8',
  ASCII: 'utf8',
  UNICODE: 'utf8',
  'UNICODE UTF-8': 'utf8',
  '8859/1': 'latin1',
}

test('the character set is that of MSH-18, whatever stands before it, behind it and in the next segment', () => {
  let latin1 = 0
  fc.assert(
    fc.property(
      fc.constantFrom(0, 3, 14, 15, 16, 17, 22),
      fc.array(fc.constantFrom('', 'a', '8859/1'), { minLength: 22, maxLength: 22 }),
      fc.constantFrom(...Object.keys(MEANT), 'GB 18030-2000', '8859/15'),
      fc.constantFrom('', '^x', '~ASCII'),
      fc.constantFrom('|', '#', '\u00a6'),
      fc.constantFrom('', '\r', '\rPID|||8859/1||||||||||||||||8859/1|8859/1'),
      (count, all, set, behind, separator, next) => {
        // [0] is MSH-3, [15] is MSH-18
        const told = all.slice(0, count).map((it, i) => (i === 15 ? set + behind : it))
        const text = ['MSH', '^~\\&', ...told].join(separator) + next
        const wanted = count > 15 ? MEANT[set] : 'utf8'
        if (wanted === 'latin1') latin1++
        expect(charsetOf(Buffer.from(text, 'latin1'))).toBe(wanted)
      },
    ),
    { numRuns: 1000 },
  )
  expect(latin1).toBeGreaterThan(10)
})

test.each([
  ['no message', '', 'utf8'],
  ['a name alone', 'MSH', 'utf8'],
  ['a name and a separator', 'MSH|', 'utf8'],
  ['MSH-18 too far behind, where nothing ends MSH', `MSH|^~\\&|${'x'.repeat(4200)}${'|'.repeat(15)}8859/1`, 'utf8'],
  ['MSH-17', `MSH|^~\\&${'|'.repeat(15)}8859/1`, 'utf8'],
  ['MSH-18', `MSH|^~\\&${'|'.repeat(16)}8859/1`, 'latin1'],
])('the character set, where it is told by %s', (_, text, wanted) => {
  expect(charsetOf(Buffer.from(text, 'latin1'))).toBe(wanted)
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainNumber } from '../../src/hl7/plain-number.ts'

const PLAIN = /^(?:\d+\.?\d*|\.\d+)$/
const digitsOf = (text: string) => text.replace('.', '').length

test('is the number that the whole text is, to the last bit, or none', () => {
  let plain = 0
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: fc.constantFrom('0', '1', '5', '9', '.', '-', 'e', ' '), maxLength: 18 }),
        fc.stringMatching(/^\d{0,10}\.?\d{0,8}$/),
      ),
      fc.string({ maxLength: 4 }),
      (text, around) => {
        const found = plainNumber(around + text + around, around.length, around.length + text.length)
        const wanted = PLAIN.test(text) && digitsOf(text) <= 15 ? Number(text) : Number.NaN
        if (!Number.isNaN(wanted)) plain++
        expect(found).toBe(wanted)
      },
    ),
    { numRuns: 3000 },
  )
  expect(plain).toBeGreaterThan(500)
})

test('of no text is none, and of what lies behind the end of a text neither', () => {
  expect(plainNumber('12', 1, 1)).toBeNaN()
  expect(plainNumber('12', 3, 2)).toBeNaN()
})

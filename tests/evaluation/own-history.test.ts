import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OwnHistory } from '../../src/evaluation/own-history.ts'

describe("a value's rarity in its own history", () => {
  it('is the logarithm of how many values stand for one that was as large', () => {
    const history = new OwnHistory(0)
    for (let i = 0; i < 99; i++) history.push(i)
    expect(history.push(98)).toBeCloseTo(Math.log10(100 / 2), 12)
    expect(history.push(0)).toBeCloseTo(Math.log10(101 / 101), 12)
  })

  it('grows with how far a record goes beyond the last one, to a thousand times', () => {
    const rarityAfter = (value: number) => {
      const history = new OwnHistory(0.5)
      for (let i = 1; i <= 9; i++) history.push(i)
      return history.push(value)
    }
    expect(rarityAfter(90)).toBeCloseTo(1 + 0.5, 12)
    expect(rarityAfter(9e9)).toBeCloseTo(1 + 1.5, 12)
  })

  it('is what counting all values before says', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 1500 }), (values) => {
        const history = new OwnHistory(0)
        values.forEach((value, n) => {
          const larger = values.slice(0, n).filter((before) => before >= value).length
          expect(history.push(value)).toBe(Math.log10((n + 1) / (larger + 1)))
        })
      }),
      { numRuns: 20 },
    )
  })
})

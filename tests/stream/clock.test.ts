import { describe, expect, it } from 'vitest'
import { agrees, judge } from '../../src/stream/clock.ts'

const MINUTE = 60_000

describe("a patient's clock", () => {
  it('accepts the first stamp, whatever it is', () => {
    expect(judge(Number.NaN, 0, 5, 3, MINUTE)).toBe('accept')
  })
  it('sets aside what is more than a minute ahead, and accepts a minute', () => {
    expect(judge(1000, 3, 1000 + MINUTE, 3, MINUTE)).toBe('accept')
    expect(judge(1000, 3, 1001 + MINUTE, 3, MINUTE)).toBe('set-aside')
  })
  it('restarts on a stamp far behind only until it is trusted', () => {
    expect(judge(10 * MINUTE, 2, 0, 3, MINUTE)).toBe('restart')
    expect(judge(10 * MINUTE, 3, 0, 3, MINUTE)).toBe('accept')
  })
  it('lets stamps agree that are near each other', () => {
    expect(agrees([], 1, MINUTE)).toBe(true)
    expect(agrees([0, MINUTE], 2 * MINUTE, MINUTE)).toBe(true)
    expect(agrees([0], 2 * MINUTE, MINUTE)).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import { alarmStarts, detectionDelay, falseAlarms, matchedThreshold } from '../../../src/evaluation/faults/alarms.ts'

/** 300 seconds of 0, but for these */
const scores = (at: Record<number, number>) => Float64Array.from({ length: 300 }, (_, i) => at[i] ?? 0)
const none = new Uint8Array(300)

describe('alarms of a score', () => {
  test('nothing in the warm-up; a second crossing within half a minute is the same alarm', () => {
    expect(alarmStarts(scores({ 10: 9, 100: 9, 120: 9, 150: 9, 181: 9 }), 5)).toEqual([100, 181])
  })

  test('a threshold is reached by equality; NaN is no score', () => {
    expect(alarmStarts(scores({ 100: 5, 200: Number.NaN }), 5)).toEqual([100])
  })

  test('the matched threshold is the lowest that allows no more, coming from above', () => {
    const one = { scores: scores({ 100: 9, 200: 7, 280: 3 }), gaps: none }
    expect(matchedThreshold([one], 1)).toBe(9)
    expect(matchedThreshold([one], 2)).toBe(7)
    // at 0 all would be one long alarm: never reached from above
    expect(matchedThreshold([one, one], 2)).toBe(9)
    expect(matchedThreshold([one], 0)).toBe(Number.POSITIVE_INFINITY)
  })

  test('an alarm in a drop-out of the recording itself is not held against anyone', () => {
    const gaps = none.slice().fill(1, 90, 140)
    const one = { scores: scores({ 100: Number.POSITIVE_INFINITY, 200: 7 }), gaps }
    expect(falseAlarms([one], 8)).toBe(0)
    expect(falseAlarms([one], 7)).toBe(1)
  })
})

describe('a fault is found', () => {
  const fault = { from: 100, to: 110 }
  test('by the first alarm that starts in it or within 30 s after it', () => {
    expect(detectionDelay([90, 104, 108], fault, [])).toBe(4)
    expect(detectionDelay([139], fault, [])).toBe(39)
    expect(detectionDelay([99, 140], fault, [])).toBeUndefined()
  })

  test('not by an alarm that the untouched recording raises at the same place', () => {
    expect(detectionDelay([104], fault, [107])).toBeUndefined()
    expect(detectionDelay([104, 120], fault, [107])).toBe(20)
    expect(detectionDelay([104], fault, [110])).toBe(4)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Rounds } from '../../src/stream/rounds.ts'

describe('rounds', () => {
  it('never hold two frames of one patient or more than they have room for, keep every patient in order, and lose nothing', () => {
    const step = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant('take' as const))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 7 }), (steps, capacity) => {
        const rounds = new Rounds(capacity, 1)
        const pushed: number[][] = Array.from({ length: 10 }, () => [])
        const taken: number[][] = Array.from({ length: 10 }, () => [])
        const take = (again = false) => {
          const round = rounds.take()
          if (round === undefined) return false
          const slots = [...round.slots.subarray(0, round.count)]
          expect(new Set(slots).size).toBe(slots.length)
          expect(slots.length).toBeGreaterThan(0)
          expect(slots.length).toBeLessThanOrEqual(capacity)
          for (const [row, slot] of slots.entries()) taken[slot]!.push(round.ticks[row]!)
          // the next frame of whoever is stepped waits behind it
          expect(slots.every((slot) => rounds.holds(slot))).toBe(true)
          expect(rounds.rests).toBe(false)
          if (again && slots.length < capacity) {
            rounds.push(slots[0]!, -1)
            pushed[slots[0]!]!.push(-1)
            expect(round.count).toBe(slots.length)
          }
          rounds.release(round)
          return true
        }
        for (const [i, what] of steps.entries()) {
          if (what === 'take') take(true)
          else {
            rounds.push(what, i)
            pushed[what]!.push(i)
          }
          const waiting = pushed.map((ticks, slot) => ticks.length - taken[slot]!.length)
          expect(rounds.size).toBe(waiting.reduce((sum, count) => sum + count))
          expect(waiting.map((_, slot) => rounds.holds(slot))).toEqual(waiting.map((count) => count > 0))
          expect(rounds.rests).toBe(rounds.size === 0)
        }
        while (take());
        expect(taken).toEqual(pushed)
        expect(rounds.size).toBe(0)
      }),
    )
  })
})

import { expect, test } from 'vitest'
import { NONE_ASIDE, newSession, type Session } from '../../src/stream/session.ts'

const session = (slot: number): Session => newSession(slot, `p-${slot}`, 'live', 'readings', 3)

test('what few patients have is the own of each who has it', () => {
  const [one, other] = [session(0), session(1)]
  one.mutedUntil = 5000
  one.calls = undefined
  one.begun = new Map([['hr-high', { onset: 1000, again: 0 }]])
  expect(one).toMatchObject({ mutedUntil: 5000, slot: 0, partition: 3 })
  for (const key of [
    'mutedUntil',
    'begun',
    'started',
    'departedAt',
    'seenBy',
    'policy',
    'lostAt',
    'admittedAt',
  ] as const)
    expect(other[key]).toBeUndefined()
  expect(other.aside).toBe(NONE_ASIDE)
  other.lostAt = 7000
  expect([one.lostAt, other.lostAt]).toEqual([undefined, 7000])
  one.mutedUntil = undefined
  expect(one.mutedUntil).toBeUndefined()
  expect(one.begun?.get('hr-high')).toEqual({ onset: 1000, again: 0 })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alertId, eventId } from '../../src/alerts/identity.ts'

test('an id is 32 hex characters and depends on each of its parts', () => {
  const first = alertId('p', 'e', 'd', 'c', 1)
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  const others = [
    alertId('P', 'e', 'd', 'c', 1),
    alertId('p', undefined, 'd', 'c', 1),
    alertId('p', 'e', 'D', 'c', 1),
    alertId('p', 'e', 'd', 'C', 1),
    alertId('p', 'e', 'd', 'c', 2),
  ]
  expect(new Set([first, ...others, eventId(first, 0), eventId(first, 1)]).size).toBe(8)
})

test('is the same on every machine and in every version: a fixed example', () => {
  // printf '%s' '["p","e","d","c",1]' | sha256sum
  expect(alertId('p', 'e', 'd', 'c', 1)).toBe('fa1a6cd5d8c2f21c8d76fea66892bcda')
})

test('parts do not run into each other', () => {
  const text = fc.string({ maxLength: 6 })
  fc.assert(
    fc.property(text, text, text, text, (a, b, c, d) => {
      fc.pre(a !== c || b !== d)
      expect(alertId(a, b, 'd', 'c', 0)).not.toBe(alertId(c, d, 'd', 'c', 0))
    }),
  )
})

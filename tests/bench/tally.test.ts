import { expect, test } from 'vitest'
import { alertOf, handedOf, idOf, micros, seqOf } from '../../src/bench/fanout/alerts.ts'
import { Tally } from '../../src/bench/fanout/tally.ts'
import { AlertEnvelope } from '../../src/vitals/alert.ts'

test('an alert of the bench is one of the contract, and its id says which it is and when it was handed over', () => {
  const handed = micros()
  const envelope = AlertEnvelope.parse(alertOf(1234, handed))
  expect(envelope.body.eventId).toBe(idOf(1234, handed))
  expect([seqOf(envelope.body.eventId), handedOf(envelope.body.eventId)]).toEqual([1234, handed])
})

test('what a receiver lacks is lost, what it has twice is doubled and counts once', () => {
  const tally = new Tally(2, 3)
  for (const seq of [0, 1, 2]) tally.arrived(0, idOf(seq, micros()))
  for (const seq of [0, 0, 2]) tally.arrived(1, idOf(seq, micros()))
  expect([tally.least, tally.count(0), tally.count(1)]).toEqual([2, 3, 2])
  expect(tally.end(3)).toMatchObject({ delivered: 5, lost: 1, doubled: 1 })
})

test('what was handed over while a receiver was away is no delay of the sender', () => {
  const tally = new Tally(1, 3)
  const before = micros() - 5_000_000
  tally.arrived(0, idOf(0, micros() - 2000))
  tally.back(0)
  tally.arrived(0, idOf(1, before))
  tally.arrived(0, idOf(2, micros()))
  const { latencyMs, lost } = tally.end(3)
  expect(lost).toBe(0)
  expect(latencyMs.max).toBeGreaterThanOrEqual(2)
  expect(latencyMs.max).toBeLessThan(1000)
})

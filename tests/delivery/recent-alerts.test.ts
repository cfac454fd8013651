import { expect, test } from 'vitest'
import { recentAlerts } from '../../src/delivery/recent-alerts.ts'
import { alertRecord } from '../../src/kafka/alert-record.ts'
import { isRejection } from '../../src/kafka/json-value.ts'
import type { LogRecord } from '../../src/kafka/port.ts'
import { alert } from './receivers.ts'

/** The record at an offset as a follower reads it. */
function logged(offset: number, value?: string): LogRecord {
  const { key, value: text, headers } = alertRecord('t', 0, alert('p-1', offset))
  const bytes = Object.entries(headers!).map(([name, it]) => [name, Buffer.from(it)])
  return {
    offset,
    timestamp: 0,
    key: Buffer.from(key!),
    value: Buffer.from(value ?? text!),
    headers: Object.fromEntries(bytes),
  }
}

test('the same place of the same partition is read once, and is the same message for everybody', () => {
  const read = recentAlerts()
  const first = read(0, logged(7))
  expect(first).toEqual(alert('p-1', 7))
  expect(read(0, logged(7))).toBe(first)
  expect(read(1, logged(7))).not.toBe(first)
  expect(read(0, logged(8))).toEqual(alert('p-1', 8))
})

test('what is no alert is a rejection for everybody; what is long ago is read anew', () => {
  const read = recentAlerts(2)
  expect(isRejection(read(0, logged(0, '{')))).toBe(true)
  expect(isRejection(read(0, logged(0)))).toBe(true)
  read(0, logged(1))
  read(0, logged(2))
  expect(isRejection(read(0, logged(0)))).toBe(false)
})

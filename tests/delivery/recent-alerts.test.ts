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

test('a record is read once, and is the same message for everybody', () => {
  const read = recentAlerts()
  const record = logged(7)
  const first = read(record)
  expect(first).toEqual(alert('p-1', 7))
  expect(read(record)).toBe(first)
  expect(read(logged(8))).toEqual(alert('p-1', 8))
})

test('what is no alert is a rejection for everybody', () => {
  const read = recentAlerts()
  const record = logged(0, '{')
  expect(isRejection(read(record))).toBe(true)
  expect(read(record)).toBe(read(record))
})

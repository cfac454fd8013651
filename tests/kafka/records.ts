import type { LogRecord, NewRecord } from '../../src/kafka/port.ts'

/** A record as it is read after it was written: bytes, and a place. */
export function read({ key, value, headers = {} }: NewRecord, offset = 0): LogRecord {
  const bytes = (it: string | Buffer) => Buffer.from(it as string)
  return {
    offset,
    timestamp: Date.UTC(2026, 0, 1),
    key: key === null ? null : bytes(key),
    value: value === null ? null : bytes(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, it]) => [name, bytes(it)])),
  }
}

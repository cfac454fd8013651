import type { LogRecord, Lying } from './port.ts'

/**
 * A record that is read where it lies, among the others of its batch. Its key and its value become buffers when they are asked
 * for: of a reading they never are, and two buffers cost more than taking the message apart.
 */
export class LyingRecord implements LogRecord, Lying {
  readonly offset: number
  readonly timestamp: number
  readonly headers: LogRecord['headers']
  readonly bytes: Buffer
  readonly keyFrom: number
  readonly keyTo: number
  readonly valueFrom: number
  readonly valueTo: number

  constructor(
    bytes: Buffer,
    offset: number,
    timestamp: number,
    keyFrom: number,
    keyTo: number,
    valueFrom: number,
    valueTo: number,
    headers: LogRecord['headers'],
  ) {
    this.bytes = bytes
    this.offset = offset
    this.timestamp = timestamp
    this.keyFrom = keyFrom
    this.keyTo = keyTo
    this.valueFrom = valueFrom
    this.valueTo = valueTo
    this.headers = headers
  }

  get key(): Buffer | null {
    return part(this.bytes, this.keyFrom, this.keyTo)
  }

  get value(): Buffer | null {
    return part(this.bytes, this.valueFrom, this.valueTo)
  }

  get lies(): LyingRecord {
    return this
  }
}

function part(bytes: Buffer, from: number, to: number): Buffer | null {
  return to < from ? null : bytes.subarray(from, to)
}

const EMPTY = Buffer.alloc(0)

/** Any record as one that lies somewhere. */
export function lying(record: LogRecord): Lying {
  if (record.lies !== undefined) return record.lies
  const { key, value } = record
  const bytes = Buffer.concat([key ?? EMPTY, value ?? EMPTY])
  const end = key?.length ?? 0
  const [keyTo, valueTo] = [key === null ? -1 : end, value === null ? -1 : bytes.length]
  return { bytes, keyFrom: 0, keyTo, valueFrom: end, valueTo }
}

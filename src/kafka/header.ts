import type { LogRecord } from './port.ts'

/** The text of a header; undefined where there is none. Bytes that are not UTF-8 become U+FFFD. */
export function headerText(record: LogRecord, name: string): string | undefined {
  return record.headers[name]?.toString()
}

/** A header that holds a whole number of decimal digits; NaN where it does not. */
export function headerNumber(record: LogRecord, name: string): number {
  const text = headerText(record, name)
  return text !== undefined && /^(?:0|-?[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN
}

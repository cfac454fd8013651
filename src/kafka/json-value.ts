import type { z } from 'zod'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { misfit } from '../vitals/unnamed.ts'

/** Bytes of the longest record that is read: thirty times a reading of every channel with unit, status and time. */
export const MAX_RECORD = 65_536

const BOM = 0xfeff
const STRICT = new TextDecoder('utf-8', { fatal: true })

function isUtf8(bytes: Uint8Array): boolean {
  try {
    STRICT.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The text of a value, or why it has none. */
export function valueText(value: Buffer | null, longest = MAX_RECORD): string | Rejection {
  if (value === null) return reject('no-value', 'the record has no value; a reading is never deleted')
  if (value.length === 0) return reject('no-value', 'the value is empty')
  if (value.length > longest) return reject('too-long', `${value.length} bytes, more than ${longest}`)
  const text = value.toString()
  // what is not UTF-8 was decoded to U+FFFD; only then are the bytes looked at again
  if (text.includes('\ufffd') && !isUtf8(value)) return reject('not-utf8', 'the value is not UTF-8')
  if (text.charCodeAt(0) === BOM) return reject('not-json', 'a byte order mark stands before the JSON')
  return text
}

/** A value that Vigil wrote itself, read back by its contract; whatever its length. */
export function contractOf<T>(value: Buffer | null, schema: z.ZodType<T>): T | Rejection {
  const text = valueText(value, Number.POSITIVE_INFINITY)
  if (typeof text !== 'string') return text
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return reject('not-json', 'the value is not JSON')
  }
  return fitted(message, schema)
}

/** The same of what stands in headers, or anywhere else. */
export function fitted<T>(message: unknown, schema: z.ZodType<T>): T | Rejection {
  const parsed = schema.safeParse(message)
  if (parsed.success) return parsed.data
  const { detail, path } = misfit(parsed.error.issues[0], message)
  return reject('bad-record', detail, path)
}

/** Whether something read is a rejection. */
export function isRejection(it: unknown): it is Rejection {
  return typeof it === 'object' && it !== null && 'kind' in it && it.kind === 'rejection'
}

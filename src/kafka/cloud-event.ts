import { type Rejection, reject } from '../vitals/rejection.ts'
import { MAX_RECORD } from './json-value.ts'
import type { LogRecord } from './port.ts'

/**
 * How a value is read: `plain`, it is the reading (also in CloudEvents' binary mode, whose attributes stand in the
 * headers); `structured`, it is a CloudEvents envelope with the reading inside.
 */
export type Form = 'plain' | 'structured'

/** CloudEvents' type of a reading, unless a site names its own. */
export const READING_EVENT = 'vigil.reading'

const JSON_ITSELF = 'application/json'
const STRUCTURED = 'application/cloudevents+json'
const PREFIX = 'ce_'
const REQUIRED = ['specversion', 'id', 'source', 'type']
// media types are of any case; of their parameters only the character set says how to read
const MEDIA_TYPE = /^\s*([!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+)\s*((?:;[^;]*)*)$/
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i
const JSON_TYPE = /^(?:application|text)\/(?:[^+]+\+)?json$/
const UNICODE = new Set(['', 'utf-8', 'utf8', 'us-ascii'])

/** `type/subtype` in lower case; undefined where it is none, or of another character set than UTF-8. */
function mediaType(text: string): string | undefined {
  const [, type, parameters = ''] = MEDIA_TYPE.exec(text) ?? []
  const charset = CHARSET.exec(parameters)?.[1] ?? ''
  return UNICODE.has(charset.toLowerCase()) ? type?.toLowerCase() : undefined
}

/** Whether a value of this content type can be a reading or an envelope with one. */
export function isReadable(contentType: string): boolean {
  const type = mediaType(contentType)
  return type !== undefined && (type === STRUCTURED || (JSON_TYPE.test(type) && !isEvents(type)))
}

function isEvents(type: string): boolean {
  return type.startsWith('application/cloudevents')
}

/** What is wrong with the content type of a reading; absent, it is JSON. Never quotes it: it is anybody's text. */
function wrongData(contentType: unknown, path: string): Rejection | undefined {
  if (contentType === undefined || contentType === null || contentType === JSON_ITSELF) return undefined
  const type = typeof contentType === 'string' ? mediaType(contentType) : undefined
  if (type !== undefined && JSON_TYPE.test(type) && !isEvents(type)) return undefined
  const batch = type?.startsWith('application/cloudevents-batch') === true
  const why = batch ? 'one record holds one reading, not a batch of events' : 'a reading is JSON in UTF-8'
  return reject('unknown-content-type', why, path)
}

/**
 * What is wrong with the attributes of an event, or undefined. Only those are looked at without which it is none, and
 * its type: subject, time and extensions are the sender's.
 * @param prefix what stands before an attribute's name where it was found
 */
export function wrongEvent(
  attribute: (name: string) => unknown,
  prefix: string,
  types: ReadonlySet<string>,
): Rejection | undefined {
  for (const name of REQUIRED) {
    const it = attribute(name)
    const path = prefix + name
    if (it === undefined || it === null) return reject('bad-event', `"${name}" is missing`, path)
    if (typeof it !== 'string' || it === '')
      return reject('bad-event', `"${name}" is a text, and not an empty one`, path)
    if (name === 'specversion' && it !== '1.0') return reject('bad-event', 'CloudEvents 1.0 is read, no other', path)
    if (name === 'type' && !types.has(it)) return reject('unknown-event-type', 'no reading has this type', path)
  }
  return wrongData(attribute('datacontenttype'), `${prefix}datacontenttype`)
}

/**
 * How the value is to be read by its headers, after the Kafka binding of CloudEvents 1.0: a content type of CloudEvents
 * means structured mode, else any `ce_` header means binary mode. Names are of any case.
 */
export function formOf(headers: LogRecord['headers'], types: ReadonlySet<string>): Form | Rejection {
  let contentType: string | undefined
  let event: Map<string, Buffer> | undefined
  let bytes = 0
  for (const name in headers) {
    const it = headers[name]
    if (it === undefined) continue
    bytes += name.length + it.length
    const lower = name.toLowerCase()
    if (lower === 'content-type') contentType = it.toString()
    else if (lower.startsWith(PREFIX)) {
      event ??= new Map()
      event.set(lower, it)
    }
  }
  if (bytes > MAX_RECORD) return reject('too-long', `${bytes} bytes of headers, more than ${MAX_RECORD}`)
  if (contentType !== undefined && contentType !== JSON_ITSELF && mediaType(contentType) === STRUCTURED)
    return 'structured'
  const attributes = event
  const wrong = attributes && wrongEvent((name) => attributes.get(PREFIX + name)?.toString(), PREFIX, types)
  return wrong ?? wrongData(contentType, 'content-type') ?? 'plain'
}

import { DeadLetter, type Rejection, reject } from '../vitals/rejection.ts'
import { isReadable } from './cloud-event.ts'
import { headerNumber, headerText } from './header.ts'
import { fitted, isRejection } from './json-value.ts'
import type { LogRecord, NewRecord } from './port.ts'

/** Where a record stood. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Rejections that are told one by one; of the others there is only the number. */
const TOLD = 16

/**
 * Bytes of the longest original that a dead letter carries: a broker takes 1 MB a record, unpacked by us, and what came
 * packed may be a thousand times as long. A letter that the broker refused would hold its partition up for good.
 */
const LARGEST = 900_000

// named by KIP-1034, as Kafka Streams writes them: texts all, numbers in decimal digits. There is no `.stacktrace`.
const EXCEPTION = '__streams.errors.exception'
const MESSAGE = '__streams.errors.message'
const TOPIC = '__streams.errors.topic'
const PARTITION = '__streams.errors.partition'
const OFFSET = '__streams.errors.offset'

const ID = 'vigil.id'
const REASON = 'vigil.reason'
const ORIGINAL = 'vigil.original'
const COUNT = 'vigil.rejections'
const EACH = 'vigil.rejection.'

/** The id of a record's dead letter: the same however often it is written. */
export function deadLetterId({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`
}

/**
 * The one dead letter of a record: its key and its value as they came, so that it can be replayed, and why it was not
 * read in the headers, which name nobody. Of the record's own headers only a content type stays that says how the value
 * is read: an event's id or subject may name a patient. In binary mode the value alone is the reading.
 * @param topic of the dead letters; of as many partitions as that of the readings
 * @param rejections [>= 1] of this record; the first gives the reason
 * @param original left out when it is too long, or undefined because it is no longer at hand; then the header
 *   `vigil.original` says so, and it stands at `place` as long as its topic keeps it
 */
export function deadLetter(
  topic: string,
  place: Place,
  rejections: readonly Rejection[],
  original: Pick<LogRecord, 'key' | 'value' | 'headers'> | undefined,
): NewRecord {
  const { reason, detail } = rejections[0]!
  const length = (original?.key?.length ?? 0) + (original?.value?.length ?? 0)
  const kept = length > LARGEST ? undefined : original
  const headers: Record<string, string | Buffer> = {
    [EXCEPTION]: `vigil.Rejection: ${reason}`,
    [MESSAGE]: detail,
    [TOPIC]: place.topic,
    [PARTITION]: String(place.partition),
    [OFFSET]: String(place.offset),
    [ID]: deadLetterId(place),
    [REASON]: reason,
    [ORIGINAL]: kept === undefined ? 'left-out' : 'kept',
    [COUNT]: String(rejections.length),
  }
  rejections.slice(0, TOLD).forEach((it, i) => {
    headers[EACH + i] = JSON.stringify({ reason: it.reason, detail: it.detail, path: it.path, column: it.column })
  })
  const type = kept?.headers['content-type']
  if (type !== undefined && isReadable(type.toString())) headers['content-type'] = type
  return { topic, partition: place.partition, key: kept?.key ?? null, value: kept?.value ?? null, headers }
}

/** A dead letter read back. */
export interface ReadDeadLetter {
  readonly id: string
  /** how many places were rejected; `letters` tells the first of them */
  readonly count: number
  /** key and value are those of the rejected record; false: they are null here, and stand at its place */
  readonly original: boolean
  /** [1..16] */
  readonly letters: readonly DeadLetter[]
}

/** What a record of the dead letters says; key and value are the record's own. */
export function readDeadLetter(record: LogRecord): ReadDeadLetter | Rejection {
  const place = {
    topic: headerText(record, TOPIC) ?? '',
    partition: headerNumber(record, PARTITION),
    offset: headerNumber(record, OFFSET),
  }
  const count = headerNumber(record, COUNT)
  if (!(count >= 1)) return reject('bad-record', 'it does not say how many places were rejected', COUNT)
  const letters: DeadLetter[] = []
  for (let i = 0; i < Math.min(count, TOLD); i++) {
    const letter = letterOf(headerText(record, EACH + i) ?? '', place)
    if (isRejection(letter)) return letter
    letters.push(letter)
  }
  const id = headerText(record, ID)
  if (id !== deadLetterId(place)) return reject('bad-record', 'its id is not that of its place', ID)
  return { id, count, original: headerText(record, ORIGINAL) === 'kept', letters }
}

function letterOf(text: string, { topic, partition, offset }: Place): DeadLetter | Rejection {
  let told: unknown
  try {
    told = JSON.parse(text)
  } catch {
    return reject('bad-record', 'a rejection is not JSON', EACH)
  }
  return fitted(typeof told === 'object' ? { ...told, source: topic, partition, offset } : told, DeadLetter)
}

import type { AcknowledgementMessage, Control, EncounterMessage } from '../vitals/control.ts'
import { at, type Rejection, reject } from '../vitals/rejection.ts'
import { formOf } from './cloud-event.ts'
import { isRejection, valueText } from './json-value.ts'
import { partitionOf } from './murmur2.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { isKeyOf } from './record-key.ts'

const NO_EVENTS: ReadonlySet<string> = new Set()

/**
 * The decoder of the encounters or the acknowledgements topic. It never throws. A record is one JSON message, no
 * CloudEvent, under the key of the patient it names; a keyless one is refused, since what people ordered must not be
 * reordered.
 * @param decode one message, of `ingest/decode-control`
 */
export function controlDecoder(
  topic: string,
  decode: (text: string) => Control | Rejection,
): (record: LogRecord) => Control | Rejection {
  const refused = (rejection: Rejection) => at(rejection, topic)

  return ({ key, value, headers }) => {
    const text = valueText(value)
    if (isRejection(text)) return refused(text)
    const form = formOf(headers, NO_EVENTS)
    if (isRejection(form)) return refused(form)
    if (form === 'structured')
      return refused(reject('unknown-content-type', 'encounters and acknowledgements are plain JSON', 'content-type'))
    const control = decode(text)
    if (isRejection(control)) return refused(control)
    if (key === null || key.length === 0)
      return refused(reject('key-mismatch', 'the record has no key; it is that of the patient'))
    if (!isKeyOf(key, control.patientKey))
      return refused(reject('key-mismatch', "the record's key is not that of the patient in it"))
    return control
  }
}

/** A control message as a record of its topic: under the key of the patient it names, where that one's readings are. */
export function controlRecord(
  topic: string,
  message: AcknowledgementMessage | EncounterMessage,
  partitions: number,
): NewRecord {
  const key = message.patientKey
  return { topic, partition: partitionOf(key, partitions), key, value: JSON.stringify(message) }
}

import { AlertEnvelope } from '../vitals/alert.ts'
import type { Mode } from '../vitals/reading.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { headerText } from './header.ts'
import { contractOf, isRejection } from './json-value.ts'
import type { LogRecord, NewRecord } from './port.ts'
import { isKeyOf } from './record-key.ts'

/** The topic of a mode's alerts: what is not live never stands among what is. */
export function alertTopic(prefix: string, mode: Mode): string {
  return mode === 'live' ? `${prefix}.alerts` : `${prefix}.alerts.test`
}

/**
 * An alert message as a CloudEvent 1.0 in binary mode: the value is the envelope of `alert-envelope.schema.json`, the
 * key the patient's. The event's id is the message's, its subject the episode (never the patient), its time event time:
 * all headers are as deterministic as the body.
 */
export function alertRecord(prefix: string, partition: number, envelope: AlertEnvelope): NewRecord {
  const { eventId, alertId, phase, source, subject, times } = envelope.body
  return {
    topic: alertTopic(prefix, envelope.mode),
    partition,
    key: subject.patientKey,
    value: JSON.stringify(envelope),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: eventId,
      ce_source: `/vigil/${encodeURIComponent(source.detector)}/${encodeURIComponent(source.version)}`,
      ce_type: `vigil.alert.${phase}`,
      ce_subject: alertId,
      ce_time: new Date(times.event).toISOString(),
    },
  }
}

/** An alert message read back, or why it is none. */
export function readAlert(record: LogRecord): AlertEnvelope | Rejection {
  const envelope = contractOf(record.value, AlertEnvelope)
  if (isRejection(envelope)) return envelope
  const { subject, eventId } = envelope.body
  if (record.key === null || !isKeyOf(record.key, subject.patientKey))
    return reject('key-mismatch', "the record's key is not that of the patient in it")
  if (headerText(record, 'ce_id') !== eventId)
    return reject('bad-event', "the event's id is not that of the message", 'ce_id')
  return envelope
}

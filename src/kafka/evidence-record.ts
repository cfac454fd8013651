import { EvidenceHead } from '../vitals/evidence.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import { headerNumber, headerText } from './header.ts'
import { fitted, isRejection } from './json-value.ts'
import type { LogRecord, NewRecord } from './port.ts'

/** What an alert can be recomputed from. */
export interface Evidence {
  readonly head: EvidenceHead
  /** the patient's state record from before the alert's first frame, as it stands in the changelog */
  readonly state: Buffer
}

const ALERT = 'vigil.alert-id'
const EVENT = 'vigil.event-id'
const TOPIC = 'vigil.topic'
const PARTITION = 'vigil.partition'
const FROM = 'vigil.from-offset'

/**
 * Evidence: the value is the state record, all else stands in the headers. The key is the patient's and not the
 * alert's, as in every topic with patients in it: one partition has all of a patient, and nobody else's.
 */
export function evidenceRecord(prefix: string, { head, state }: Evidence): NewRecord {
  return {
    topic: `${prefix}.alerts.evidence`,
    partition: head.partition,
    key: head.patientKey,
    value: state,
    headers: {
      'content-type': 'application/octet-stream',
      [ALERT]: head.alertId,
      [EVENT]: head.eventId,
      [TOPIC]: head.topic,
      [PARTITION]: String(head.partition),
      [FROM]: String(head.fromOffset),
    },
  }
}

/** Evidence read back, or why it is none. */
export function readEvidence(record: LogRecord): Evidence | Rejection {
  if (record.value === null || record.value.length === 0) return reject('no-value', 'there is no state in it')
  const head = fitted(
    {
      patientKey: record.key?.toString(),
      alertId: headerText(record, ALERT),
      eventId: headerText(record, EVENT),
      topic: headerText(record, TOPIC),
      partition: headerNumber(record, PARTITION),
      fromOffset: headerNumber(record, FROM),
    },
    EvidenceHead,
  )
  return isRejection(head) ? head : { head, state: record.value }
}

import { z } from 'zod'

/** Why a message was not scored. Every reason is counted, and the message goes to the dead letters. */
export const REJECTION_REASONS = {
  'not-json': 'the line is not valid JSON',
  'too-long': 'the line or the record is longer than the limit',
  'no-value': 'the record has no value, or an empty one',
  'not-utf8': 'the bytes are not UTF-8',
  'key-mismatch': "the record's key is not the key of the patient in its value",
  'unknown-content-type': 'the value is said to be something else than JSON in UTF-8',
  'bad-event': 'the CloudEvents envelope lacks something, or is of another version',
  'unknown-event-type': 'the type of the CloudEvent is none that is read as a reading',
  'bad-record': 'the record does not fit the contract of its topic',
  'not-an-object': 'a reading is a JSON object',
  'no-subject': 'neither patient nor bed is named',
  'bad-field': 'a field has the wrong type or is out of bounds',
  'unknown-field': 'the field is not part of the contract',
  'bad-time': 'the time is missing, not a number or not an ISO 8601 instant',
  'implausible-time': 'the time is before 1990 or after 3000',
  'unknown-channel': 'no channel has this name',
  'not-a-number': 'the value is not a finite JSON number',
  'duplicate-channel': 'a channel comes twice for one time; the first is taken',
  'unknown-unit': "the unit cannot be converted into the channel's unit",
  'unknown-status': "the status is not one of the contract's",
  'bad-row': 'the row does not have the columns its header announces',
  late: 'the tick it belongs to was closed already',
  'ahead-of-clock': "set aside: more than a minute ahead of the patient's clock, and no two others agreed",
  'other-partition': 'the patient is read from another partition; one patient needs one key and one partitioner',
  'bad-journal-entry': 'the journal entry does not fit its schema',
  'bad-control': 'the encounter or acknowledgement does not fit its schema',
  'profile-contradiction': 'the profile is not the one of the age: a child with an adult profile, say',
  'until-past': "the pause or mute ends before it begins, or has ended by the patient's clock",
  'until-too-far': 'the pause or mute would last longer than `alerts.longestPauseSeconds`',
  'not-admitted': 'nobody of this key is watched',
  'before-admission': 'it is dated before the admission of the encounter that is open',
  'other-encounter': 'it names another encounter than the one that is open',
  'keyed-by-bed': 'a patient known only by the bed cannot leave it under this key: discharge the bed',
  'unknown-alert': 'no alert of this id is open for the patient',
  undeliverable: 'a receiver of alerts refused a message for good; it is delivered to the others',
  'still-active': 'the condition still stands, so its alert cannot be reset',
  departed: 'the patient was discharged, or the record merged, less than `stream.departedSeconds` before',
  'other-mode': 'a test, demo or replayed reading of a patient who is watched live',
} as const
export type RejectionReason = keyof typeof REJECTION_REASONS

/** Bad input as a value: what, where and why, without a patient's identity. */
export interface Rejection {
  readonly kind: 'rejection'
  readonly reason: RejectionReason
  /** one sentence with the offending value; never names a patient, bed or device */
  readonly detail: string
  /** JSON path or column name of the offending place */
  readonly path: string | undefined
  /** file, topic or connection */
  readonly source: string | undefined
  /** 1-based */
  readonly line: number | undefined
  /** 1-based */
  readonly column: number | undefined
}

/** A rejection of one place in a message. */
export function reject(reason: RejectionReason, detail: string, path?: string): Rejection {
  return { kind: 'rejection', reason, detail, path, source: undefined, line: undefined, column: undefined }
}

/** The same rejection, with where it stood in its source. */
export function at(rejection: Rejection, source: string | undefined, line?: number, column?: number): Rejection {
  return { ...rejection, source, line, column: column ?? rejection.column }
}

/** A rejection as it leaves the pipeline: one line of a dead-letter file. The message itself is not in it. */
export const DeadLetter = z.strictObject({
  reason: z.enum(Object.keys(REJECTION_REASONS) as [RejectionReason, ...RejectionReason[]]),
  detail: z.string(),
  path: z.string().optional(),
  source: z.string().optional(),
  line: z.int().positive().optional(),
  column: z.int().positive().optional(),
  partition: z.int().nonnegative(),
  offset: z.number(),
})
export type DeadLetter = z.infer<typeof DeadLetter>

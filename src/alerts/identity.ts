import { createHash } from 'node:crypto'

/** 32 hex characters (128 bits) of a SHA-256; the parts are joined as a JSON array, so that no two lists are alike */
function hash(parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/**
 * The id of an episode, constant from start to end: no offset and no wall clock enters.
 * @param again 0, but where an event time came twice: which of the patient's episodes that began no later than an
 *   earlier one of their code this is
 */
export function alertId(
  patientKey: string,
  encounterKey: string | undefined,
  detector: string,
  code: string,
  onset: number,
  again = 0,
): string {
  return hash([patientKey, encounterKey ?? null, detector, code, onset, ...(again > 0 ? [again] : [])])
}

/** The id of one message of an episode. */
export function eventId(alert: string, seq: number): string {
  return hash([alert, seq])
}

import type { AlertEnvelope } from '../vitals/alert.ts'
import { selfTestKey } from '../vitals/reading.ts'
import type { NewRecord } from './port.ts'

/** The heart that stops every so often, seconds of event time: asystole needs no model and no hold. */
const CYCLE = 120
/** Alive again for the rest of the cycle: the alert latches, and calls again when the heart stops again. */
const STILL = 10
/** A self-test alert that is not committed after so long is overdue, s: a cycle and some slack. */
export const OVERDUE_SECONDS = CYCLE + 30

/** The self-test patient's reading of a moment: one every ten seconds, the heart still in the first of a cycle. */
export function selfTestReading(topic: string, partition: number, now: number): NewRecord {
  const patient = selfTestKey(partition)
  const still = (now / 1000) % CYCLE < STILL
  const reading = { patient, time: now, mode: 'test', complete: true, values: { hr: still ? 0 : 70, spo2: 97 } }
  return { topic, partition, key: patient, value: JSON.stringify(reading) }
}

/** Seconds since the reading behind a call of the self-test alert was written; undefined for any other message. */
export function selfTestSeconds({ body, trace, mode }: AlertEnvelope, now: number): number | undefined {
  if (mode !== 'test' || body.signal.call !== 'now' || body.subject.patientKey !== selfTestKey(trace.partition))
    return undefined
  return (now - body.times.event) / 1000
}

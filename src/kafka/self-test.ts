import type { AlertEnvelope } from '../vitals/alert.ts'
import { selfTestKey } from '../vitals/reading.ts'
import type { NewRecord } from './port.ts'

/** What is said of a heart that stops: it needs no model and no hold. */
const STOPPED = 'asystole'
/** It stops every so often, seconds. */
const CYCLE = 120
/** A self-test alert that is not committed after so long is overdue, s: a cycle and some slack. */
export const OVERDUE_SECONDS = CYCLE + 30
/** Between two readings of a self-test patient, s, where nobody wants beds to be heard of more often: each costs its partition a commit. */
const MOST_SECONDS = 20
const LEAST_SECONDS = 10

/** Seconds between two readings of a self-test patient: so many that a late one does not leave it without a signal. */
export const selfTestEvery = (signalLostSeconds: number): number =>
  Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, (signalLostSeconds * 2) / 3))

/**
 * The self-test patient's reading of a moment. The heart is still in the first one of a cycle, whenever that comes, and alive again in
 * all others: the alert latches, and calls again when the heart stops again.
 * @param before when the reading before it was written, or the first could have been; ms, as `now`
 */
export function selfTestReading(topic: string, partition: number, now: number, before: number): NewRecord {
  const patient = selfTestKey(partition)
  const still = cycleOf(now) !== cycleOf(before)
  const reading = { patient, time: now, mode: 'test', complete: true, values: { hr: still ? 0 : 70, spo2: 97 } }
  return { topic, partition, key: patient, value: JSON.stringify(reading) }
}

const cycleOf = (now: number) => Math.floor(now / 1000 / CYCLE)

/** Seconds since the reading behind a call of the self-test alert was written; undefined for everything else. */
export function selfTestSeconds({ body, trace, mode }: AlertEnvelope, now: number): number | undefined {
  if (mode !== 'test' || body.subject.patientKey !== selfTestKey(trace.partition)) return undefined
  // a signal that is lost is called, too, and says the contrary
  if (body.code !== STOPPED || body.signal.call !== 'now') return undefined
  return (now - body.times.event) / 1000
}

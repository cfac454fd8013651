import type { JournalEntry } from '../vitals/journal.ts'
import type { Session } from './session.ts'

const HOUR = 3_600_000
/** how long what remains of a patient who left is kept, wall clock, ms: it holds a slot */
const DEPARTED_MS = 600_000

export interface SilenceRules {
  /** wall-clock silence after which a bed is blind, s */
  readonly seconds: number
  /** a bed that is blind is found so again after this long, so that its open alerts are sent again, s */
  readonly againSeconds: number
  /** wall-clock silence after which a patient is forgotten */
  readonly forgetHours: number
}

/**
 * The wall clock's verdicts, as the entries that record them: beds that are silent, or silent still, and patients who
 * are forgotten.
 * @param newest a session's newest event time, ms; NaN before the first
 * @param now wall clock, ms
 */
export function silence(
  sessions: Iterable<Session>,
  newest: (session: Session) => number,
  now: number,
  { seconds, againSeconds, forgetHours }: SilenceRules,
): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (const session of sessions) {
    const silentMs = now - session.arrived
    if (silentMs < seconds * 1000) continue
    const gone = session.departedAt !== undefined
    const forgotten = silentMs >= (gone ? DEPARTED_MS : HOUR * forgetHours)
    if (gone && !forgotten) continue
    const clock = newest(session)
    const from = session.departedAt ?? (Number.isNaN(clock) ? (session.admittedAt ?? 0) : clock)
    const at = Math.round(from + silentMs)
    if (!forgotten && session.lostAt !== undefined && at - session.lostAt < againSeconds * 1000) continue
    entries.push({
      kind: 'journal',
      patientKey: session.patientKey,
      at,
      afterOffset: session.lastOffset,
      entry: forgotten ? 'forgotten' : 'signal-lost',
      silentSeconds: Math.round(silentMs / 1000),
    })
  }
  return entries
}

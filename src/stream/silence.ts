import type { JournalEntry } from '../vitals/journal.ts'
import type { Departed, Session } from './sessions.ts'

export interface SilenceRules {
  /** wall-clock silence after which a bed is blind, s */
  readonly seconds: number
  /** a bed that is blind is found so again after this long, so that its open alerts are sent again, s */
  readonly againSeconds: number
  /** wall-clock silence after which a patient, or what is left of one, is forgotten */
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
  departed: Iterable<Departed>,
  newest: (session: Session) => number,
  now: number,
  { seconds, againSeconds, forgetHours }: SilenceRules,
): JournalEntry[] {
  const entries: JournalEntry[] = []
  const forgetMs = forgetHours * 3_600_000
  for (const session of sessions) {
    const silentMs = now - session.arrived
    if (silentMs < seconds * 1000) continue
    const clock = newest(session)
    const at = Math.round((Number.isNaN(clock) ? (session.admittedAt ?? 0) : clock) + silentMs)
    const forgotten = silentMs >= forgetMs
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
  for (const { patientKey, at, arrived, lastOffset } of departed) {
    const silentMs = now - arrived
    if (silentMs < forgetMs) continue
    const silentSeconds = Math.round(silentMs / 1000)
    const base = { kind: 'journal', patientKey, at: Math.round(at + silentMs), afterOffset: lastOffset } as const
    entries.push({ ...base, entry: 'forgotten', silentSeconds })
  }
  return entries
}

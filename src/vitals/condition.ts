import type { AlertBody, AlertChannel, AlertKind, Priority } from './alert.ts'

/**
 * Something that is true of a patient at this tick and deserves an alert: what a detector says, before the alert's life
 * (hysteresis, one open alert per code, escalation) is considered.
 */
export interface Condition {
  /** who says so: the detector of a model manifest, `limits`, `news2` or `signal` */
  readonly detector: string
  /** what: `unexpected`, `hr-high`, `asystole`, `signal-lost`, ... one open alert per (patient, code) */
  readonly code: string
  readonly kind: AlertKind
  readonly priority: Priority
  /** the sentence a nurse reads: channel, value, expected band, since when; <= 80 characters */
  readonly label: string
  /** event time it began, ms since 1970 */
  readonly onset: number
  readonly channels: readonly AlertChannel[]
  readonly score: NonNullable<AlertBody['score']> | undefined
  readonly explanation: AlertBody['explanation']
  /** stands until something ends it (signal lost: the next frame); all others end once they were untrue long enough */
  readonly latching: boolean
  /** every condition of the code is about the same channel, on the same side: that it still is need not be asked */
  readonly steady?: true
  /** re-alarm silence of its own, s; that of the settings when absent */
  readonly silenceSeconds?: number
}

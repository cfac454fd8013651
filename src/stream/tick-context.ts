import { type AlertContext, NO_CALLS } from '../alerts/lifecycle.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { Profile } from '../vitals/profile.ts'
import type { Session } from './session.ts'
import { beginsAgain } from './sessions.ts'
import type { WatchSettings } from './sources.ts'

/** An alert's context, as long as nobody looked up whose limits are held. */
export type Unaged = Omit<AlertContext['frame'], 'profile'>

/** What stands beside an alert that no frame is about. */
export const NOTHING: Unaged = { warmupSteps: 0, missingChannels: [], staleSeconds: 0, limitAlarm: false }

/** Whose alerts, by which rules, and what stood beside them. */
interface Parts {
  readonly session: Session
  readonly alerts: WatchSettings['alerts']
  /** age group whose limits are held */
  readonly profile: Profile
  readonly sources: AlertContext['sources']
  /** asked when a message is written, within the tick; few ticks of an open alert write one */
  readonly beside: () => Unaged
  readonly blind?: true
}

/** The context of one patient's alerts at one tick. What only a message needs is made when one is written. */
export class TickContext implements AlertContext {
  readonly sources: AlertContext['sources']
  readonly clearSeconds: number
  readonly continueSeconds: number
  readonly silenceSeconds: number
  readonly unansweredSeconds: number
  readonly mutedUntil?: number
  readonly calls: NonNullable<AlertContext['calls']>
  readonly blind?: true
  readonly #parts: Parts

  constructor(parts: Parts) {
    const { session, alerts, sources, blind } = parts
    this.#parts = parts
    this.sources = sources
    this.clearSeconds = alerts.clearSeconds
    this.continueSeconds = alerts.continueSeconds
    this.silenceSeconds = alerts.silenceSeconds
    this.unansweredSeconds = alerts.unansweredSeconds
    if (session.mutedUntil !== undefined) this.mutedUntil = session.mutedUntil
    this.calls = session.calls ?? NO_CALLS
    if (blind !== undefined) this.blind = blind
  }

  get subject(): AlertContext['subject'] {
    const { patientKey, encounter, unit, bed } = this.#parts.session
    return {
      patientKey,
      ...(encounter !== undefined && { encounterKey: encounter }),
      ...(unit !== undefined && { unit }),
      ...(bed !== undefined && { bed }),
    }
  }

  get frame(): AlertBody['context'] {
    const { session, profile, beside } = this.#parts
    return Object.assign({}, beside(), { profile: { name: profile, assumed: session.profile === undefined } })
  }

  again(code: string, onset: number): number {
    return beginsAgain(this.#parts.session, code, onset)
  }
}

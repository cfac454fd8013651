import type { Control } from '../vitals/control.ts'
import type { EntryOf, JournalEntry } from '../vitals/journal.ts'
import { keyedByBed } from '../vitals/reading.ts'
import { type Rejection, reject } from '../vitals/rejection.ts'
import type { Session } from './session.ts'

type ControlOf<Action extends Control['action']> = Extract<Control, { action: Action }>

/**
 * What a control message becomes where it is applied: an entry of the journal, or the reason why not. Only the patient's
 * own session is asked. Two patients who are admitted to one bed are therefore both watched, each by its own key: a
 * wrong admission must blind nobody.
 * @param session undefined when nobody of the key is watched
 * @param newest the patient's clock, ms; NaN before the first reading
 * @param longestPauseSeconds of a pause or a mute
 */
export function judgeControl(
  control: Control,
  session: Session | undefined,
  newest: number,
  longestPauseSeconds: number,
): JournalEntry | Rejection {
  const { patientKey, at, by } = control
  const head = { kind: 'journal', patientKey, at, afterOffset: session?.lastOffset ?? -1 } as const
  const entered = { ...head, ...(by !== undefined && { by }) }
  if (control.action === 'admit' || control.action === 'cancel-discharge') return admission(control, session, entered)
  if (session === undefined) return reject('not-admitted', 'nobody of this key is watched', 'patientKey')
  const { admittedAt } = session
  switch (control.action) {
    case 'transfer':
    case 'cancel-transfer': {
      if (keyedByBed(patientKey))
        return reject('keyed-by-bed', 'the bed is the key, and stays where it is', 'patientKey')
      const { unit, bed } = control
      const where = { ...(unit !== undefined && { unit }), bed }
      return stray(control, session) ?? { ...entered, entry: 'transfer', ...where }
    }
    case 'discharge':
      return stray(control, session) ?? { ...entered, entry: 'discharge' }
    case 'cancel-admit':
      return stray(control, session) ?? { ...entered, entry: 'discharge', cancelled: true }
    case 'merge':
      return before(at, admittedAt) ?? { ...entered, entry: 'merge', into: control.into }
    case 'profile':
      return stray(control, session) ?? { ...entered, entry: 'profile', profile: control.profile! }
    case 'mute':
      return (
        pauseOf(control, newest, longestPauseSeconds) ?? {
          ...head,
          entry: 'mute',
          by: control.by,
          until: control.until,
        }
      )
    case 'unmute':
      return { ...head, entry: 'unmute', by: control.by }
    case 'feedback': {
      // an alert that ended is not kept here: what is said of it is recorded whether or not it is open
      const { alertId, verdict } = control
      return { ...head, entry: 'feedback', alertId, by: control.by, verdict }
    }
    default:
      return deed(control, session, newest, longestPauseSeconds, head)
  }
}

function admission(
  control: ControlOf<'admit' | 'cancel-discharge'>,
  session: Session | undefined,
  head: Omit<EntryOf<'admit'>, 'entry' | 'encounter'>,
): JournalEntry | Rejection {
  const { encounter, unit, bed, profile, at } = control
  const other = session?.encounter !== undefined && session.encounter !== encounter
  if (other && control.action === 'cancel-discharge')
    return reject('other-encounter', 'another encounter is open since', 'encounter')
  const late = other ? before(at, session.admittedAt) : undefined
  if (late !== undefined) return late
  return {
    ...head,
    entry: 'admit',
    encounter,
    ...(unit !== undefined && { unit }),
    ...(bed !== undefined && { bed }),
    ...(profile !== undefined && { profile }),
  }
}

/** Why a message is not about the encounter that is open; undefined when it is, or may be. */
function stray(
  control: { readonly encounter?: string | undefined; readonly at: number },
  session: Session,
): Rejection | undefined {
  const { encounter } = control
  if (encounter !== undefined && session.encounter !== undefined && encounter !== session.encounter)
    return reject('other-encounter', 'another encounter is open', 'encounter')
  return before(control.at, session.admittedAt)
}

function before(at: number, admittedAt: number | undefined): Rejection | undefined {
  if (admittedAt === undefined || at >= admittedAt) return undefined
  return reject('before-admission', `it is dated ${((admittedAt - at) / 1000).toFixed(1)} s before the admission`, 'at')
}

function pauseOf(
  { until, at }: { readonly until: number; readonly at: number },
  newest: number,
  longestSeconds: number,
): Rejection | undefined {
  if (until <= newest) return reject('until-past', "it has ended by the patient's clock", 'until')
  const seconds = (until - (Number.isNaN(newest) ? at : newest)) / 1000
  if (seconds <= longestSeconds) return undefined
  return reject('until-too-far', `it would last ${seconds.toFixed(0)} s, longer than ${longestSeconds} s`, 'until')
}

function deed(
  control: ControlOf<'ack' | 'pause' | 'resume' | 'reset'>,
  session: Session,
  newest: number,
  longestSeconds: number,
  head: { readonly kind: 'journal'; readonly patientKey: string; readonly at: number; readonly afterOffset: number },
): JournalEntry | Rejection {
  const { alertId, by } = control
  const alert = session.open?.find((open) => open.alertId === alertId)
  if (alert === undefined) return reject('unknown-alert', 'no alert of this id is open', 'alertId')
  const base = { ...head, alertId, by }
  if (control.action === 'pause')
    return pauseOf(control, newest, longestSeconds) ?? { ...base, entry: 'pause', until: control.until }
  if (control.action === 'reset' && !alert.latched)
    return reject('still-active', 'its condition stands, or was true a moment ago', 'alertId')
  return { ...base, entry: control.action }
}

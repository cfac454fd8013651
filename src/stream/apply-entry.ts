import type { AlertBody } from '../vitals/alert.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import { keyedByBed } from '../vitals/reading.ts'
import type { Session } from './session.ts'
import type { Watch } from './watch.ts'

/** What a journal entry may do to the ward, beside its patient's session. */
export interface Bedside {
  readonly watch: Watch
  /** newest event time of the patient, ms; NaN before the first */
  newest(session: Session): number
  /** @param offset of the input that is behind the bodies */
  say(session: Session, bodies: readonly AlertBody[], offset: number): void
  /** everything of the patient begins anew, their alerts are reset */
  restart(session: Session, time: number): void
  /** the patient leaves: the alerts close, the state is dropped; `mark`: what comes late is known as a straggler */
  leave(session: Session, time: number, phase: 'end' | 'reset', mark: boolean): void
  blind(session: Session): void
}

/**
 * Apply one entry to its patient. It was judged when it was made, live or in the run that is replayed: here it is done.
 * Patients of other keys are never touched, so that a patient's future stays a function of its own journal.
 * @param offset of the input that is behind it
 */
export function applyEntry(
  entry: JournalEntry,
  session: Session,
  bedside: Bedside,
  offset: number = session.lastOffset,
): void {
  const { watch } = bedside
  switch (entry.entry) {
    case 'admit':
      admit(entry, session, bedside)
      break
    case 'transfer':
      // a transfer that names no unit stays in the patient's own
      session.unit = entry.unit ?? session.unit
      session.bed = entry.bed
      break
    case 'discharge':
      bedside.leave(session, entry.at, entry.cancelled ? 'reset' : 'end', true)
      break
    case 'merge':
      // no state moves between keys: the surviving record goes on with its own
      bedside.leave(session, entry.at, 'end', true)
      break
    case 'forgotten':
      bedside.leave(session, entry.at, 'end', false)
      break
    case 'profile':
      watch.age(session, entry.profile)
      break
    case 'mute':
      session.mutedUntil = Math.round(entry.until)
      break
    case 'unmute':
      session.mutedUntil = undefined
      break
    case 'ack':
    case 'pause':
    case 'resume':
    case 'reset': {
      // what people do has the time of their clock; the patient's own says when it took effect
      const newest = bedside.newest(session)
      const time = Number.isNaN(newest) ? entry.at : Math.min(entry.at, newest)
      bedside.say(session, watch.acknowledge(session, entry.alertId, deedOf(entry), time), offset)
      break
    }
    case 'feedback':
      // for whoever trains and reports: it changes nothing here
      break
    case 'signal-lost':
      bedside.blind(session)
      bedside.say(session, watch.signalLost(session, entry.at, entry.silentSeconds), offset)
      break
    case 'seen-by':
      watch.seenBy(session, entry)
      break
    case 'policy':
      watch.policy(session, entry)
      break
    case 'model-failed':
      bedside.say(session, watch.modelFailed(session, entry.model, entry.at), offset)
      break
    case 'model-back':
      watch.modelBack(session, entry.model)
      break
    case 'watched-by': {
      const { models, limits } = entry
      bedside.say(session, watch.watchedBy(session, { models, limits }, entry.at), offset)
      break
    }
  }
}

type Deed = Extract<JournalEntry, { entry: 'ack' | 'pause' | 'resume' | 'reset' }>

function deedOf(entry: Deed): Parameters<Watch['acknowledge']>[2] {
  switch (entry.entry) {
    case 'ack':
      return { deed: 'ack', by: entry.by, at: entry.at }
    case 'pause':
      return { deed: 'pause', until: entry.until }
    case 'resume':
    case 'reset':
      return { deed: entry.entry }
  }
}

/**
 * Another encounter is another patient where the bed is the key, and a new stay where the patient is: all begins anew. A
 * bed whose patient nobody had told of begins anew too, for who lay there until now is not known.
 */
function admit(entry: Extract<JournalEntry, { entry: 'admit' }>, session: Session, bedside: Bedside): void {
  const unknown = keyedByBed(session.patientKey)
  const { encounter } = session
  const anew =
    encounter === undefined ? unknown && !Number.isNaN(bedside.newest(session)) : encounter !== entry.encounter
  if (anew) bedside.restart(session, entry.at)
  if (encounter !== entry.encounter) session.admittedAt = entry.at
  session.encounter = entry.encounter
  session.unit = entry.unit ?? session.unit
  session.bed = entry.bed ?? session.bed
  if (entry.profile !== undefined) bedside.watch.age(session, entry.profile)
}

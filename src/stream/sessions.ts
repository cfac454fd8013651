import type { Calls } from '../alerts/calls.ts'
import { type Advance, NO_CALLS, type OpenAlerts } from '../alerts/lifecycle.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { EntryOf, SeenBy } from '../vitals/journal.ts'
import type { Profile } from '../vitals/profile.ts'
import { isSelfTest, type Mode, type Reading } from '../vitals/reading.ts'
import type { Watching } from '../vitals/watching.ts'

/** A reading that waits for others to agree with its time. */
export interface SetAside {
  readonly reading: Reading
  readonly offset: number
}

/** One patient, as far as it is not numbers: who, where, what is open. The numbers stand in rows, by slot. */
export interface Session {
  readonly slot: number
  readonly patientKey: string
  encounter: string | undefined
  unit: string | undefined
  bed: string | undefined
  mode: Mode
  /** where the newest reading came from */
  source: string
  partition: number
  /** event time, ms, of the entry that admitted the patient; undefined when a reading did */
  admittedAt: number | undefined
  /** age group; undefined while nobody told the age */
  profile: Profile | undefined
  /** offset of the newest input that was applied to this patient */
  lastOffset: number
  /** readings whose time is far ahead of the patient's clock; usually none */
  aside: readonly SetAside[]
  open: OpenAlerts | undefined
  /** alert code -> the last call for it; undefined while nobody was called */
  calls: Calls | undefined
  /** event time, ms, until which a procedure mutes the bed */
  mutedUntil: number | undefined
  /** event time, ms, at which the patient left: what remains knows stragglers, until it is forgotten */
  departedAt: number | undefined
  /** alert code -> newest onset, and how many episodes began no later than one before: outlives every new beginning */
  begun: Map<string, { readonly onset: number; readonly again: number }> | undefined
  /** alert id -> offset of the input that started it, while the alert is open */
  started: Map<string, number> | undefined
  /** detector -> the versions that see the patient; undefined where nobody ever said: those of the settings */
  seenBy: Readonly<Record<string, SeenBy>> | undefined
  /** the limits and alert rules that hold for the patient; undefined where nobody ever said: those of the settings */
  policy: Pick<EntryOf<'policy'>, 'id' | 'policy'> | undefined
  watching: Watching
  /** a source of this patient sends sets in parts: ticks stay open until the watermark passes */
  inParts: boolean
  /** event time, ms, at which the wall clock found the bed silent; undefined while readings arrive */
  lostAt: number | undefined
  /** wall clock of the newest arrival that moved the patient's clock or closed a tick, ms: for the silence watch only, never for scores */
  arrived: number
  /** offset of the first input that the patient's saved record does not know; -1 when it knows all */
  unsavedFrom: number
  /** the newest saved record; undefined before the first */
  savedAs: Buffer | undefined
}

/** The patients of this process: key -> session -> slot. A discharged patient's slot is given to the next one. */
export class Sessions {
  readonly #byKey = new Map<string, Session>()
  readonly #bySlot: (Session | undefined)[] = []
  readonly #free: number[] = []
  readonly #counts: Record<Watching, number> = { warming: 0, watching: 0, degraded: 0, blind: 0 }

  /** beds by watching state */
  get counts(): Readonly<Record<Watching, number>> {
    return this.#counts
  }

  /** the session of a patient who is here */
  find(patientKey: string): Session | undefined {
    const session = this.#byKey.get(patientKey)
    return session?.departedAt === undefined ? session : undefined
  }

  /** the session of a patient who is here, or what remains of one who left */
  known(patientKey: string): Session | undefined {
    return this.#byKey.get(patientKey)
  }

  at(slot: number): Session {
    return this.#bySlot[slot]!
  }

  /** those who are here, and what remains of those who left */
  all(): IterableIterator<Session> {
    return this.#byKey.values()
  }

  /** A session for a patient who has none, on a free slot. The caller clears the slot's rows. */
  open(patientKey: string, mode: Mode, source: string, partition: number): Session {
    const slot = this.#free.pop() ?? this.#bySlot.length
    const session: Session = {
      slot,
      patientKey,
      encounter: undefined,
      unit: undefined,
      bed: undefined,
      mode,
      source,
      partition,
      admittedAt: undefined,
      profile: undefined,
      lastOffset: -1,
      aside: NONE_ASIDE,
      open: undefined,
      calls: undefined,
      mutedUntil: undefined,
      departedAt: undefined,
      begun: undefined,
      started: undefined,
      seenBy: undefined,
      policy: undefined,
      watching: 'warming',
      inParts: false,
      lostAt: undefined,
      arrived: 0,
      unsavedFrom: -1,
      savedAs: undefined,
    }
    this.#byKey.set(patientKey, session)
    this.#bySlot[slot] = session
    this.#count(session, 1)
    return session
  }

  drop(session: Session): void {
    this.#byKey.delete(session.patientKey)
    this.#bySlot[session.slot] = undefined
    this.#free.push(session.slot)
    if (session.departedAt === undefined) this.#count(session, -1)
  }

  /** readings that are set aside */
  get held(): number {
    let held = 0
    for (const session of this.all()) held += session.aside.length
    return held
  }

  /** The patient of a session has left, at its `departedAt`: the bed is no longer counted. */
  departed(session: Session): void {
    this.#count(session, -1)
  }

  watch(session: Session, watching: Watching): void {
    this.#count(session, -1)
    session.watching = watching
    this.#count(session, 1)
  }

  #count(session: Session, by: 1 | -1): void {
    if (!isSelfTest(session.patientKey)) this.#counts[session.watching] += by
  }
}

/** Which episode of a code begins at `onset`: 0, or a new number when one began then or later. */
export function beginsAgain(session: Session, code: string, onset: number): number {
  session.begun ??= new Map()
  const before = session.begun.get(code)
  if (before === undefined || onset > before.onset) {
    session.begun.set(code, { onset, again: before?.again ?? 0 })
    return 0
  }
  const again = before.again + 1
  session.begun.set(code, { onset: before.onset, again })
  return again
}

/** One for all patients: usually none of them has any. */
export const NONE_ASIDE: readonly SetAside[] = []

/** The session after a step of its alerts. @returns what they said, appended to `bodies` where given */
export function keep(
  session: Session,
  { open, calls, bodies: said }: Advance,
  bodies: AlertBody[] = [],
): readonly AlertBody[] {
  session.open = open.length > 0 ? open : undefined
  session.calls = calls === NO_CALLS ? undefined : calls
  bodies.push(...said)
  return bodies
}

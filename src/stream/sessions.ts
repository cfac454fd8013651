import { type Advance, NO_CALLS } from '../alerts/lifecycle.ts'
import type { AlertBody } from '../vitals/alert.ts'
import { isSelfTest, type Mode } from '../vitals/reading.ts'
import type { Watching } from '../vitals/watching.ts'
import { newSession, type Session } from './session.ts'

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
    const session = newSession(slot, patientKey, mode, source, partition)
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

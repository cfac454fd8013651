import type { OpenAlerts } from '../alerts/lifecycle.ts'
import type { Mode, Reading } from '../vitals/reading.ts'
import { WATCHING, type Watching } from '../vitals/watching.ts'

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
  partition: number
  /** offset of the newest input that was applied to this patient */
  lastOffset: number
  /** readings whose time is far ahead of the patient's clock; usually none */
  aside: readonly SetAside[]
  open: OpenAlerts | undefined
  /** alert id -> offset of the input that started it, while the alert is open */
  started: Map<string, number> | undefined
  watching: Watching
  /** a source of this patient sends sets in parts: ticks stay open until the watermark passes */
  inParts: boolean
  /** event time, ms, at which the wall clock found the bed silent; undefined while readings arrive */
  lostAt: number | undefined
  /** wall clock of the newest arrival, ms: for the silence watch only, never for scores */
  arrived: number
}

/** The patients of this process: key -> session -> slot. A discharged patient's slot is given to the next one. */
export class Sessions {
  readonly #byKey = new Map<string, Session>()
  readonly #bySlot: (Session | undefined)[] = []
  readonly #free: number[] = []
  readonly #counts: Record<Watching, number> = { warming: 0, watching: 0, degraded: 0, blind: 0 }

  get size(): number {
    return this.#byKey.size
  }

  /** beds by watching state */
  get counts(): Readonly<Record<Watching, number>> {
    return this.#counts
  }

  find(patientKey: string): Session | undefined {
    return this.#byKey.get(patientKey)
  }

  at(slot: number): Session {
    return this.#bySlot[slot]!
  }

  all(): IterableIterator<Session> {
    return this.#byKey.values()
  }

  /** A session for a patient never seen before, on a free slot. The caller clears the slot's rows. */
  open(patientKey: string, mode: Mode, partition: number): Session {
    const slot = this.#free.pop() ?? this.#bySlot.length
    const session: Session = {
      slot,
      patientKey,
      encounter: undefined,
      unit: undefined,
      bed: undefined,
      mode,
      partition,
      lastOffset: -1,
      aside: NONE,
      open: undefined,
      started: undefined,
      watching: WATCHING[0],
      inParts: false,
      lostAt: undefined,
      arrived: 0,
    }
    this.#byKey.set(patientKey, session)
    this.#bySlot[slot] = session
    this.#counts[session.watching]++
    return session
  }

  drop(session: Session): void {
    this.#byKey.delete(session.patientKey)
    this.#bySlot[session.slot] = undefined
    this.#free.push(session.slot)
    this.#counts[session.watching]--
  }

  watch(session: Session, watching: Watching): void {
    if (session.watching === watching) return
    this.#counts[session.watching]--
    this.#counts[watching]++
    session.watching = watching
  }
}

const NONE: readonly SetAside[] = []

import { VigilError } from '../errors.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { SavedPatients } from './saved-patients.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Layout } from './state-record.ts'
import { Unsaved } from './unsaved.ts'

/** Where a record came from. */
export interface LoadedFrom {
  readonly source: string
  readonly partition: number
  /** layouts that records of other builds were written by, by id */
  readonly layouts: ReadonlyMap<string, Layout>
  /** wall clock, ms: from now on the bed may fall silent */
  readonly now: number
}

/** What a record says of itself. */
export interface Loaded {
  /** offset of the newest input that it knows */
  readonly lastOffset: number
  /** says so where another model or other limits watch the patient from here on; to be applied like any input */
  readonly entry: JournalEntry | undefined
}

export interface Saved {
  readonly record: Buffer
  readonly before: Buffer | undefined
  readonly from: number
}

/** No patient's key. */
const NOBODY = ''

/** The patients of a ward as records, partition by partition. To be used only while the ward is at rest. */
export class WardState {
  readonly #sessions: Sessions
  readonly #saved: SavedPatients
  readonly #clear: (session: Session) => void
  readonly #left: (patientKey: string) => void
  readonly #newest: (session: Session) => number
  /** partition -> its patients whose state is newer than their record */
  readonly #unsaved = new Map<number, Unsaved>()

  /**
   * @param clear makes the rows of a session's slot those of a new patient
   * @param newest event time of a patient's clock, ms; NaN before the first reading
   * @param left told of every patient that `leave` forgets
   */
  constructor(
    sessions: Sessions,
    saved: SavedPatients,
    clear: (session: Session) => void,
    newest: (session: Session) => number,
    left: (patientKey: string) => void,
  ) {
    this.#newest = newest
    this.#left = left
    this.#sessions = sessions
    this.#saved = saved
    this.#clear = clear
  }

  /** What records of this build are written by; to be kept beside them. */
  get layouts(): readonly Layout[] {
    return this.#saved.layouts
  }

  /**
   * Bring the hidden states that live on a device to where `save` reads them; undefined where none does. Until then, and
   * between a step and the next `fetch`, `save` throws.
   */
  fetch(): Promise<void> | undefined {
    return this.#saved.fetch()
  }

  /** The partition's patients whose state is newer than their record. */
  unsaved(partition: number): Unsaved {
    const known = this.#unsaved.get(partition)
    if (known !== undefined) return known
    const unsaved = new Unsaved()
    this.#unsaved.set(partition, unsaved)
    return unsaved
  }

  /** The partition that a patient is watched in, and whose changelog has its state; undefined when there is no such patient. */
  partitionOf(patientKey: string): number | undefined {
    return this.#sessions.known(patientKey)?.partition
  }

  /** Every patient of a partition, and what remains of those who left, in the order in which they came. */
  patients(partition: number): string[] {
    return [...this.#sessions.all()].filter((it) => it.partition === partition).map((it) => it.patientKey)
  }

  /** The patients of a partition who are here. */
  here(partition: number): Session[] {
    return [...this.#sessions.all()].filter((it) => it.partition === partition && it.departedAt === undefined)
  }

  /** Event time of a patient's clock, ms; NaN before the first reading. */
  newest(session: Session): number {
    return this.#newest(session)
  }

  /**
   * A patient's whole state as a record, which counts as saved from now on; undefined when there is no such patient.
   * @returns the record; the one before it, undefined for the first; the offset from which on inputs stand between the
   *   two, -1 for none
   */
  save(patientKey: string): Saved | undefined {
    const session = this.#sessions.known(patientKey)
    return session && this.saveOf(session)
  }

  /** `save` of a session of the ward. */
  saveOf(session: Session): Saved {
    const { savedAs: before, unsavedFrom: from } = session
    const record = this.#saved.save(session)
    session.savedAs = record
    this.unsaved(session.partition).settled(session)
    return { record, before, from }
  }

  /** The state that a patient of a partition begins with, before the input at an offset: nothing. */
  blank(partition: number, firstOffset: number): Buffer {
    const session = this.#sessions.open(NOBODY, 'live', '', partition)
    this.#clear(session)
    session.lastOffset = firstOffset - 1
    const record = this.#saved.save(session)
    this.#sessions.drop(session)
    return record
  }

  /**
   * Take a patient over from its record, as it was.
   * @throws VigilError state-unreadable; there is no such patient then, or another partition's goes on
   */
  load(patientKey: string, record: Buffer, { source, partition, layouts, now }: LoadedFrom): Loaded {
    // one key in two partitions: whichever was here first goes on
    if (this.#sessions.known(patientKey) !== undefined)
      throw new VigilError('state-unreadable', 'a patient of the partition is watched in another one')
    const session = this.#sessions.open(patientKey, 'live', source, partition)
    this.#clear(session)
    session.arrived = now
    try {
      const others = this.#saved.load(session, record, layouts)
      session.savedAs = record
      const { watching } = session
      session.watching = 'warming'
      this.#sessions.watch(session, watching)
      if (session.departedAt !== undefined) this.#sessions.departed(session)
      const { lastOffset, departedAt } = session
      if (others === undefined || departedAt !== undefined) return { lastOffset, entry: undefined }
      const newest = this.#newest(session)
      const at = Number.isNaN(newest) ? (session.admittedAt ?? now) : newest
      const entry = {
        kind: 'journal',
        patientKey,
        at,
        afterOffset: lastOffset,
        entry: 'watched-by',
        ...others,
      } as const
      return { lastOffset, entry }
    } catch (error) {
      this.#sessions.drop(session)
      throw error
    }
  }

  /** Forget every patient of a partition that is another process's now. */
  leave(partition: number): void {
    for (const session of [...this.#sessions.all()]) {
      if (session.partition !== partition) continue
      this.#sessions.drop(session)
      this.#left(session.patientKey)
    }
    this.#unsaved.delete(partition)
  }
}

import type { Session } from './session.ts'

interface Change {
  readonly session: Session
  /** offset of the first input that the session's saved record does not know */
  readonly from: number
  /** wall clock of that input's arrival, ms */
  readonly since: number
}

/** Where a queue's dead entries are cut off. */
const SLACK = 1024

/** The patients of one partition whose state is newer than their saved record, the oldest change first. */
export class Unsaved {
  #changes: Change[] = []
  #head = 0
  #size = 0

  /** patients whose state is not saved as it is */
  get size(): number {
    return this.#size
  }

  /** An input changed the patient's state; only the first one since its record counts. */
  changed(session: Session, offset: number, now: number): void {
    if (session.unsavedFrom >= 0) return
    session.unsavedFrom = offset
    this.#size++
    this.#changes.push({ session, from: offset, since: now })
  }

  /** The patient's record is as its state, or the patient is gone. */
  settled(session: Session): void {
    if (session.unsavedFrom < 0) return
    session.unsavedFrom = -1
    this.#size--
  }

  /** The oldest change that no record knows; below its offset every patient's record is complete. */
  oldest(): Change | undefined {
    while (this.#head < this.#changes.length) {
      const change = this.#changes[this.#head]!
      if (change.session.unsavedFrom === change.from) return change
      this.#head++
    }
    this.#changes = []
    this.#head = 0
    return undefined
  }

  /** Take the oldest change away; its patient counts as saved. */
  next(): Session | undefined {
    const change = this.oldest()
    if (change === undefined) return undefined
    this.#head++
    if (this.#head > SLACK && this.#head * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#head)
      this.#head = 0
    }
    this.settled(change.session)
    return change.session
  }
}

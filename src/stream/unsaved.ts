import type { Session } from './session.ts'

/** Where a queue's dead entries are cut off. */
const SLACK = 1024

/** The patients of one partition whose state is newer than their saved record, the oldest change first. */
export class Unsaved {
  /** the queue: patients, and offsets of the first inputs that their saved records do not know */
  #sessions: Session[] = []
  #from: number[] = []
  #head = 0
  #size = 0

  /** patients whose state is not saved as it is */
  get size(): number {
    return this.#size
  }

  /** An input changed the patient's state; only the first one since its record counts. */
  changed(session: Session, offset: number): void {
    if (session.unsavedFrom >= 0) return
    session.unsavedFrom = offset
    this.#size++
    this.#sessions.push(session)
    this.#from.push(offset)
  }

  /** The patient's record is as its state, or the patient is gone. */
  settled(session: Session): void {
    if (session.unsavedFrom < 0) return
    session.unsavedFrom = -1
    this.#size--
  }

  /** Offset of the oldest change that no record knows: below it every patient's record is complete. */
  oldest(): number | undefined {
    while (this.#head < this.#from.length) {
      const from = this.#from[this.#head]!
      if (this.#sessions[this.#head]!.unsavedFrom === from) return from
      this.#head++
    }
    this.#sessions = []
    this.#from = []
    this.#head = 0
    return undefined
  }

  /** Take the oldest change away; its patient counts as saved. */
  next(): Session | undefined {
    if (this.oldest() === undefined) return undefined
    const session = this.#sessions[this.#head++]!
    if (this.#head > SLACK && this.#head * 2 > this.#from.length) {
      this.#sessions = this.#sessions.slice(this.#head)
      this.#from = this.#from.slice(this.#head)
      this.#head = 0
    }
    this.settled(session)
    return session
  }
}

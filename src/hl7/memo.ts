/** A text that is longer is read again each time. */
const LONGEST = 256

interface Known<T> {
  readonly text: string
  readonly made: T
  /** what was asked for after it the last time */
  next: Known<T> | undefined
}

/**
 * Results by the text they come from, for what senders write again in every message; bounded, and forgotten all at once. Senders write
 * it in the same order, too: what came next the last time is tried first, and only another text has to be looked up.
 */
export class Memo<T> {
  readonly #known = new Map<string, Known<T>>()
  readonly #limit: number
  #last: Known<T> | undefined

  constructor(limit = 4096) {
    this.#limit = limit
  }

  get(text: string): T | undefined {
    const last = this.#last
    const next = last?.next
    if (next !== undefined && next.text === text) {
      this.#last = next
      return next.made
    }
    const known = this.#known.get(text)
    if (known === undefined) return undefined
    if (last !== undefined) last.next = known
    this.#last = known
    return known.made
  }

  /** @returns the result that is kept */
  keep(text: string, made: T): T {
    if (text.length > LONGEST) return made
    if (this.#known.size >= this.#limit) {
      this.#known.clear()
      this.#last = undefined
    }
    // a piece of a message holds all of it: what is kept is a text of its own
    const own = ` ${text}`.slice(1)
    const known = { text: own, made, next: undefined }
    if (this.#last !== undefined) this.#last.next = known
    this.#last = known
    this.#known.set(own, known)
    return made
  }
}

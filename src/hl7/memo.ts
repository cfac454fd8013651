/** A text that is longer is read again each time. */
const LONGEST = 256

/** Results by the text they come from, for what senders write again in every message; bounded, and forgotten all at once. */
export class Memo<T> {
  readonly #known = new Map<string, T>()
  readonly #limit: number

  constructor(limit = 4096) {
    this.#limit = limit
  }

  get(text: string): T | undefined {
    return this.#known.get(text)
  }

  /** @returns the result that is kept */
  keep(text: string, made: T): T {
    if (text.length > LONGEST) return made
    if (this.#known.size >= this.#limit) this.#known.clear()
    // a piece of a message holds all of it: what is kept is a text of its own
    this.#known.set(` ${text}`.slice(1), made)
    return made
  }
}

/** Results by the text they come from, for what senders write again in every message; bounded, and forgotten all at once. */
export class Memo<T> {
  readonly #known = new Map<string, T>()
  readonly #limit: number

  constructor(limit = 4096) {
    this.#limit = limit
  }

  of(text: string, make: (text: string) => T): T {
    const known = this.#known.get(text)
    if (known !== undefined || this.#known.has(text)) return known as T
    const made = make(text)
    if (this.#known.size >= this.#limit) this.#known.clear()
    this.#known.set(text, made)
    return made
  }
}

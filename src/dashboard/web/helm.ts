/** What is asked of POST /api/replay. */
export type SteerRequest =
  | { readonly do: 'seek'; readonly at: number }
  | { readonly do: 'play' | 'pause' }
  | { readonly do: 'speed'; readonly speed: number | 'max' }

/** What became of it: refused with a sentence, or taken; of a moment, the `sought` from which on the server's word counts. */
export type SteerAnswer = { readonly refused: string } | { readonly sought?: number }

interface Held {
  readonly at: number
  /** `ReplayView.sought` from which on the server speaks of this moment; undefined: it was not asked for, or not answered */
  reached: number | undefined
}

/**
 * Whoever steers a recording sees the moment that was steered to from the first instant on. What the server said before it
 * heard of it does not bring the old one back, and requests arrive in the order in which they were made: one is under way
 * at a time, and of moments that wait for it the newest alone is asked for.
 */
export class Helm {
  readonly #send: (request: SteerRequest) => Promise<SteerAnswer>
  readonly #changed: () => void
  readonly #waiting: { readonly request: SteerRequest; readonly held: Held | undefined }[] = []
  #busy = false
  #held: Held | undefined
  #seen = 0
  #refused: string | undefined

  /** @param changed told when `refused` or `moment` may be another */
  constructor(send: (request: SteerRequest) => Promise<SteerAnswer>, changed: () => void) {
    this.#send = send
    this.#changed = changed
  }

  /** why the last request was not taken */
  get refused(): string | undefined {
    return this.#refused
  }

  /** @returns the moment that somebody steers to, ms since 1970; undefined: the server's word counts, whose count this is */
  moment(sought: number): number | undefined {
    const reached = this.#held?.reached
    // a lower count is that of another server, which knows nothing of what was asked of the first
    if (sought < this.#seen || (reached !== undefined && sought >= reached)) this.#held = undefined
    this.#seen = sought
    return this.#held?.at
  }

  /** Hold a moment without asking for it yet. */
  hold(at: number): void {
    this.#held = { at, reached: undefined }
    this.#changed()
  }

  /** Nobody steers any more. */
  release(): void {
    this.#held = undefined
    this.#changed()
  }

  ask(request: SteerRequest): void {
    const held = request.do === 'seek' ? { at: request.at, reached: undefined } : undefined
    if (held !== undefined) this.#held = held
    if (held !== undefined && this.#waiting.at(-1)?.held !== undefined) this.#waiting.pop()
    this.#waiting.push({ request, held })
    this.#changed()
    if (!this.#busy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#busy = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { request, held } = next
      const answer = await this.#send(request)
      this.#refused = 'refused' in answer ? answer.refused : undefined
      if (held !== undefined && held === this.#held) {
        if ('refused' in answer) this.#held = undefined
        else held.reached = answer.sought
      }
      this.#changed()
    }
    this.#busy = false
  }
}

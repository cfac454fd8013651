import { setMaxListeners } from 'node:events'

/** How long to wait between tries, ms. */
export interface BreakerOptions {
  /** after the first failure; doubled after each further one */
  readonly firstMs?: number
  readonly longestMs?: number
  /** failures in a row after which the circuit is open: only one message at a time tries, the others wait */
  readonly opensAfter?: number
  /** in [0, 1), for the spread that keeps many senders from coming back in step */
  readonly uniform?: () => number
}

/**
 * A circuit breaker with exponential back-off (Nygard, Release It!). While it is closed everybody tries; once it is open one
 * probe tries after each wait, and the first that comes through closes it and lets all who wait try at once. Of tries that
 * were on their way together one failure counts: an outage is one, however many messages it met.
 */
export class Breaker {
  readonly #options: Required<BreakerOptions>
  #failures = 0
  /** changes whenever something new is known of the receiver */
  #round = 0
  #probing = false
  #waiting: (() => void)[] = []

  constructor(options: BreakerOptions = {}) {
    this.#options = { firstMs: 250, longestMs: 30_000, opensAfter: 3, uniform: Math.random, ...options }
  }

  get open(): boolean {
    return this.#failures >= this.#options.opensAfter
  }

  /** ms until the next try is due, spread over its upper half */
  get #wait(): number {
    const { firstMs, longestMs, uniform } = this.#options
    const full = Math.min(longestMs, firstMs * 2 ** (this.#failures - 1))
    return full * (0.5 + 0.5 * uniform())
  }

  /**
   * Try until it succeeds or the signal is aborted.
   * @param failed told of each failure
   * @throws the signal's reason
   */
  async run<T>(
    attempt: () => Promise<T>,
    signal: AbortSignal,
    failed: (error: unknown) => void = () => {},
  ): Promise<T> {
    // as many listen as messages wait: Node would take more than ten for a leak, and say so on standard error
    setMaxListeners(0, signal)
    for (;;) {
      signal.throwIfAborted()
      if (this.open && this.#probing) {
        await this.#turn(signal)
        continue
      }
      const probe = this.open
      if (probe) this.#probing = true
      const round = this.#round
      try {
        const result = await attempt()
        if (this.#failures > 0) {
          this.#failures = 0
          this.#round++
          this.#wake()
        }
        return result
      } catch (error) {
        signal.throwIfAborted()
        if (round === this.#round) {
          this.#failures++
          this.#round++
        }
        failed(error)
        // another's success may have come meanwhile
        if (this.#failures > 0) await this.#turn(signal, this.#wait)
      } finally {
        if (probe) {
          this.#probing = false
          this.#wake()
        }
      }
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Until it is worth another try: `ms` have passed, another came through, or the signal is aborted. */
  #turn(signal: AbortSignal, ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const timer = ms === undefined ? undefined : setTimeout(wake, ms)
      signal.addEventListener('abort', wake)
      this.#waiting.push(wake)
    })
  }
}

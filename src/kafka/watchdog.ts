import type { Log } from '../log.ts'

/** What the webhook is told: nobody watches, or somebody does again. Never a patient. */
export interface Notice {
  readonly kind: 'not-watching' | 'watching'
  readonly instance: string
  /** ms since 1970: when it began */
  readonly since: number
  readonly reason: string
}

export interface WatchdogOptions {
  /** where notices are POSTed as JSON; undefined: metrics and health alone tell */
  readonly url: string | undefined
  readonly instance: string
  /** told of every change */
  readonly told: (watching: boolean) => void
  readonly log: Log
  /** wall clock, ms */
  readonly now: () => number
}

/** So many signs of trouble in a row mean that nobody watches. */
const SIGNS = 2
const POST_TIMEOUT_MS = 5000

/**
 * Says "not watching" where Kafka itself cannot: to a webhook, straight from this process. It is fed with one sign every
 * few seconds, and posts at a change, again and again until the notice is taken.
 */
export class Watchdog {
  readonly #options: WatchdogOptions
  #signs = 0
  #watching = true
  #since: number
  #untold = false
  #posting = Promise.resolve()

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#since = options.now()
    options.told(true)
  }

  /** @param trouble why nobody may be watching just now; undefined when all is well */
  sign(trouble: string | undefined): void {
    this.#signs = trouble === undefined ? 0 : this.#signs + 1
    const watching = trouble === undefined || (this.#watching && this.#signs < SIGNS)
    if (watching !== this.#watching) {
      this.#watching = watching
      this.#since = this.#options.now()
      this.#untold = true
      this.#options.told(watching)
      if (watching) this.#options.log.info('watching again')
      else this.#options.log.error({ reason: trouble }, 'NOT WATCHING')
    }
    if (!this.#untold || this.#options.url === undefined) return
    const { instance, url } = this.#options
    const kind = this.#watching ? 'watching' : 'not-watching'
    const notice: Notice = { kind, instance, since: this.#since, reason: trouble ?? 'recovered' }
    this.#posting = this.#posting.then(() => this.#post(url, notice))
  }

  async close(): Promise<void> {
    await this.#posting
  }

  async #post(url: string, notice: Notice): Promise<void> {
    if (!this.#untold || notice.since !== this.#since) return
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(notice),
        signal: AbortSignal.timeout(POST_TIMEOUT_MS),
      })
      if (!response.ok) throw new Error(`status ${response.status}`)
      this.#untold = false
    } catch (error) {
      this.#options.log.warn({ error: (error as Error).message }, 'the watchdog notice was not taken; it is sent again')
    }
  }
}

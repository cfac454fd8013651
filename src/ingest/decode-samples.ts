/**
 * The samples of the message that is being read, so that a message leaves behind what it is, and nothing else. The lists of
 * channels and statuses are those of the message before where they are equal: a monitor sends the same ones for days.
 */
export class Samples {
  count = 0
  readonly #channels: number[] = []
  // of doubles from the beginning: what is cut out of it is as small as it can be
  readonly #values = [0.5]
  readonly #statuses: number[] = []
  /** of those that have their own; NaN is the message's */
  readonly #times = [0.5]
  #own = false
  /** by length the newest lists; nobody changes them */
  readonly #newestChannels: (readonly number[] | undefined)[] = []
  readonly #newestStatuses: (readonly number[] | undefined)[] = []

  begin(): void {
    this.count = 0
    this.#own = false
  }

  /** @param time ms since 1970; NaN where it is the message's */
  add(channel: number, value: number, status: number, time: number): void {
    const at = this.count++
    this.#channels[at] = channel
    this.#values[at] = value
    this.#statuses[at] = status
    this.#times[at] = time
    this.#own ||= !Number.isNaN(time)
  }

  has(channel: number): boolean {
    for (let i = 0; i < this.count; i++) if (this.#channels[i] === channel) return true
    return false
  }

  channels(): readonly number[] {
    return this.#listOf(this.#channels, this.#newestChannels)
  }

  values(): readonly number[] {
    return this.#values.slice(0, this.count)
  }

  statuses(): readonly number[] {
    return this.#listOf(this.#statuses, this.#newestStatuses)
  }

  /** @param time of the message, ms @returns undefined when all are of that time */
  times(time: number): readonly number[] | undefined {
    if (!this.#own) return undefined
    return this.#times.slice(0, this.count).map((own) => (Number.isNaN(own) ? time : own))
  }

  #listOf(list: readonly number[], newest: (readonly number[] | undefined)[]): readonly number[] {
    const { count } = this
    const known = newest[count]
    let same = known !== undefined
    for (let i = 0; same && i < count; i++) same = known![i] === list[i]
    if (same) return known!
    const made = list.slice(0, count)
    newest[count] = made
    return made
  }
}

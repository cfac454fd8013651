import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { TimedInputs } from './merge.ts'

/** Wall time inside which inputs are let go together, ms. */
const TOGETHER = 50
/** Wall time by which what is shown may lag before the moment waits for it, ms. */
const SLIP = 1000

/**
 * The moment of a recording that is shown, ms since 1970: it moves by itself while it plays, and wherever somebody puts it.
 * Inputs up to it are let go, later ones wait. A moment that was moved stands still until somebody says that all up to it
 * was shown.
 */
export class Playhead {
  readonly #scheduler: SchedulerLike
  /** event time at the wall time `#since`; NaN before the first input */
  #event = Number.NaN
  #since = 0
  #playing: boolean
  #speed: number | 'max'
  /** moved, and not all up to it is shown yet */
  #moved = false
  #waiting = false
  #released = Number.NEGATIVE_INFINITY
  #wake = () => {}
  readonly #onWait: () => void

  /** @param onWait told whenever what comes next is later than the moment */
  constructor(playing: boolean, speed: number | 'max', onWait: () => void, scheduler: SchedulerLike = asyncScheduler) {
    this.#playing = playing
    this.#speed = speed
    this.#onWait = onWait
    this.#scheduler = scheduler
  }

  /** the moment; Infinity while it runs as fast as it can, NaN before the first input */
  get now(): number {
    if (!this.#playing || this.#moved) return this.#event
    if (this.#speed === 'max') return Number.POSITIVE_INFINITY
    return this.#event + (this.#scheduler.now() - this.#since) * this.#speed
  }

  /** the moment as one says it: where it runs as fast as it can, that of the newest input */
  get shown(): number {
    return this.now === Number.POSITIVE_INFINITY ? this.#released : this.now
  }

  get playing(): boolean {
    return this.#playing
  }

  get speed(): number | 'max' {
    return this.#speed
  }

  /** whether everything up to the moment was let go */
  get waiting(): boolean {
    return this.#waiting
  }

  /** event time of the newest input that was let go; -Infinity before the first */
  get released(): number {
    return this.#released
  }

  play(playing: boolean, speed: number | 'max' = this.#speed): void {
    this.#anchor(this.shown)
    this.#playing = playing
    this.#speed = speed
    this.#wake()
  }

  /** Put the moment somewhere later than what was let go. */
  move(to: number): void {
    this.#moved = true
    // until what comes next was held against it
    this.#waiting = false
    this.#anchor(to)
    this.#wake()
  }

  /** All up to the moment is shown: it may move by itself again. */
  arrived(): void {
    this.#moved = false
    this.#anchor(this.#event)
    this.#wake()
  }

  /** The inputs are read from another place: the newest before it has this event time. */
  rewind(time = Number.NEGATIVE_INFINITY): void {
    this.#released = time
    this.#waiting = false
  }

  /** There are no more inputs: the moment is that of the last one, or earlier, and stands still. */
  end(): void {
    const here = this.shown
    this.#playing = false
    this.#anchor(Number.isNaN(here) ? this.#released : Math.min(here, this.#released))
  }

  /** @returns the event time up to which inputs may go, once it is at least `time`; undefined when aborted */
  async reach(time: number, signal: AbortSignal): Promise<number | undefined> {
    if (Number.isNaN(this.#event) && Number.isFinite(time)) this.#anchor(time)
    for (;;) {
      if (signal.aborted) return undefined
      const due = this.now
      if (!(time > due)) return this.#go(time, due)
      this.#waiting = true
      this.#onWait()
      await this.#wait(time - due, signal)
      this.#waiting = false
    }
  }

  /** Where the inputs are behind the moment, it waits for them: it is never ahead of what is shown. */
  #go(time: number, due: number): number {
    const running = this.#playing && !this.#moved && this.#speed !== 'max'
    if (running && Number.isFinite(time) && due - time > SLIP * (this.#speed as number)) this.#anchor(time)
    return this.now
  }

  /** Inputs were let go, the newest of this event time. */
  letGo(time: number): void {
    if (time > this.#released) this.#released = time
  }

  #anchor(event: number): void {
    this.#event = event
    this.#since = this.#scheduler.now()
  }

  #wait(ahead: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const runs = this.#playing && !this.#moved && this.#speed !== 'max'
      const planned = runs
        ? this.#scheduler.schedule(() => end(), Math.max(TOGETHER, ahead / (this.#speed as number)))
        : undefined
      const end = () => {
        planned?.unsubscribe()
        signal.removeEventListener('abort', end)
        this.#wake = () => {}
        resolve()
      }
      this.#wake = end
      signal.addEventListener('abort', end, { once: true })
    })
  }
}

/** Let inputs go up to the moment, and hold the later ones back. What stands out of order goes with what it stands behind. */
export async function* played(
  batches: AsyncIterable<TimedInputs>,
  playhead: Playhead,
  signal: AbortSignal,
): AsyncGenerator<TimedInputs> {
  for await (const { times, inputs } of batches) {
    let from = 0
    while (from < times.length) {
      const until = await playhead.reach(times[from]!, signal)
      if (until === undefined) return
      let to = from + 1
      while (to < times.length && times[to]! <= until) to++
      for (let i = from; i < to; i++) playhead.letGo(times[i]!)
      yield { times: times.slice(from, to), inputs: inputs.slice(from, to) }
      from = to
    }
  }
}

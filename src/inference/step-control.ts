import type { Share } from './worker-messages.ts'

// words of the block
const ASKED = 0 // steps asked for
const DONE = 1 // steps made, or failed
const SLEEPS = 2 // 1: the thread waits for a message
const WAITS = 3 // 1: whoever asked waits for a message
const TOLD = 4 // messages sent before the newest step was asked for
const SHARES = 5

/** Words of a share: count, first, end, step, again, failed. */
const WORDS = 6
const FAILED = 5
/** Steps in flight at most: a power of two. */
export const IN_FLIGHT = 2

/**
 * The shared memory by which a step is asked for and known to be done. A message costs 40 us where it must wake somebody, as
 * much as a tenth of a step of 50 rows: one is sent only to a thread that sleeps, or to an asker who waits. Each side first says
 * that it will sleep and then looks once more, so that none sleeps through the other's word. Numbers of steps and messages are of 32
 * bits and begin anew after 2^32 (`following`, `isBefore`): a ward makes as many in some weeks.
 */
export class StepControl {
  /** [words] */
  readonly words: Int32Array<SharedArrayBuffer>
  readonly #patience: Patience

  /**
   * @param lookMs for which this side looks for the other's next word before it waits for a message
   * @param words those of the other side; its own where it is the first
   */
  constructor(lookMs = 0, words = new Int32Array(new SharedArrayBuffer(4 * (SHARES + IN_FLIGHT * WORDS)))) {
    this.#patience = new Patience(lookMs)
    this.words = words
  }

  /**
   * Ask for a step; at most two may be asked for and not done.
   * @param told messages that were sent to the thread until now
   * @returns whether the thread sleeps and is to be sent a message
   */
  ask({ count, first, end, step, again }: Share, told: number): boolean {
    const { words } = this
    const number = following(words[ASKED]!)
    words.set([count, first, end, step, again ? 1 : 0, 0], place(number))
    words[TOLD] = told
    Atomics.store(words, ASKED, number)
    return Atomics.exchange(words, SLEEPS, 0) === 1
  }

  /** Whether a step is over; `failed` says how. */
  isOver(number: number): boolean {
    return !isBefore(Atomics.load(this.words, DONE), number)
  }

  /** Look whether a step is over, instead of waiting for a message. */
  lookForDone(number: number): void {
    this.#patience.look(() => this.isOver(number))
  }

  /** Look whether another step than those that are made is asked for, before the thread sleeps. */
  lookForAsked(done: number): void {
    this.#patience.look(() => Atomics.load(this.words, ASKED) !== done)
  }

  failed(number: number): boolean {
    return this.words[place(number) + FAILED] === 1
  }

  /**
   * Whoever asked is about to wait for a message.
   * @param number of the oldest step that is not known to be over
   * @returns false where that is over already: no message need come
   */
  wait(number: number): boolean {
    Atomics.store(this.words, WAITS, 1)
    return !this.isOver(number)
  }

  /**
   * The next step to make, of a thread that has made `done` and heard so many messages.
   * @returns undefined where none is asked for, or what it needs is still under way as a message
   */
  next(done: number, heard: number): Share | undefined {
    const { words } = this
    if (Atomics.load(words, ASKED) === done || isBefore(heard, words[TOLD]!)) return undefined
    const at = place(following(done))
    const word = (i: number) => words[at + i]!
    return { count: word(0), first: word(1), end: word(2), step: word(3), again: word(4) === 1 }
  }

  /**
   * A step is over.
   * @returns whether somebody waits for a message
   */
  over(number: number, failed: boolean): boolean {
    if (failed) this.words[place(number) + FAILED] = 1
    Atomics.store(this.words, DONE, number)
    return Atomics.exchange(this.words, WAITS, 0) === 1
  }

  /**
   * The thread is about to wait for a message.
   * @returns false where a step was asked for meanwhile, and nobody will send one
   */
  sleep(done: number, heard: number): boolean {
    const { words } = this
    Atomics.store(words, SLEEPS, 1)
    if (Atomics.load(words, ASKED) === done || isBefore(heard, words[TOLD]!)) return true
    return Atomics.exchange(words, SLEEPS, 0) === 0
  }
}

/** Looks between two looks at the clock: about 2 us. */
const LOOKS = 100
/** times that nobody looks, at most, after it was in vain */
const MOST_SKIPPED = 63

/** How long it is worth to look: where it was in vain, the other side has no core of its own, and looking takes it from it. */
class Patience {
  readonly #ms: number
  #vain = 0
  #skip = 0

  constructor(ms: number) {
    this.#ms = ms
  }

  look(found: () => boolean): void {
    if (this.#ms === 0 || found()) return
    if (this.#skip > 0) {
      this.#skip--
      return
    }
    const until = performance.now() + this.#ms
    do
      for (let i = 0; i < LOOKS; i++)
        if (found()) {
          this.#vain = 0
          return
        }
    while (performance.now() < until)
    this.#vain = Math.min(2 * this.#vain + 1, MOST_SKIPPED)
    this.#skip = this.#vain
  }
}

/** The number after a number. */
export const following = (number: number): number => (number + 1) | 0

/** Whether a number comes before another one, of which it is no 2^31 away. */
const isBefore = (number: number, other: number): boolean => ((number - other) | 0) < 0

/** Which mailbox a step lies in: steps in flight have one each. */
export const boxOf = (step: number): number => step & (IN_FLIGHT - 1)

const place = (number: number): number => SHARES + (number & (IN_FLIGHT - 1)) * WORDS

import type { Condition } from '../vitals/condition.ts'

/** How the words of a condition are made. Nothing they depend on may change after this tick. */
export type Words = { readonly [Part in 'label' | 'channels' | 'explanation']: () => Condition[Part] }

type Facts = Omit<Condition, keyof Words>

/**
 * A condition whose words are made when they are first read, each by itself: it holds at every tick of an episode, and
 * few of them say anything. Measured: a raised model condition cost 25 us a frame, most of it sentences nobody read; and
 * an object that is given its getters one by one, as a literal is, 7 us.
 */
class Spoken implements Condition {
  readonly detector: Condition['detector']
  readonly code: Condition['code']
  readonly kind: Condition['kind']
  readonly priority: Condition['priority']
  readonly onset: Condition['onset']
  readonly score: Condition['score']
  readonly latching: Condition['latching']
  readonly steady?: true
  readonly silenceSeconds?: number
  readonly #words: Words
  #label: Condition['label'] | undefined
  #channels: Condition['channels'] | undefined
  #explanation: Condition['explanation'] | undefined

  constructor(facts: Facts, words: Words) {
    this.detector = facts.detector
    this.code = facts.code
    this.kind = facts.kind
    this.priority = facts.priority
    this.onset = facts.onset
    this.score = facts.score
    this.latching = facts.latching
    if (facts.steady) this.steady = true
    if (facts.silenceSeconds !== undefined) this.silenceSeconds = facts.silenceSeconds
    this.#words = words
  }

  get label(): Condition['label'] {
    this.#label ??= this.#words.label()
    return this.#label
  }

  get channels(): Condition['channels'] {
    this.#channels ??= this.#words.channels()
    return this.#channels
  }

  get explanation(): Condition['explanation'] {
    this.#explanation ??= this.#words.explanation()
    return this.#explanation
  }
}

export const spoken = (facts: Facts, words: Words): Condition => new Spoken(facts, words)

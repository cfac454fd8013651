import type { Condition } from '../vitals/condition.ts'

/** How the words of a condition are made. Nothing they depend on may change after this tick. */
export type Words = { readonly [Part in 'label' | 'channels' | 'explanation']: () => Condition[Part] }

/**
 * A condition whose words are made when they are first read, each by itself: it holds at every tick of an episode, and
 * few of them say anything. Measured: a raised model condition cost 25 us a frame, most of it sentences nobody read.
 */
export function spoken(facts: Omit<Condition, keyof Words>, words: Words): Condition {
  let label: Condition['label'] | undefined
  let channels: Condition['channels'] | undefined
  let explanation: Condition['explanation'] | undefined
  return {
    ...facts,
    get label() {
      label ??= words.label()
      return label
    },
    get channels() {
      channels ??= words.channels()
      return channels
    },
    get explanation() {
      explanation ??= words.explanation()
      return explanation
    },
  }
}

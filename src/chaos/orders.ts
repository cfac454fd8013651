import type { z } from 'zod'
import type { CommitStep } from '../kafka/kafkajs/writer.ts'
import type { Settings } from '../vitals/settings.ts'

/**
 * Where a member can be told to end: at a step of a commit; while the broker ends the transaction (EndTxn is sent and not
 * answered); while it reads a changelog back.
 */
export type Step = CommitStep | 'during-commit' | 'during-restore'

/**
 * What a member does when it passes a step: `kill`, SIGKILL to itself; `hold`, wait there until it is released; `sleep`,
 * SIGSTOP to itself, and go on when woken; `sleep-and-kill`, the same, and SIGKILL once the commit that it woke up in is
 * refused.
 */
export type Act = 'kill' | 'hold' | 'sleep' | 'sleep-and-kill'

export interface Order {
  readonly step: Step
  /** the n-th passage from now on, 1 is the next */
  readonly passage: number
  readonly act: Act
  /** only passages of commits that carry an alert count */
  readonly withAlert?: boolean
  /** only those of commits in which other versions begin to see patients */
  readonly withSwap?: boolean
}

/** A member with a known fault, which the oracle must find: nobody is fenced; outputs leave without the state that made them; no seek. */
export const MUTANTS = ['no-fence', 'no-state', 'no-seek'] as const
export type Mutant = (typeof MUTANTS)[number]

/** The first line that a member is sent. Later ones are an `Order`, or `"release"`. */
export interface MemberStart {
  readonly settings: z.input<typeof Settings>
  readonly mutant?: Mutant | undefined
  readonly order?: Order | undefined
}

/** What a member tells, a line each, written before the next thing happens. */
export type Told =
  /** the ordered step is passed; what was ordered follows */
  | { readonly kind: 'reached'; readonly step: Step; readonly act: Act; readonly partition: number }
  /** the commit that a sleeper woke up in came to an end: refused with a code, or, which must never be, taken */
  | { readonly kind: 'woke'; readonly refused: string | undefined }
  | { readonly kind: 'generation'; readonly partitions: readonly number[] }
  /** fenced, read back, sought, resumed */
  | { readonly kind: 'restored'; readonly partition: number; readonly seconds: number }
  /** the readings' position in a commit that was taken */
  | { readonly kind: 'committed'; readonly partition: number; readonly next: number }
  | { readonly kind: 'refused'; readonly partition: number; readonly code: string }

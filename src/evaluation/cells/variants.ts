import type { ClassifierCell } from '../../training/classifier/shape.ts'

/** What is compared: a cell, and what of its inputs it may see. */
export interface Variant {
  readonly name: string
  readonly cell: ClassifierCell
  /** old values and memories fade (`cells/decaying.ts`) */
  readonly decay?: boolean
  /** blocks of inputs that are always 0 */
  readonly without?: readonly ('masks' | 'ages')[]
}

/** From no memory to an LSTM; each reads the same inputs, with one linear head above it and 32 units where it has any. */
export const CELL_VARIANTS: readonly Variant[] = [
  { name: 'perceptron', cell: 'none' },
  { name: 'tanh', cell: 'tanh' },
  { name: 'relu-identity', cell: 'relu' },
  { name: 'lstm', cell: 'lstm' },
  { name: 'gru', cell: 'gru' },
]

/** An LSTM that is told what is missing, and how long, in every way; then with each of them taken away. */
export const MISSING_VARIANTS: readonly Variant[] = [
  { name: 'all', cell: 'lstm', decay: true },
  { name: 'no-mask', cell: 'lstm', decay: true, without: ['masks'] },
  // without an age there is nothing to decay by
  { name: 'no-age', cell: 'lstm', without: ['ages'] },
  { name: 'no-decay', cell: 'lstm' },
  { name: 'values-alone', cell: 'lstm', without: ['masks', 'ages'] },
]

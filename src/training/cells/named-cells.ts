import type { Random } from '../../random.ts'
import { GATES } from '../gates.ts'
import type { Cell } from './cell.ts'
import type { ActivationName } from './hidden-layer.ts'
import { firstKernel, firstLstmBias, type Start } from './initialise.ts'
import { lstmCell } from './lstm-cell.ts'
import { rnnCell } from './rnn.ts'

/** Cells that are compared with one another; `lstm-bf3` is an LSTM whose forget gates begin with a bias of 3. */
export const CELL_NAMES = [
  'sigmoid',
  'tanh',
  'relu',
  'relu-identity',
  'lstm-bf0',
  'lstm-bf1',
  'lstm-bf3',
  'lstm-bf5',
] as const
export type CellName = (typeof CELL_NAMES)[number]

/**
 * A new cell of that name: I inputs, H hidden units. Input weights N(0, 1/I), so that inputs of variance 1 move every
 * unit by as much; recurrent weights Glorot (plain networks), the identity (`relu-identity`), or orthogonal in each
 * gate (LSTM); biases zero but for the forget gates'.
 */
export function namedCell(name: CellName, inputs: number, hidden: number, random: Random): Cell {
  const rnn = (activation: ActivationName, recurrent: Start) =>
    rnnCell(
      firstKernel({ inputs, hidden, gates: 1 }, { input: 'lecun', recurrent }, random),
      new Float64Array(hidden),
      activation,
    )
  if (name === 'sigmoid' || name === 'tanh' || name === 'relu') return rnn(name, 'glorot')
  if (name === 'relu-identity') return rnn('relu', 'identity')
  return lstm(inputs, hidden, Number(name.slice('lstm-bf'.length)), random)
}

/** An LSTM whose units' memories begin spread from one step to `longest`: chrono, for a task whose length is known. */
export function chronoCell(inputs: number, hidden: number, longest: number, random: Random): Cell {
  return lstm(inputs, hidden, { longest }, random)
}

function lstm(inputs: number, hidden: number, forget: number | { longest: number }, random: Random): Cell {
  const starts = { input: 'lecun', recurrent: 'orthogonal' } as const
  const kernel = firstKernel({ inputs, hidden, gates: GATES.length }, starts, random)
  return lstmCell(kernel, firstLstmBias(hidden, forget, random))
}

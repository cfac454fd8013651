import fc from 'fast-check'
import { random } from '../../../src/random.ts'
import type { Cell } from '../../../src/training/cells/cell.ts'
import { decayingCell } from '../../../src/training/cells/decaying.ts'
import { gruCell } from '../../../src/training/cells/gru-cell.ts'
import { lstmCell } from '../../../src/training/cells/lstm-cell.ts'
import { rnnCell } from '../../../src/training/cells/rnn.ts'
import { stackedCell } from '../../../src/training/cells/stacked.ts'

export const KINDS = ['sigmoid', 'tanh', 'relu', 'lstm', 'gru'] as const
export type Kind = (typeof KINDS)[number]

/** [count] numbers around zero, none of them zero */
export function normals(count: number, seed: number, size = 1): Float64Array {
  const source = random(seed)
  return Float64Array.from({ length: count }, () => size * source.normal())
}

/** A cell in which every weight and bias matters. */
export function madeCell(kind: Kind, inputs: number, hidden: number, seed: number): Cell {
  const width = { lstm: 4, gru: 3, sigmoid: 1, tanh: 1, relu: 1 }[kind] * hidden
  const kernel = normals((inputs + hidden) * width, seed, 0.6)
  const bias = normals(kind === 'gru' ? 2 * width : width, seed + 1, 0.4)
  if (kind === 'gru') return gruCell(kernel, bias)
  return kind === 'lstm' ? lstmCell(kernel, bias) : rnnCell(kernel, bias, kind)
}

/** Any cell of one to three layers of any kinds and sizes. */
export const anyCell: fc.Arbitrary<Cell> = fc
  .record({
    inputs: fc.integer({ min: 1, max: 4 }),
    layers: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), hidden: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    seed: fc.nat(1e6),
  })
  .map(({ inputs, layers, seed }) => {
    const cells = layers.map(({ kind, hidden }, l) =>
      madeCell(kind, l === 0 ? inputs : layers[l - 1]!.hidden, hidden, seed + 10 * l),
    )
    return cells.length === 1 ? cells[0]! : stackedCell(cells)
  })

/** A decaying LSTM in which every weight matters; its inputs are V values, masks and ages, and one more. */
export function madeDecayingCell(series: number, hidden: number, seed: number): Cell {
  const decay = {
    input: { kernel: normals(series, seed, 0.5), bias: normals(series, seed + 1, 0.5) },
    hidden: { kernel: normals(series * hidden, seed + 2, 0.5), bias: normals(hidden, seed + 3, 0.5) },
  }
  return decayingCell(madeCell('lstm', 3 * series + 1, hidden, seed + 4), series, decay)
}

import type { GruStep } from '../cells/gru-cell.ts'
import type { LstmStep } from '../cells/lstm-cell.ts'
import { GATES } from '../gates.ts'
import { plainCell } from './plain.ts'
import type { ClassifierShape, ClassifierWeights } from './shape.ts'

/**
 * How long each unit remembers: rows after which half of what it holds is left, at the mean of the gate that keeps it (an
 * LSTM's forget gate, a GRU's update gate).
 * @param x [T, F] normalised rows of one stay, from a zero state
 * @returns [M][H] ln 2 / -ln gate
 * @throws RangeError for a cell without such a gate
 */
export function classifierHalfLives(
  shape: ClassifierShape,
  members: readonly ClassifierWeights[],
  x: Float32Array,
): number[][] {
  const { inputs, sequence, hidden, cell } = shape
  if (cell !== 'lstm' && cell !== 'gru') throw new RangeError(`no gate of a ${cell} cell keeps anything`)
  const forget = GATES.indexOf('forget') * hidden
  return members.map((weights) => {
    const plain = plainCell(shape, weights)
    const sums = new Float64Array(hidden)
    let state = new Float64Array(plain.stateSize)
    const rows = x.length / inputs
    for (let t = 0; t < rows; t++) {
      const step = plain.step(Float64Array.from(x.subarray(t * inputs, t * inputs + sequence)), state)
      state = Float64Array.from(step.state)
      const gate =
        cell === 'gru' ? (step as GruStep).update : (step as LstmStep).gates.subarray(forget, forget + hidden)
      for (let unit = 0; unit < hidden; unit++) sums[unit]! += gate[unit]!
    }
    return Array.from(sums, (sum) => Math.LN2 / -Math.log(sum / rows))
  })
}

import type { Cell, Step } from '../cells/cell.ts'
import type { LstmStep } from '../cells/lstm-cell.ts'
import { unroll } from '../cells/through-time.ts'
import { GATES } from '../gates.ts'

/**
 * How long each unit of an LSTM remembers: steps after which half of its cell is left, at its mean forget gate.
 * @param sequences each from a zero state
 * @returns [H] ln 2 / -ln f
 */
export function unitHalfLives(cell: Cell<Step>, sequences: readonly (readonly Float64Array[])[]): number[] {
  const hidden = cell.outputs
  const from = GATES.indexOf('forget') * hidden
  const sums = new Float64Array(hidden)
  let steps = 0
  for (const x of sequences) {
    for (const step of unroll(cell, x, new Float64Array(cell.stateSize))) {
      const { gates } = step as LstmStep
      for (let unit = 0; unit < hidden; unit++) sums[unit]! += gates[from + unit]!
      steps++
    }
  }
  return Array.from(sums, (sum) => Math.LN2 / -Math.log(sum / steps))
}

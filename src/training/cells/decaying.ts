import type { Cell, Step } from './cell.ts'
import { type Layer, sumsBack, weightedSums } from './weighted-sums.ts'

/** What a decaying cell learns beside the cell it holds. V series, H hidden units. */
export interface Decay {
  /** [V] each: of a value, by its own age alone */
  readonly input: Layer
  /** kernel [V, H], bias [H]: of what is remembered, by the ages of all */
  readonly hidden: Layer
}

export interface DecayingStep extends Step {
  /** the held cell's own step, from the decayed input and state */
  readonly inner: Step
  /** [V] and [H] exp(-max(0, w age + b)) */
  readonly trust: Float64Array
  readonly keep: Float64Array
}

/**
 * A cell for data with holes, after GRU-D (Che et al. 2018, Scientific Reports 8:6085) and for any cell. It reads
 * [V values, the last one where none came | V masks, 1 = came | V ages | anything else]; 0 is the training mean.
 * A value that is old is believed less, x' = x (m + (1 - m) trust), and what is remembered fades with the ages of what it
 * was made of: the state is multiplied by `keep` before the step, an LSTM's c and h alike.
 */
export function decayingCell(cell: Cell, series: number, decay: Decay): Cell<DecayingStep> {
  const { input, hidden } = decay
  const parts = cell.stateSize / cell.outputs
  const ageAt = 2 * series
  return {
    inputs: cell.inputs,
    stateSize: cell.stateSize,
    outputs: cell.outputs,
    parameters: [input.kernel, input.bias, hidden.kernel, hidden.bias, ...cell.parameters] as Float64Array[],
    step(x, before) {
      const trust = Float64Array.from({ length: series }, (_, v) =>
        Math.exp(-Math.max(0, input.kernel[v]! * x[ageAt + v]! + input.bias[v]!)),
      )
      const keep = weightedSums(hidden, x.subarray(ageAt, ageAt + series)).map((sum) => Math.exp(-Math.max(0, sum)))
      const read = x.slice()
      for (let v = 0; v < series; v++) read[v]! *= x[series + v]! + (1 - x[series + v]!) * trust[v]!
      const faded = before.map((value, i) => value * keep[i % keep.length]!)
      const inner = cell.step(read, faded)
      return { x, before, state: inner.state, inner, trust, keep }
    },
    back({ x, before, inner, trust, keep }, dState, gradients) {
      const { dx, dBefore } = cell.back(inner, dState, gradients?.slice(4))
      // d exp(-max(0, s)) / ds = -exp(-s) where s > 0: where it is below 1
      const dSums = new Float64Array(keep.length)
      const dFirst = dBefore.map((slope, i) => slope * keep[i % keep.length]!)
      for (let part = 0; part < parts; part++) {
        for (let unit = 0; unit < keep.length; unit++) {
          const at = part * keep.length + unit
          if (keep[unit]! < 1) dSums[unit]! -= dBefore[at]! * before[at]! * keep[unit]!
        }
      }
      const ages = x.subarray(ageAt, ageAt + series)
      const dAges = sumsBack(hidden, ages, dSums, gradients?.slice(2, 4))
      const dRead = dx.slice()
      for (let v = 0; v < series; v++) {
        const [value, mask] = [x[v]!, x[series + v]!]
        const dSum = trust[v]! < 1 ? -dx[v]! * value * (1 - mask) * trust[v]! : 0
        dRead[v] = dx[v]! * (mask + (1 - mask) * trust[v]!)
        dRead[series + v]! += dx[v]! * value * (1 - trust[v]!)
        dRead[ageAt + v]! += dAges[v]! + dSum * input.kernel[v]!
        if (gradients === undefined) continue
        gradients[0]![v]! += dSum * ages[v]!
        gradients[1]![v]! += dSum
      }
      return { dx: dRead, dBefore: dFirst }
    },
  }
}

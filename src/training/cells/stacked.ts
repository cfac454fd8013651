import { type Cell, outputOf, type Step } from './cell.ts'

export interface StackedStep extends Step {
  /** one a layer, bottom first */
  readonly layers: readonly Step[]
}

/**
 * Cells upon one another: each reads the answer of the one below. State: the layers' states one after the other, the
 * top one last, so that the last H numbers are the top's answer.
 * @throws RangeError when a layer does not fit the one below
 */
export function stackedCell(cells: readonly Cell[]): Cell<StackedStep> {
  const [bottom, top] = [cells[0], cells.at(-1)]
  if (bottom === undefined || top === undefined) throw new RangeError('a stack of no cells')
  cells.slice(1).forEach((cell, below) => {
    const { outputs } = cells[below]!
    if (cell.inputs !== outputs) throw new RangeError(`layer ${below + 1} reads ${cell.inputs} of ${outputs} numbers`)
  })
  // where each layer's state and parameters begin
  const stateAt = cells.map((_, l) => cells.slice(0, l).reduce((sum, cell) => sum + cell.stateSize, 0))
  const parametersAt = cells.map((_, l) => cells.slice(0, l).reduce((sum, cell) => sum + cell.parameters.length, 0))
  const stateSize = stateAt.at(-1)! + top.stateSize
  const own = (whole: Float64Array, l: number) => whole.subarray(stateAt[l]!, stateAt[l]! + cells[l]!.stateSize)
  return {
    inputs: bottom.inputs,
    stateSize,
    outputs: top.outputs,
    parameters: cells.flatMap((cell) => cell.parameters),
    step(x, before) {
      const state = new Float64Array(stateSize)
      let below = x
      const layers = cells.map((cell, l) => {
        const step = cell.step(below, own(before, l))
        state.set(step.state, stateAt[l]!)
        below = outputOf(cell, step.state)
        return step
      })
      return { x, before, state, layers }
    },
    back({ layers }, dState, gradients) {
      const dBefore = new Float64Array(stateSize)
      let dx: Float64Array = new Float64Array(top.outputs) // from above; nothing is above the top
      for (let l = cells.length - 1; l >= 0; l--) {
        const cell = cells[l]!
        const dOwn = own(dState, l).slice()
        const dOutput = outputOf(cell, dOwn)
        for (let n = 0; n < dOutput.length; n++) dOutput[n]! += dx[n]!
        const from = parametersAt[l]!
        const back = cell.back(layers[l]!, dOwn, gradients?.slice(from, from + cell.parameters.length))
        dBefore.set(back.dBefore, stateAt[l]!)
        dx = back.dx
      }
      return { dx, dBefore }
    },
  }
}

import { type Cell, outputOf, type Step } from './cell.ts'
import type { Head } from './perceptron.ts'

/** Gradients of one cell and one head, beside their parameters. */
export interface Gradients {
  readonly cell: readonly Float64Array[]
  readonly head: readonly Float64Array[]
}

/** x [T] of [I], state [S] at first -> [T] steps */
export function unroll(cell: Cell, x: readonly Float64Array[], first: Float64Array): Step[] {
  const steps: Step[] = []
  let before = first
  for (const each of x) {
    const step = cell.step(each, before)
    steps.push(step)
    before = step.state
  }
  return steps
}

/**
 * Back-propagation through time (Werbos 1990): unrolled over the sequence, the network is a deep one whose layers share
 * their weights. Forward through all steps, then backwards: the gradient by a step's state is what its own answer asks
 * for and what the next step hands back.
 * @param x [T] of [I]
 * @param wanted [T] of [N]; undefined where the step has no loss: all but the last for a class from the final state
 * (sentiment), none for a distribution at every step (language model)
 * @param first [S] state before the first step: zeros, or carried over from the chunk before (truncated)
 * @param gradients added to
 * @returns loss summed over steps; the last state, to be carried on; the gradient by `first`
 */
export function throughTime(
  cell: Cell,
  head: Head,
  x: readonly Float64Array[],
  wanted: readonly (ArrayLike<number> | undefined)[],
  first: Float64Array,
  gradients: Gradients,
): { loss: number; state: Float64Array; dFirst: Float64Array } {
  const steps = unroll(cell, x, first)
  let loss = 0
  let dState: Float64Array = new Float64Array(cell.stateSize) // no step after the last one
  for (let t = steps.length - 1; t >= 0; t--) {
    const goal = wanted[t]
    if (goal !== undefined) {
      const h = outputOf(cell, steps[t]!.state)
      const y = head.output(h)
      loss += head.loss(y, goal)
      const dh = head.back(h, y, goal, gradients.head)
      const dOutput = outputOf(cell, dState)
      for (let n = 0; n < dh.length; n++) dOutput[n]! += dh[n]!
    }
    dState = cell.back(steps[t]!, dState, gradients.cell).dBefore
  }
  return { loss, state: steps.at(-1)?.state ?? first, dFirst: dState }
}

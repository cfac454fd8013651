/** What one step leaves behind: enough to find the way back through it. */
export interface Step {
  /** [I] what was read */
  readonly x: Float64Array
  /** [S] state before */
  readonly before: Float64Array
  /** [S] state after */
  readonly state: Float64Array
}

/**
 * A network that remembers: its next state is a function of its input and of its own previous state. I inputs,
 * S numbers of state, of which the last H are what a head or the layer above reads.
 */
export interface Cell<S extends Step = Step> {
  readonly inputs: number
  readonly stateSize: number
  /** H */
  readonly outputs: number
  /** what learns, in a fixed order; shared with the caller and changed in place by an optimiser */
  readonly parameters: readonly Float64Array[]
  /** x [I], before [S] -> state [S] */
  step(x: Float64Array, before: Float64Array): S
  /**
   * The chain rule backwards through one step.
   * @param dState [S] gradient of the loss by the state after the step
   * @param gradients beside `parameters`, added to; undefined where only the way to the state before is asked for
   * @returns gradients of the loss by x [I] and by the state before [S]
   */
  back(
    step: S,
    dState: Float64Array,
    gradients?: readonly Float64Array[],
  ): { readonly dx: Float64Array; readonly dBefore: Float64Array }
}

/** [H] what of a state is read from above: a view, not a copy. */
export function outputOf(cell: Cell, state: Float64Array): Float64Array {
  return state.subarray(cell.stateSize - cell.outputs)
}

/** Zeros beside parameters, for gradients to be added to. */
export function zerosBeside(parameters: readonly Float64Array[]): Float64Array[] {
  return parameters.map((array) => new Float64Array(array.length))
}

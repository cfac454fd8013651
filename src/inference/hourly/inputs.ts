/**
 * How the readings of a stay become the hourly input of a classifier: running summaries in the patient's state row, a
 * pure function of what came before and of this hour. Training and serving run the same code, so neither can look ahead.
 */
export interface HourlyInputs {
  /** numbers of a state row */
  readonly stateSize: number
  /** [F] names of the inputs, in their order */
  readonly names: readonly string[]
  /** [F] whether an input has a unit, so that training data must give its centre and scale */
  readonly fitted: readonly boolean[]
  /** a new stay at `at` of the state */
  reset(state: Float64Array, at: number): void
  /** one reading of the open hour, in the channel's unit; what no patient can have is not taken */
  take(state: Float64Array, at: number, channel: number, value: number): void
  /** the hour is over: write its F inputs, not yet normalised (NaN: unknown), at `x[into]` and open the next one */
  close(state: Float64Array, at: number, x: Float64Array, into: number): void
}

/** [F] each: z = (input - centre) / scale, clipped to +-clip; an unknown input is 0. */
export interface InputScale {
  readonly centre: ArrayLike<number>
  readonly scale: ArrayLike<number>
  readonly clip: number
}

/** Normalise one row of F inputs from `raw[from]` to `x[into]`. */
export function scaleInputs(
  scale: InputScale,
  raw: ArrayLike<number>,
  from: number,
  x: Float32Array,
  into: number,
): void {
  const { centre, scale: unit, clip } = scale
  for (let i = 0; i < centre.length; i++) {
    const z = (raw[from + i]! - centre[i]!) / unit[i]!
    x[into + i] = Number.isNaN(z) ? 0 : Math.max(-clip, Math.min(clip, z))
  }
}

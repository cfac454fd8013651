/**
 * Frames, in columns: row i is what one patient's monitor said in one tick of the time grid.
 * D = channels of the table. Values carry forward: `value` is this tick's where `mask` is 1, else the last valid one.
 */
export interface FrameColumns {
  /** rows in use; the arrays may be longer */
  count: number
  /** [N] patient slot */
  readonly slots: Int32Array
  /** [N] tick number: floor(event time / cadence) */
  readonly ticks: Float64Array
  /** [N] offset of the input that closed the tick */
  readonly offsets: Float64Array
  /** [N, D] value in the channel's unit; NaN where there never was one */
  readonly values: Float32Array
  /** [N, D] the same as it was sent: `values` is rounded to float32, which may cross a bound it is held against */
  readonly exact: Float64Array
  /** [N, D] 1 where a valid value was observed in this tick */
  readonly masks: Uint8Array
  /** [N, D] seconds since the last valid value: 0 where mask is 1, NaN where there never was one */
  readonly ages: Float32Array
}

/** Frame columns with room for `capacity` rows of `width` channels. */
export function frameColumns(capacity: number, width: number): FrameColumns {
  return {
    count: 0,
    slots: new Int32Array(capacity),
    ticks: new Float64Array(capacity),
    offsets: new Float64Array(capacity),
    values: new Float32Array(capacity * width),
    exact: new Float64Array(capacity * width),
    masks: new Uint8Array(capacity * width),
    ages: new Float32Array(capacity * width),
  }
}

/**
 * Stays of unlike length side by side without padding: rows step by step, the longest stay in lane 0, so that at step t
 * the first `active[t]` lanes go on and none is skipped. R rows in all.
 */
export interface Packing {
  /** [T] lanes at each step, never rising */
  readonly active: Int32Array
  /** [T + 1] where the rows of a step begin; the last is R */
  readonly from: Int32Array
}

/** @param lengths rows of each lane, never rising */
export function packing(lengths: readonly number[]): Packing {
  const steps = lengths[0] ?? 0
  const active = new Int32Array(steps)
  const from = new Int32Array(steps + 1)
  let lanes = lengths.length
  for (let t = 0; t < steps; t++) {
    while (lanes > 0 && lengths[lanes - 1]! <= t) lanes--
    active[t] = lanes
    from[t + 1] = from[t]! + lanes
  }
  return { active, from }
}

/** The row of lane `lane` at step t. */
export const packedRow = ({ from }: Packing, t: number, lane: number): number => from[t]! + lane

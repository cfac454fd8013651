/** Levels tried, logits. */
const LOWEST = -2
const HIGHEST = 1
const STEP = 0.05

/**
 * The level from which alarms earn most in all: a network is trained with dropout and judged without, and its own zero is not
 * exactly where alarming begins to pay.
 * @param logits [hours], of patients whose network had not seen them
 * @param gains [hours] what an alarm earns above silence
 */
export function bestThreshold(logits: ArrayLike<number>, gains: ArrayLike<number>): number {
  const levels = Math.round((HIGHEST - LOWEST) / STEP)
  // what the hours between one level and the next earn
  const earned = new Float64Array(levels + 1)
  for (let i = 0; i < logits.length; i++) {
    const level = Math.floor((logits[i]! - LOWEST) / STEP + 1e-9)
    if (level >= 0) earned[Math.min(level, levels)]! += gains[i]!
  }
  let [sum, best, at] = [0, Number.NEGATIVE_INFINITY, levels]
  for (let level = levels; level >= 0; level--) {
    sum += earned[level]!
    if (sum > best) {
      best = sum
      at = level
    }
  }
  return Number((LOWEST + at * STEP).toFixed(2))
}

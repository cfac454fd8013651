import { sigmoid } from '../head.ts'

/** probability = sigmoid(slope * logit + intercept) */
export interface Platt {
  readonly slope: number
  readonly intercept: number
}

const ROUNDS = 50
const RIDGE = 1e-9

/**
 * Likeliest slope and intercept for logits of patients a network had not seen (Platt 1999, by Newton's method). A slope that
 * is not positive would turn the ranking round: then the scores say nothing, and the prevalence alone is left.
 */
export function fitPlatt(logits: ArrayLike<number>, labels: ArrayLike<number>): Platt {
  let [slope, intercept] = [1, 0]
  for (let round = 0; round < ROUNDS; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, RIDGE, 0, RIDGE]
    for (let i = 0; i < logits.length; i++) {
      const z = logits[i]!
      const p = sigmoid(slope * z + intercept)
      const [error, weight] = [p - labels[i]!, p * (1 - p)]
      g0 += error * z
      g1 += error
      h00 += weight * z * z
      h01 += weight * z
      h11 += weight
    }
    const determinant = h00 * h11 - h01 * h01
    const [stepSlope, stepIntercept] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant]
    slope -= stepSlope
    intercept -= stepIntercept
    if (Math.abs(stepSlope) + Math.abs(stepIntercept) < 1e-9) break
  }
  return { slope: Math.max(slope, 1e-6), intercept }
}

import { minusLogChiSquareTail } from './chi-square.ts'

/** points at which the distribution of the transform is watched */
const POINTS = 40

/** Counts that a probability integral transform is judged by: number, sum, sum of squares, then the mean curve's sums. */
export const PIT_FIELDS = 3 + POINTS - 1

/** What the transform of some forecasts looks like; uniform when they are calibrated: mean 1/2, sd 0.289, distance 0. */
export interface PitFigures {
  readonly n: number
  /** of the residuals that the transform makes standard normal: 0 and 1 */
  readonly mean: number
  readonly sd: number
  /** largest distance of the transform's distribution from the uniform one (Kolmogorov) */
  readonly distance: number
}

/**
 * Count one scored value. A printed number has a cell [F(low), F(high)] and no point: its share of each interval counts
 * (the nonrandomised transform of Czado, Gneiting and Held 2009), or a channel that stands still would look miscalibrated.
 * @param sums where PIT_FIELDS numbers begin at `at`
 * @param residual standard normal residual of the cell's middle
 * @param surprise -ln of the cell's mass, nats
 */
export function countPit(sums: Float64Array, at: number, residual: number, surprise: number): void {
  const beyond = Math.exp(-minusLogChiSquareTail(residual * residual, 1)) / 2
  const middle = residual > 0 ? 1 - beyond : beyond
  const mass = Math.exp(-surprise)
  const low = middle - mass / 2
  sums[at]!++
  sums[at + 1]! += residual
  sums[at + 2]! += residual * residual
  for (let i = 1; i < POINTS; i++) {
    const u = i / POINTS
    sums[at + 2 + i]! += u <= low ? 0 : u >= low + mass ? 1 : (u - low) / mass
  }
}

/** @returns undefined where nothing was counted */
export function pitFigures(sums: ArrayLike<number>, at: number): PitFigures | undefined {
  const n = sums[at]!
  if (n === 0) return undefined
  const mean = sums[at + 1]! / n
  let distance = 0
  for (let i = 1; i < POINTS; i++) distance = Math.max(distance, Math.abs(sums[at + 2 + i]! / n - i / POINTS))
  return { n, mean, sd: Math.sqrt(Math.max(0, sums[at + 2]! / n - mean * mean)), distance }
}

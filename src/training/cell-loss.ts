import { cell, type TailCurve, tailCurve } from '../scoring/tail-curve.ts'
import { aboveFloor, aboveFloorSlope } from './head.ts'
import type { NetworkShape } from './network.ts'

/** What the likelihood of a resolution cell needs to know of the channels, in their units. */
export interface CellPlan {
  readonly shape: NetworkShape
  /** [C] half the resolution cell, which is also the smallest scale */
  readonly half: Float64Array
  /** [C] normaliser */
  readonly centre: Float64Array
  readonly scale: Float64Array
  /** [K C] Student's t of each horizon and channel */
  readonly curves: readonly TailCurve[]
}

/** The same plan with other degrees of freedom: [K C]. */
export function withDegreesOfFreedom(plan: CellPlan, degrees: ArrayLike<number>): CellPlan {
  return { ...plan, curves: Array.from(degrees, (nu) => tailCurve(nu)) }
}

/** [C] smallest scale of a forecast, normalised. */
export function scaleFloor(plan: CellPlan): Float32Array {
  return Float32Array.from(plan.half, (half, c) => half / plan.scale[c]!)
}

const mass = new Float64Array(2)

/**
 * Masked likelihood: L = sum of -ln P over all targets that are there, divided by `divisor`, where
 * P = F((y + q/2 - mu) / sigma) - F((y - q/2 - mu) / sigma) and F is Student's t.
 * dL/dmu = (f(b) - f(a)) / (sigma P), dL/dsigma = (b f(b) - a f(a)) / (sigma P), f the density, a < b the cell's ends.
 * @param outputs [R, 2 K C] raw head outputs
 * @param x [R, F]
 * @param targets [R, K C] channel units, NaN = no target
 * @param gradient [R, 2 K C] written; undefined where only the likelihood is wanted
 * @param sums [2 K C] added to: surprise by horizon and channel, then how many
 */
export function cellLoss(
  plan: CellPlan,
  outputs: Float32Array,
  x: Float32Array,
  targets: Float32Array,
  divisor: number,
  gradient: Float32Array | undefined,
  sums: Float64Array,
): void {
  const { features, channels } = plan.shape
  const each = plan.curves.length
  const rows = outputs.length / (2 * each)
  for (let row = 0; row < rows; row++) {
    for (let kc = 0; kc < each; kc++) {
      const target = targets[row * each + kc]!
      if (Number.isNaN(target)) continue
      const c = kc % channels
      const at = row * 2 * each + kc
      const unit = plan.scale[c]!
      const raw = outputs[at + each]!
      const mu = plan.centre[c]! + unit * (x[row * features + c]! + outputs[at]!)
      const sigma = plan.half[c]! + unit * aboveFloor(raw)
      const half = plan.half[c]! / sigma
      const z = (target - mu) / sigma
      const curve = plan.curves[kc]!
      cell(curve, z, half, mass)
      const logMass = mass[0]!
      sums[kc]! -= logMass
      sums[each + kc]!++
      if (gradient === undefined) continue
      const low = z - half
      const high = z + half
      const power = -(curve.nu + 1) / 2
      const lowDensity = Math.exp(curve.peak + power * Math.log1p((low * low) / curve.nu) - logMass)
      const highDensity = Math.exp(curve.peak + power * Math.log1p((high * high) / curve.nu) - logMass)
      gradient[at] = (unit * (highDensity - lowDensity)) / (sigma * divisor)
      gradient[at + each] = (unit * aboveFloorSlope(raw) * (high * highDensity - low * lowDensity)) / (sigma * divisor)
    }
  }
}

/** How many targets there are. */
export function countTargets(targets: Float32Array): number {
  let count = 0
  for (const target of targets) if (!Number.isNaN(target)) count++
  return count
}

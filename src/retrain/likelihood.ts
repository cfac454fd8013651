import { normalQuantile } from '../scoring/normal.ts'
import { countPit, PIT_FIELDS, pitFigures } from '../scoring/pit.ts'
import { cell } from '../scoring/tail-curve.ts'
import type { Contestant, Foreseen } from './contestant.ts'

/** a surprise is clipped here, nats, as scoring does: one impossible value must not decide a gate */
const CLIP = 60
const RESIDUAL_CLIP = 8
/** smallest scale of a forecast, channel unit, as scoring has it */
const SMALLEST = 1e-6

/** What one contestant's forecasts gave what came, patient by patient: [P]. */
export interface Likelihood {
  /** [P][K C] sums of surprise, nats, and how many values */
  readonly sums: readonly Float64Array[]
  readonly counts: readonly Float64Array[]
  /** [P][K C PIT_FIELDS] */
  readonly transforms: readonly Float64Array[]
  /** forecasts that were no finite number */
  readonly broken: number
}

/** Surprise and transform of every value at every horizon, after warm-up: each forecast is held against what came. */
export function likelihoodOf({ manifest, plan }: Contestant, foreseen: readonly Foreseen[]): Likelihood {
  const [K, C] = [manifest.horizons.length, manifest.channels.length]
  const mass = new Float64Array(2)
  let broken = 0
  const patients = foreseen.map(({ stay, forecasts }) => {
    const [sums, counts] = [new Float64Array(K * C), new Float64Array(K * C)]
    const transforms = new Float64Array(K * C * PIT_FIELDS)
    for (let i = manifest.warmupSteps; i < stay.frames.count; i++) {
      for (let kc = 0; kc < K * C; kc++) {
        const target = stay.targets[i * K * C + kc]!
        if (Number.isNaN(target)) continue
        const c = kc % C
        const at = (i * K + Math.floor(kc / C)) * 2 * C + c
        const mean = plan.centre[c]! + plan.scale[c]! * forecasts[at]!
        const scale = Math.max(SMALLEST, plan.scale[c]! * forecasts[at + C]!)
        counts[kc]!++
        if (!Number.isFinite(mean) || !Number.isFinite(scale)) {
          broken++
          sums[kc]! += CLIP
          continue
        }
        const z = (target - mean) / scale
        cell(plan.curves[kc]!, z, plan.half[c]! / scale, mass)
        const surprise = Math.min(CLIP, -mass[0]!)
        const r = Math.min(RESIDUAL_CLIP, -normalQuantile(mass[1]!))
        sums[kc]! += surprise
        countPit(transforms, kc * PIT_FIELDS, z < 0 ? -r : r, surprise)
      }
    }
    return { sums, counts, transforms }
  })
  return {
    sums: patients.map((it) => it.sums),
    counts: patients.map((it) => it.counts),
    transforms: patients.map((it) => it.transforms),
    broken,
  }
}

/**
 * Mean surprise over horizons and channels, each weighing the same, of patients drawn `times` each.
 * @param channel of this channel alone
 */
export function meanSurprise(of: Likelihood, times: ArrayLike<number>, channels: number, channel?: number): number {
  const sizes = of.sums[0]!.length
  let [total, kinds] = [0, 0]
  for (let kc = 0; kc < sizes; kc++) {
    if (channel !== undefined && kc % channels !== channel) continue
    let [sum, count] = [0, 0]
    for (let p = 0; p < of.sums.length; p++) {
      sum += times[p]! * of.sums[p]![kc]!
      count += times[p]! * of.counts[p]![kc]!
    }
    if (count === 0) continue
    total += sum / count
    kinds++
  }
  return total / kinds
}

/** Distance of a channel's transform from the uniform distribution, mean over the horizons. */
export function transformDistance(of: Likelihood, times: ArrayLike<number>, channels: number, channel: number): number {
  const horizons = of.sums[0]!.length / channels
  let [total, kinds] = [0, 0]
  const drawn = new Float64Array(PIT_FIELDS)
  for (let k = 0; k < horizons; k++) {
    drawn.fill(0)
    const from = (k * channels + channel) * PIT_FIELDS
    for (let p = 0; p < of.transforms.length; p++) {
      if (times[p] === 0) continue
      for (let i = 0; i < PIT_FIELDS; i++) drawn[i]! += times[p]! * of.transforms[p]![from + i]!
    }
    const figures = pitFigures(drawn, 0)
    if (figures === undefined) continue
    total += figures.distance
    kinds++
  }
  return total / kinds
}

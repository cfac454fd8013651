import { remembered } from '../scoring/remembered.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'

/** How a frame becomes the input of one model; shared by training and serving, so the two cannot drift apart. */
export interface FeaturePlan {
  /** [C] index of the model's channels in the channel table */
  readonly channels: Int32Array
  readonly centre: Float64Array
  readonly scale: Float64Array
  readonly clip: number
  readonly maxAgeSeconds: number
  readonly trendSeconds: number
  /** channels of the table: D */
  readonly width: number
  /** share of a running mean that is forgotten in so many seconds */
  readonly forget: (elapsed: number) => number
  /** [maxAgeSeconds + 1] the age feature of whole seconds */
  readonly ageOf: Float64Array
  /** 1 / log1p(maxAgeSeconds) */
  readonly ageScale: number
}

/** What of a manifest the features depend on. */
type FeatureManifest = Pick<ModelManifest, 'channels' | 'normaliser' | 'features'>

/** Features per channel: value, mask, age, trend; feature-major, F = 4 C. */
export const FEATURES_PER_CHANNEL = 4

/** @throws RangeError when the table lacks a channel of the model */
export function featurePlan(manifest: FeatureManifest, table: ChannelTable): FeaturePlan {
  const channels = manifest.channels.map((name) => {
    const index = table.index.get(name)
    if (index === undefined) throw new RangeError(`the channel table has no "${name}"`)
    return index
  })
  const { maxAgeSeconds, trendSeconds } = manifest.features
  const ageScale = 1 / Math.log1p(maxAgeSeconds)
  return {
    channels: Int32Array.from(channels),
    centre: Float64Array.from(manifest.normaliser.centre),
    scale: Float64Array.from(manifest.normaliser.scale),
    clip: manifest.normaliser.clip,
    maxAgeSeconds,
    trendSeconds,
    width: table.channels.length,
    forget: remembered((elapsed) => 1 - Math.exp(-elapsed / trendSeconds)),
    ageOf: Float64Array.from({ length: Math.floor(maxAgeSeconds) + 1 }, (_, age) => Math.log1p(age) * ageScale),
    ageScale,
  }
}

/**
 * Write the features of one frame: [value x C, mask x C, age x C, trend x C], C = the plan's channels.
 * value: (v - centre) / scale of the newest valid value, clipped; 0 when there never was one. mask: observed in this
 * tick. age: log1p of the seconds since, scaled to 0..1; 1 when never. trend: value minus the patient's own running mean.
 * @param elapsed seconds since the patient's previous frame, 0 at the first
 * @param means running means of the patient (normalised), NaN where there is none yet; advanced in place: [.., C] at `meansAt`
 * @param x written at [row * F, (row + 1) * F)
 */
export function writeFeatures(
  plan: FeaturePlan,
  frames: FrameColumns,
  frame: number,
  elapsed: number,
  means: Float64Array,
  meansAt: number,
  x: Float32Array,
  row: number,
): void {
  const count = plan.channels.length
  const from = frame * plan.width
  const to = row * count * FEATURES_PER_CHANNEL
  const forget = plan.forget(elapsed)
  for (let c = 0; c < count; c++) {
    const at = from + plan.channels[c]!
    const value = frames.values[at]!
    const known = !Number.isNaN(value)
    const observed = frames.masks[at]!
    const scaled = (value - plan.centre[c]!) / plan.scale[c]!
    const z = known ? Math.max(-plan.clip, Math.min(plan.clip, scaled)) : 0
    let mean = means[meansAt + c]!
    if (observed === 1) {
      mean = Number.isNaN(mean) ? z : mean + forget * (z - mean)
      means[meansAt + c] = mean
    }
    x[to + c] = z
    x[to + count + c] = observed
    x[to + 2 * count + c] = known ? ageFeature(plan, frames.ages[at]!) : 1
    x[to + 3 * count + c] = known && !Number.isNaN(mean) ? z - mean : 0
  }
}

function ageFeature(plan: FeaturePlan, age: number): number {
  const seconds = Math.min(age, plan.maxAgeSeconds)
  // undefined between whole seconds
  return plan.ageOf[seconds] ?? Math.log1p(seconds) * plan.ageScale
}

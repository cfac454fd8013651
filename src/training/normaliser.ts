import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'

/** A scale is at least this many resolution cells: a constant channel has no spread of its own. */
const SMALLEST_SCALE_CELLS = 3

/**
 * Median and standard deviation of every channel over observed values, rounded to a tenth so that the manifest reads well.
 * @param channels [C] index into the channel table
 * @param resolutions [C]
 */
export function fitNormaliser(
  stays: readonly FrameColumns[],
  channels: Int32Array,
  width: number,
  resolutions: readonly number[],
  clip: number,
): ModelManifest['normaliser'] {
  const centre: number[] = []
  const scale: number[] = []
  for (let c = 0; c < channels.length; c++) {
    const values: number[] = []
    for (const { count, masks, values: from } of stays) {
      for (let i = 0; i < count; i++) {
        const at = i * width + channels[c]!
        if (masks[at] === 1) values.push(from[at]!)
      }
    }
    if (values.length === 0) throw new RangeError('a channel has no value in the training data')
    values.sort((a, b) => a - b)
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    centre.push(tenth(values[values.length >> 1]!))
    scale.push(tenth(Math.max(spread, SMALLEST_SCALE_CELLS * resolutions[c]!)))
  }
  return { centre, scale, clip }
}

const tenth = (value: number): number => Math.round(value * 10) / 10

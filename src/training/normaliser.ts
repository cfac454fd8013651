import { VigilError } from '../errors.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { ModelManifest } from '../vitals/manifest.ts'

/** A scale is at least this many resolution cells: a channel that hardly moves has too little spread of its own. */
const SMALLEST_SCALE_CELLS = 3

/**
 * Median and standard deviation of every channel over observed values, rounded to a tenth so that the manifest reads well.
 * @param stays frames of the whole channel table
 * @throws VigilError data-unfit when a channel has no value, or only ever one
 */
export function fitNormaliser(
  stays: readonly FrameColumns[],
  channels: readonly string[],
  table: ChannelTable,
  clip: number,
): ModelManifest['normaliser'] {
  const centre: number[] = []
  const scale: number[] = []
  for (const name of channels) {
    const channel = table.index.get(name)!
    const values: number[] = []
    for (const { count, masks, values: from } of stays) {
      for (let i = 0; i < count; i++) {
        const at = i * table.channels.length + channel
        if (masks[at] === 1) values.push(from[at]!)
      }
    }
    values.sort((a, b) => a - b)
    if (values.length === 0 || values[0] === values.at(-1)) {
      const what = values.length === 0 ? 'has no value' : 'never changes'
      throw new VigilError('data-unfit', `${name} ${what} in the training data`, { place: name })
    }
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    centre.push(tenth(values[values.length >> 1]!))
    scale.push(tenth(Math.max(spread, SMALLEST_SCALE_CELLS * table.channels[channel]!.resolution)))
  }
  return { centre, scale, clip }
}

const tenth = (value: number): number => Math.round(value * 10) / 10

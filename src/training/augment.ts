import type { Random } from '../random.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { OK, STATUSES } from '../vitals/reading.ts'
import type { Stay } from './dataset.ts'

/** Channels that are varied together (HR and pulse are one heart), and how much. */
export interface Variation {
  readonly channels: readonly string[]
  /** standard deviation of a shift of level, in the channels' unit */
  readonly shift: number
  /** standard deviation of ln of a factor on the distance from the stay's median: calmer and wilder patients */
  readonly stretch: number
}

/** How stays are varied from epoch to epoch, so that the network learns movements and not the few patients it has seen. */
export interface Augmentation {
  readonly variations: readonly Variation[]
  /** share of a channel's time without a reading, in runs: trains the missing path */
  readonly dropped: number
  /** mean length of such a run, readings */
  readonly dropLength: number
}

const NOT_AVAILABLE = STATUSES.indexOf('not-available')

/** value -> middle + factor * (value - middle) + shift, in whole numbers, inside the channel's range */
interface Move {
  readonly middle: number
  readonly factor: number
  readonly shift: number
  readonly low: number
  readonly high: number
}

/**
 * A stay as another patient's monitor might have shown it: other levels, calmer or wilder, and runs without a value.
 * The result goes through the same time grid as any other reading.
 */
export function augment(stay: Stay, table: ChannelTable, how: Augmentation, random: Random): Stay {
  const moves = new Map<number, Move>()
  for (const { channels, shift, stretch } of how.variations) {
    const [by, factor] = [Math.round(random.normal() * shift), Math.exp(random.normal() * stretch)]
    for (const name of channels) {
      const channel = table.index.get(name)!
      const [low, high] = table.channels[channel]!.range
      moves.set(channel, { middle: median(stay, channel), factor, shift: by, low, high })
    }
  }
  const off = new Uint8Array(table.channels.length)
  const begin = how.dropped / (how.dropLength * (1 - how.dropped))
  const readings = stay.readings.map((reading) => {
    for (const channel of reading.channels) {
      const flips = random.uniform() < (off[channel] === 1 ? 1 / how.dropLength : begin)
      if (flips) off[channel] = 1 - off[channel]!
    }
    return {
      ...reading,
      values: reading.values.map((value, s) => moved(value, moves.get(reading.channels[s]!))),
      statuses: reading.statuses.map((status, s) => (off[reading.channels[s]!] === 1 ? NOT_AVAILABLE : status)),
    }
  })
  return { name: stay.name, readings }
}

/** A saturation that would rise above 100 stays there, as it does on the monitor. */
function moved(value: number, move: Move | undefined): number {
  if (move === undefined) return value
  const { middle, factor, shift, low, high } = move
  return Math.max(low, Math.min(high, Math.round(middle + factor * (value - middle)) + shift))
}

/** Median of a channel's valid values; 0 when it has none. */
function median(stay: Stay, channel: number): number {
  const values: number[] = []
  for (const reading of stay.readings) {
    const s = reading.channels.indexOf(channel)
    if (s >= 0 && reading.statuses[s] === OK) values.push(reading.values[s]!)
  }
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0
}

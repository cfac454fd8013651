import type { ChannelTable } from '../vitals/channels.ts'
import { STATUSES } from '../vitals/reading.ts'
import type { Stay } from './dataset.ts'
import type { Random } from './random.ts'

/** How stays are varied from epoch to epoch, so that the network learns movements and not the few levels it has seen. */
export interface Augmentation {
  /** channels that are moved together, and the standard deviation of the move in their unit: HR and pulse are one heart */
  readonly shifts: readonly { readonly channels: readonly string[]; readonly sd: number }[]
  /** share of a channel's time without a reading, in runs: trains the missing path */
  readonly dropped: number
  /** mean length of such a run, readings */
  readonly dropLength: number
}

const NOT_AVAILABLE = STATUSES.indexOf('not-available')

/**
 * A stay as another patient's monitor might have shown it: whole-number shifts of level within the channel's range,
 * and runs without a value. The result goes through the same time grid as any other reading.
 */
export function augment(stay: Stay, table: ChannelTable, how: Augmentation, random: Random): Stay {
  const shift = new Float64Array(table.channels.length)
  for (const { channels, sd } of how.shifts) {
    const indices = channels.map((name) => table.index.get(name)!)
    const wanted = Math.round(random.normal() * sd)
    const moved = indices.reduce((by, channel) => within(by, stay, channel, table.channels[channel]!.range), wanted)
    for (const channel of indices) shift[channel] = moved
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
      values: reading.values.map((value, s) => value + shift[reading.channels[s]!]!),
      statuses: reading.statuses.map((status, s) => (off[reading.channels[s]!] === 1 ? NOT_AVAILABLE : status)),
    }
  })
  return { name: stay.name, readings }
}

/** The part of a shift that leaves every value of the channel inside its range. */
function within(shift: number, stay: Stay, channel: number, [low, high]: readonly [number, number]): number {
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  for (const reading of stay.readings) {
    const s = reading.channels.indexOf(channel)
    if (s < 0 || reading.statuses[s] !== 0) continue
    smallest = Math.min(smallest, reading.values[s]!)
    largest = Math.max(largest, reading.values[s]!)
  }
  if (smallest > largest) return 0
  return Math.max(Math.min(shift, high - largest), low - smallest)
}

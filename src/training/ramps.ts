import type { ChannelTable } from '../vitals/channels.ts'
import { OK } from '../vitals/reading.ts'
import type { Stay } from './dataset.ts'

/** A change put into a real stay, to see what the thresholds notice. */
export interface Ramp {
  readonly label: string
  readonly channels: readonly string[]
  /** whole change, channel unit */
  readonly by: number
  readonly seconds: number
}

/** Changes that a nurse would want to know of; a fixed limit may see some of them too. */
export const RAMPS: readonly Ramp[] = [
  { label: 'heart rate +40 in 30 s', channels: ['hr', 'pulse'], by: 40, seconds: 30 },
  { label: 'heart rate -30 in 30 s', channels: ['hr', 'pulse'], by: -30, seconds: 30 },
  { label: 'heart rate +30 in 2 min', channels: ['hr', 'pulse'], by: 30, seconds: 120 },
  { label: 'saturation -12 in 1 min', channels: ['spo2'], by: -12, seconds: 60 },
  { label: 'breathing -9 in 1 min', channels: ['resp'], by: -9, seconds: 60 },
  { label: 'breathing +14 in 1 min', channels: ['resp'], by: 14, seconds: 60 },
]

/** The stay with the ramp in it, from its middle on, in whole numbers inside the channels' ranges. */
export function withRamp(stay: Stay, ramp: Ramp, table: ChannelTable): Stay {
  const changed = new Set(ramp.channels.map((name) => table.index.get(name)))
  const from = stay.readings[stay.readings.length >> 1]!.time
  const readings = stay.readings.map((reading) => {
    const done = Math.max(0, Math.min(1, (reading.time - from) / (ramp.seconds * 1000)))
    const values = reading.values.map((value, s) => {
      const channel = reading.channels[s]!
      if (!changed.has(channel) || reading.statuses[s] !== OK) return value
      const [low, high] = table.channels[channel]!.range
      return Math.max(low, Math.min(high, Math.round(value + ramp.by * done)))
    })
    return { ...reading, values }
  })
  return { name: stay.name, readings }
}

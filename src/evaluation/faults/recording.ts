import type { Stay } from '../../training/dataset.ts'
import { framesOf } from '../../training/dataset.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import { OK, type Reading } from '../../vitals/reading.ts'
import { median } from '../quantiles.ts'

/** The channels of the benchmark: C = 4. */
export const CHANNELS = ['hr', 'pulse', 'spo2', 'resp'] as const
export const C = CHANNELS.length

/** One patient's numerics at 1 Hz, as the time grid gives them to every detector. */
export interface Recording {
  readonly name: string
  /** event time of second 0, ms since 1970 */
  readonly start: number
  /** N */
  readonly seconds: number
  /** [N, C] what was observed in that second; NaN where nothing was */
  readonly values: Float64Array
}

/** A stay as a recording: every second from its first frame to its last, whether or not there was a frame. */
export function recordingOf(stay: Stay, table: ChannelTable): Recording {
  const frames = framesOf(stay.readings, table, 1)
  const first = frames.ticks[0] ?? 0
  const seconds = frames.count === 0 ? 0 : frames.ticks[frames.count - 1]! - first + 1
  const values = new Float64Array(seconds * C).fill(Number.NaN)
  const width = table.channels.length
  for (let i = 0; i < frames.count; i++) {
    CHANNELS.forEach((name, c) => {
      const at = i * width + table.index.get(name)!
      if (frames.masks[at] === 1) values[(frames.ticks[i]! - first) * C + c] = frames.values[at]!
    })
  }
  return { name: stay.name, start: first * 1000, seconds, values }
}

/** What the monitor would send of one second of a recording: a whole set; undefined where it has no value at all. */
export function readingAt(
  { start, values }: Pick<Recording, 'start' | 'values'>,
  second: number,
  patientKey: string,
  table: ChannelTable,
): Reading | undefined {
  const channels: number[] = []
  const found: number[] = []
  for (let c = 0; c < C; c++) {
    const value = values[second * C + c]!
    if (Number.isNaN(value)) continue
    channels.push(table.index.get(CHANNELS[c]!)!)
    found.push(value)
  }
  if (channels.length === 0) return undefined
  return {
    kind: 'reading',
    patientKey,
    encounter: undefined,
    unit: undefined,
    bed: undefined,
    time: start + second * 1000,
    mode: 'test',
    complete: true,
    channels,
    values: found,
    statuses: channels.map(() => OK),
    times: undefined,
  }
}

/** seconds without a value of a channel that had one from which it is a drop-out, whoever made it */
export const GAP_SECONDS = 10
const AFTER_GAP = 30

/**
 * [N] 1 where the recording itself has a drop-out, and for 30 s after it. An alarm that starts there on untouched data
 * is neither true nor false, no fault is put there, and the time does not count as watched.
 */
export function ownGaps({ values, seconds }: Pick<Recording, 'values' | 'seconds'>): Uint8Array {
  const marked = new Uint8Array(seconds)
  for (let c = 0; c < C; c++) {
    let last = -1
    for (let i = 0; i <= seconds; i++) {
      if (i < seconds && Number.isNaN(values[i * C + c]!)) continue
      if (last >= 0 && i - last > GAP_SECONDS) marked.fill(1, last + 1, Math.min(seconds, i + AFTER_GAP))
      last = i
    }
  }
  return marked
}

/** 1.4826 times the median absolute deviation of a channel, at least 1: one step of what the monitor prints. */
export function robustSd({ values, seconds }: Pick<Recording, 'values' | 'seconds'>, c: number): number {
  const present: number[] = []
  for (let i = 0; i < seconds; i++) if (!Number.isNaN(values[i * C + c]!)) present.push(values[i * C + c]!)
  const middle = median(present)
  return Math.max(1, 1.4826 * median(present.map((value) => Math.abs(value - middle))) || 0)
}

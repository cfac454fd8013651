/**
 * The faults that `vigil evaluate faults` puts into recordings: kinds, channels, sizes and seeds, fixed before any
 * detector was looked at (the history of this file is the proof). Whoever changes it begins a new benchmark.
 *
 * Sizes of values are in the channel's robust SD of the recording: 1.4826 times the median absolute deviation, at least
 * one step of what the monitor prints. Times are in seconds.
 */
export const FAULT_KINDS = ['spike', 'drift', 'flat-line', 'drop-out', 'swapped', 'decoupled'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** One cell of the grid; every cell is put into every recording once a seed. */
export interface FaultCell {
  readonly kind: FaultKind
  /** the channel it is in, or the two that are swapped */
  readonly channels: readonly string[]
  /** robust SDs for spike, drift and decoupled; seconds for the others */
  readonly size: number
  readonly seconds: number
}

/** each gives every cell another place in the recording, and another sign */
export const FAULT_SEEDS: readonly number[] = [11, 29]
/** first second of a recording at which a fault may begin: detectors have warmed up by then */
export const FIRST_SECOND = 120
/** an alarm counts up to this long after the fault's last second: printed values and persistence rules lag */
export const GRACE_SECONDS = 30

const SIZES = [3, 6, 12]
const ALL = ['hr', 'pulse', 'spo2', 'resp']

const single = (
  kind: FaultKind,
  channels: readonly string[],
  sizes: readonly number[],
  seconds: (size: number) => number,
) =>
  channels.flatMap((channel) =>
    sizes.map((size): FaultCell => ({ kind, channels: [channel], size, seconds: seconds(size) })),
  )

export const FAULT_GRID: readonly FaultCell[] = [
  // a few seconds of a wrong value: what an averaging monitor makes of one wrong beat
  ...single('spike', ALL, SIZES, () => 3),
  // a straight line to the size over 90 s, where it stays for another 60 s
  ...single('drift', ALL, SIZES, () => 150),
  // the last value is printed on; saturation stands still for minutes when all is well, so it is not asked of anyone
  ...single('flat-line', ['hr', 'pulse', 'resp'], [60, 120, 180], (size) => size),
  // no value of the channel at all
  ...single('drop-out', ALL, [30, 60, 120], (size) => size),
  // two cables exchanged; heart rate for pulse is left out, they are the same number
  ...[['hr', 'resp'], ['hr', 'spo2'], ['pulse', 'resp'], ['pulse', 'spo2'], ['spo2', 'resp']].flatMap((channels) =>
    [30, 60].map((size): FaultCell => ({ kind: 'swapped', channels, size, seconds: size })),
  ),
  // one of the two leaves the other within 10 s and goes its own way, with the movements of another part of the recording
  ...single('decoupled', ['hr', 'pulse'], SIZES, () => 90),
] // biome-ignore format: one kind, one entry

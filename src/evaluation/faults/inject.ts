import { random } from '../../random.ts'
import { type FaultCell, FIRST_SECOND, GRACE_SECONDS } from './grid.ts'
import { C, CHANNELS, ownGaps, type Recording, robustSd } from './recording.ts'

/** A recording with one fault in it. */
export interface FaultyRecording extends Recording {
  readonly cell: FaultCell
  /** first second of the fault, and the first after it */
  readonly from: number
  readonly to: number
}

/** hard ranges of the channels, in the order of CHANNELS */
const RANGES = [[0, 350], [0, 350], [0, 100], [0, 120]] as const // biome-ignore format: one line
const DRIFT_RISES = 90
const DECOUPLES = 10

/** A number of its own for every (recording, cell, seed), the same on every machine: FNV-1a. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/**
 * Put one cell of the grid into a recording. Where it begins and its sign are drawn from recording, cell and seed; the
 * sign is turned where the channel's range has no room. Values stay whole and inside the range.
 * @returns undefined when the recording has no place for it
 */
export function inject(recording: Recording, cell: FaultCell, seed: number): FaultyRecording | undefined {
  const { name, seconds } = recording
  const places = placesFor(recording, cell.seconds + GRACE_SECONDS)
  if (places.length === 0) return undefined
  const { uniform } = random(hash(`${name}/${cell.kind}/${cell.channels.join('+')}/${cell.size}/${seed}`))
  const from = places[Math.floor(uniform() * places.length)]!
  const to = from + cell.seconds
  const sign = uniform() < 0.5 ? -1 : 1
  const values = recording.values.slice()
  const [a = 0, b = 0] = cell.channels.map((channel) => CHANNELS.indexOf(channel as (typeof CHANNELS)[number]))
  const at = (second: number, c: number) => second * C + c
  /** the channel moved by `share` of the cell's size at each second of the fault */
  const move = (share: (since: number) => number, base = (second: number) => values[at(second, a)]!) => {
    const by = cell.size * robustSd(recording, a)
    const before = recording.values[at(from, a)]!
    const [low, high] = RANGES[a]!
    const way = before + sign * by < low || before + sign * by > high ? -sign : sign
    for (let second = from; second < to; second++) {
      const moved = Math.round(base(second) + way * by * share(second - from))
      values[at(second, a)] = Math.max(low, Math.min(high, moved))
    }
  }
  switch (cell.kind) {
    case 'spike':
      move(() => 1)
      break
    case 'drift':
      move((since) => Math.min(1, (since + 1) / DRIFT_RISES))
      break
    case 'decoupled': {
      // the movements of half a recording away, around the value it had
      const away = Math.floor(seconds / 2)
      const origin = (from + away) % seconds
      const level = recording.values[at(from, a)]! - recording.values[at(origin, a)]!
      const foreign = (second: number) => level + recording.values[at((second + away) % seconds, a)]!
      move((since) => Math.min(1, (since + 1) / DECOUPLES), foreign)
      break
    }
    case 'flat-line': {
      let held = Number.NaN
      for (let second = from; Number.isNaN(held) && second >= 0; second--) held = recording.values[at(second, a)]!
      for (let second = from; second < to; second++) values[at(second, a)] = held
      break
    }
    case 'drop-out':
      for (let second = from; second < to; second++) values[at(second, a)] = Number.NaN
      break
    case 'swapped':
      for (let second = from; second < to; second++) {
        values[at(second, a)] = clipped(recording.values[at(second, b)]!, a)
        values[at(second, b)] = clipped(recording.values[at(second, a)]!, b)
      }
      break
  }
  return { ...recording, values, cell, from, to }
}

/** Seconds at which something of a length may begin: nothing of it meets a drop-out of the recording itself. */
function placesFor(recording: Recording, length: number): number[] {
  const gaps = ownGaps(recording)
  const places: number[] = []
  let clear = 0
  for (let end = FIRST_SECOND; end < recording.seconds; end++) {
    clear = gaps[end] === 1 ? 0 : clear + 1
    if (clear >= length) places.push(end - length + 1)
  }
  return places
}

/** A value outside its channel's range never reaches a frame: a cable in the wrong socket may print nothing. */
function clipped(value: number, c: number): number {
  const [low, high] = RANGES[c]!
  return value < low || value > high ? Number.NaN : value
}

/** Every cell of a grid in every recording, once a seed. */
export function injectAll(
  recordings: readonly Recording[],
  grid: readonly FaultCell[],
  seeds: readonly number[],
): FaultyRecording[] {
  return recordings.flatMap((recording) =>
    grid.flatMap((cell) => seeds.flatMap((seed) => inject(recording, cell, seed) ?? [])),
  )
}

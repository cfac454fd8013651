/** Hours in the unit between which something holds: [from, to), rising. */
export type HourRanges = readonly (readonly [from: number, to: number])[]

/** Edges of the clock's bins, hours in the unit: single hours, then wider as fewer patients are left. */
const EDGES = [...steps(1, 24, 1), ...steps(24, 72, 4), ...steps(72, 168, 12), 168]

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: (to - from) / by }, (_, i) => from + i * by)
}

/** What the clock alone would do: the bins in which alarming every patient earns more than silence. */
export class ClockBaseline {
  readonly #gain = new Float64Array(EDGES.length)

  /** @param hours [rows] hours in the unit @param gain [rows] what an alarm earns above silence, at whatever weight */
  add(hours: ArrayLike<number>, gain: ArrayLike<number>): void {
    for (let i = 0; i < gain.length; i++) this.#gain[binOf(hours[i]!)]! += gain[i]!
  }

  /** neighbouring bins joined */
  ranges(): HourRanges {
    const ranges: [number, number][] = []
    this.#gain.forEach((gain, bin) => {
      if (gain <= 0) return
      const [from, to] = [EDGES[bin]!, EDGES[bin + 1] ?? LAST_HOUR]
      const before = ranges.at(-1)
      if (before !== undefined && before[1] === from) before[1] = to
      else ranges.push([from, to])
    })
    return ranges
  }
}

/** beyond any stay */
const LAST_HOUR = 1_000_000

function binOf(hour: number): number {
  let bin = 0
  while (bin + 1 < EDGES.length && hour >= EDGES[bin + 1]!) bin++
  return bin
}

/** [rows] whether the clock alone alarms. */
export function firesAt(ranges: HourRanges, hours: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(hours, (hour) => (ranges.some(([from, to]) => hour >= from && hour < to) ? 1 : 0))
}

import type { FramedStay } from '../dataset.ts'

/** A window of W frames as a translator meets it. */
export interface Window {
  /** [W] of [2C]: values (normalised, the last one where none came), then masks */
  readonly x: readonly Float64Array[]
  /** [W] of [C] values that were observed, NaN elsewhere */
  readonly wanted: readonly Float64Array[]
}

/**
 * Windows of consecutive frames of a stay, oldest first.
 * @param length W
 * @param stride frames from one window to the next
 */
export function windowsOf({ x, frames }: FramedStay, channels: number, length: number, stride: number): Window[] {
  const features = x.length / frames.count
  const rows = Array.from({ length: frames.count }, (_, i) =>
    Float64Array.from(x.subarray(i * features, i * features + 2 * channels)),
  )
  const observed = rows.map((row) =>
    Float64Array.from({ length: channels }, (_, c) => (row[channels + c] === 1 ? row[c]! : Number.NaN)),
  )
  const windows: Window[] = []
  for (let end = length; end <= frames.count; end += stride) {
    windows.push({ x: rows.slice(end - length, end), wanted: observed.slice(end - length, end) })
  }
  return windows
}

/** How many values of a window were observed. */
export function observedIn({ wanted }: Window): number {
  let count = 0
  for (const row of wanted) for (const value of row) if (!Number.isNaN(value)) count++
  return count
}

import { median } from './quantiles.ts'

/** How the printed values of one channel behave in one recording: what a simulated monitor is held to. */
export interface NumericStatistics {
  /** values there are, and ticks looked at */
  readonly values: number
  readonly ticks: number
  /** share of ticks without a value, between the first value and the last */
  readonly missing: number
  /** runs of ticks without a value, an hour, and how long the middle one is, ticks */
  readonly gapsPerHour: number
  readonly gapTicks: number
  /** share of values that repeat the one of the tick before */
  readonly repeats: number
  /** mean size of a change, where there is one */
  readonly step: number
  /** 1.4826 times the median absolute deviation */
  readonly robustSd: number
  /** standard deviation of the change over a minute */
  readonly minuteSd: number
  /** longest run of one value, ticks */
  readonly longestRun: number
}

/**
 * @param series one value a tick, NaN where there is none
 * @param cadenceSeconds length of a tick
 */
export function numericStatistics(series: ArrayLike<number>, cadenceSeconds: number): NumericStatistics {
  let first = 0
  let last = series.length - 1
  while (first <= last && Number.isNaN(series[first]!)) first++
  while (last >= first && Number.isNaN(series[last]!)) last--
  const lag = Math.max(1, Math.round(60 / cadenceSeconds))
  const present: number[] = []
  const gaps: number[] = []
  let [missing, pairs, repeated, moves, moved, run, longestRun, gap] = [0, 0, 0, 0, 0, 0, 0, 0]
  let [minutes, minuteSum, minuteSquares] = [0, 0, 0]
  for (let i = first; i <= last; i++) {
    const value = series[i]!
    if (Number.isNaN(value)) {
      missing++
      gap++
      run = 0
      continue
    }
    if (gap > 0) gaps.push(gap)
    gap = 0
    const before = i > first ? series[i - 1]! : Number.NaN
    run = value === before ? run + 1 : 1
    longestRun = Math.max(longestRun, run)
    if (!Number.isNaN(before)) {
      pairs++
      if (value === before) repeated++
      else {
        moves++
        moved += Math.abs(value - before)
      }
    }
    const ago = i - lag >= first ? series[i - lag]! : Number.NaN
    if (!Number.isNaN(ago)) {
      minutes++
      minuteSum += value - ago
      minuteSquares += (value - ago) ** 2
    }
    present.push(value)
  }
  const ticks = Math.max(0, last - first + 1)
  const middle = median(present)
  const mean = minuteSum / minutes
  return {
    values: present.length,
    ticks,
    missing: ticks === 0 ? 0 : missing / ticks,
    gapsPerHour: ticks === 0 ? 0 : gaps.length / ((ticks * cadenceSeconds) / 3600),
    gapTicks: median(gaps),
    repeats: repeated / pairs,
    step: moves === 0 ? 0 : moved / moves,
    robustSd: 1.4826 * median(present.map((value) => Math.abs(value - middle))),
    minuteSd: Math.sqrt(Math.max(0, minuteSquares / minutes - mean * mean)),
    longestRun,
  }
}

/**
 * Pearson's correlation of two series where both have a value, `b` taken `lag` ticks later.
 * @returns NaN when one of them does not move
 */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>, lag = 0): number {
  let [n, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0]
  for (let i = Math.max(0, -lag); i < Math.min(a.length, b.length - lag); i++) {
    const x = a[i]!
    const y = b[i + lag]!
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    n++
    sa += x
    sb += y
    saa += x * x
    sbb += y * y
    sab += x * y
  }
  const spread = Math.sqrt((saa - (sa * sa) / n) * (sbb - (sb * sb) / n))
  return spread > 1e-9 ? (sab - (sa * sb) / n) / spread : Number.NaN
}

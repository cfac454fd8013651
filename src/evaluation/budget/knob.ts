/** One threshold being looked for: the larger its logarithm, the more alarms. */
export interface Knob {
  /** log10 of what may come out: strictest, loosest */
  readonly bounds: readonly [number, number]
  /** between these it lies, as far as is known */
  readonly bracket: readonly [number, number]
  /** to be tried next */
  readonly log: number
  readonly tried: readonly Point[]
  /** of ln rate over ln threshold: what it is taken for while nothing was tried, and between what it may be */
  readonly slope: Slope
}

/** How steep the rate is in the threshold. */
export interface Slope {
  readonly start: number
  readonly flattest: number
  readonly steepest: number
}

/** What was tried: log10 of the threshold, and ln of the alarms over those wanted. */
export interface Point {
  readonly log: number
  readonly off: number
}

/** a bracket this narrow is not halved any more; one this wide is not believed at once */
const NARROW = 0.02
const LEAP = 4

export function knob(strictest: number, loosest: number, log: number, slope: Slope): Knob {
  const bounds = [strictest, loosest] as const
  return { bounds, bracket: bounds, log: Math.min(loosest, Math.max(strictest, log)), tried: [], slope }
}

/** The knob after a try at its `log`: where the slope of what was tried points, or the middle of the bracket. */
export function turned(before: Knob, off: number): Knob {
  const { bounds, log, slope } = before
  const tried = [...before.tried, { log, off }]
  const [least, most] = before.bracket
  const [low, high] = off > 0 ? [least, Math.min(most, log)] : [Math.max(least, log), most]
  const guess = log - off / slopeOf(tried, slope) / Math.LN10
  const inside = guess > low && guess < high
  const next = inside ? guess : (Math.max(low, log - LEAP) + Math.min(high, log + LEAP)) / 2
  return { bounds, bracket: [low, high], log: next, tried, slope }
}

/** Nothing is gained by another try: the last one was near, the bracket is narrow, or it is as loose or strict as may be. */
export function settled({ bracket: [low, high], tried }: Knob, near: number): boolean {
  return tried.length > 0 && (Math.abs(nearest(tried).off) <= near || high - low < NARROW)
}

/** The same knob before other recordings: it begins where it came nearest, and of what was tried it keeps the slope. */
export function carried({ bounds, tried, log, slope }: Knob): Knob {
  const from = tried.length === 0 ? log : nearest(tried).log
  return { bounds, bracket: bounds, log: from, tried: [], slope: { ...slope, start: slopeOf(tried, slope) } }
}

export const nearest = <T extends Point>(points: readonly T[]): T =>
  points.reduce((best, it) => (Math.abs(it.off) < Math.abs(best.off) ? it : best))

/** Between the nearest try above what is wanted and the nearest below it: log10 of the threshold, and ln of how far off. */
export function between(tried: readonly Point[], near: number): Point {
  const best = nearest(tried)
  const [above, below] = [tried.filter(({ off }) => off > 0), tried.filter(({ off }) => off <= 0)]
  if (above.length === 0 || below.length === 0 || Math.abs(best.off) <= near) return best
  const [high, low] = [nearest(above), nearest(below)]
  const share = high.off / (high.off - low.off)
  return { log: high.log + share * (low.log - high.log), off: 0 }
}

/** Slope of the points nearest to what is wanted, by least squares; thresholds in ln. */
function slopeOf(points: readonly Point[], { start, flattest, steepest }: Slope): number {
  const near = points.toSorted((a, b) => Math.abs(a.off) - Math.abs(b.off)).slice(0, 3)
  const mean = (of: (point: Point) => number) => near.reduce((sum, it) => sum + of(it), 0) / near.length
  const [x, y] = [mean((it) => it.log * Math.LN10), mean((it) => it.off)]
  const spread = mean((it) => (it.log * Math.LN10 - x) ** 2)
  if (!(spread >= 1e-9)) return start
  const slope = mean((it) => (it.log * Math.LN10 - x) * (it.off - y)) / spread
  return Math.min(steepest, Math.max(flattest, slope))
}

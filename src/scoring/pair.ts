/**
 * Heart rate by ECG and by oximeter: two counts of one heart. They differ for seconds whenever one is wrong or averages for longer,
 * and for good where not every beat reaches the finger. Told as a mismatch is what is neither. Figures: `docs/detection.md`.
 */

/** time constants, s: of the difference, in which wrong counts of seconds vanish; of what is usual of it and of either */
const DIFFERENCE = 25
const USUAL = 180
/** usual difference before it is known, /min, and its weight in observations */
const PRIOR = 1
const PRIOR_WEIGHT = 60
/**
 * a mean difference this many of its own standard deviations out is a mismatch; from FREEZE on it is hardly learnt from, so that one
 * that grows slowly does not become usual meanwhile, and enters its own spread as so many standard deviations
 */
const MISMATCH_AT = 4.5
const FREEZE_AT = 2.5
const HARDLY = 0.1
/**
 * one second enters the mean with at most so many of them. However far apart the two are, they must be for 25 ln(7 / (7 - 4.5)) = 26 s,
 * longer than oximeters average (Masimo 2 to 16 s, Nellcor 5 to 7: manuals of Mindray DPM 4, GE CARESCAPE ONE, Atom Incu Arch)
 */
const SECOND_MOST = 7
/** one has moved by so many /min at least, and the other the same way by this share of it: that was the heart */
const MOVED = 6
const FOLLOWED = 1 / 3

/** row of the pair; times in ticks */
const DIFF = 0 // running mean of the difference; NaN before the first
const OFFSET = 1 // what is usual of it
const SPREAD = 2 // its variance
const PAIRS = 3 // observations of it
const APART = 4 // tick since which it is a mismatch; NaN = it is none
const ONE = 5 // running mean of the one while both were there; NaN before the first ...
const OTHER = 6 // ... and of the other
export const PAIR_FIELDS = 7

/** Forget the pair. */
export function resetPair(state: Float64Array, at: number): void {
  state.fill(0, at, at + PAIR_FIELDS)
  state[at + DIFF] = Number.NaN
  for (const field of [APART, ONE, OTHER]) state[at + field] = Number.NaN
}

/** Tick since which the two are a mismatch; NaN when they are none. */
export const apartSince = (state: Float64Array, at: number): number => state[at + APART]!

/** One of them is not there: nobody knows. */
export function partPair(state: Float64Array, at: number): void {
  state[at + APART] = Number.NaN
}

/**
 * Take one tick's two counts, by what is usual of this patient. Where one has moved and the other has followed, the difference that
 * stays is the heart's, and usual from now on.
 * @param one /min, as the other
 * @returns whether they are a mismatch
 */
export function watchPair(
  state: Float64Array,
  at: number,
  tick: number,
  cadenceSeconds: number,
  one: number,
  other: number,
): boolean {
  const count = Math.min(state[at + PAIRS]!, USUAL)
  const variance = (state[at + SPREAD]! * count + PRIOR * PRIOR * PRIOR_WEIGHT) / (count + PRIOR_WEIGHT)
  const most = SECOND_MOST * Math.sqrt(variance)
  const usual = state[at + OFFSET]!
  const now = usual + Math.max(-most, Math.min(most, one - other - usual))
  const diff = state[at + DIFF]!
  const share = Math.min(1, cadenceSeconds / DIFFERENCE)
  state[at + DIFF] = Number.isNaN(diff) ? now : diff + (now - diff) * share
  const off = state[at + DIFF]! - usual
  const z = Math.abs(off) / Math.sqrt(variance)
  const learnt = z < FREEZE_AT || count < PRIOR_WEIGHT ? 1 : HARDLY
  const next = Math.min(++state[at + PAIRS]!, USUAL)
  const squared = Math.min(off * off, FREEZE_AT * FREEZE_AT * variance)
  const together = followed(away(state, at + ONE, cadenceSeconds, one), away(state, at + OTHER, cadenceSeconds, other))
  state[at + OFFSET]! += together ? off * share : (learnt * Math.max(-1, Math.min(1, off))) / USUAL
  state[at + SPREAD]! += (learnt * (squared - state[at + SPREAD]!)) / next
  const apart = z >= MISMATCH_AT && count >= PRIOR_WEIGHT && !together
  if (!apart) state[at + APART] = Number.NaN
  else if (Number.isNaN(state[at + APART]!)) state[at + APART] = tick
  return apart
}

/** Take a count into its running mean; how far it is from there, /min. */
function away(state: Float64Array, at: number, cadenceSeconds: number, value: number): number {
  const mean = state[at]!
  state[at] = Number.isNaN(mean) ? value : mean + (value - mean) * Math.min(1, cadenceSeconds / USUAL)
  return value - state[at]!
}

/** whether both have moved the same way, the one by as good a share as the other */
function followed(one: number, other: number): boolean {
  const oneLess = Math.abs(one) < Math.abs(other)
  const less = oneLess ? one : other
  const more = oneLess ? other : one
  return Math.abs(more) >= MOVED && less / more >= FOLLOWED
}

import type { Tallied } from '../vitals/tallied.ts'

/** Within what a champion that was just promoted must stay. */
export interface Band {
  /** episodes that begin, times those of the former champion over the same frames */
  readonly onsetFactor: number
  /** share of the forecasts with a value that is no finite number */
  readonly broken: number
  /** seconds of a step in the mean */
  readonly stepSeconds: number
}

/** Standard deviations that an excess of episodes must be beyond chance; and one more of the former's, for it may have none. */
const BEYOND = 3
const PRIOR = 1
/** Fewer forecasts or steps say nothing. */
const FORECASTS = 100
const STEPS = 30
/** A machine that is slow is so for both: the former champion's mean step must be so many times shorter. */
const SLOWER = 2

/**
 * Why a champion is out of its band, in words without identities; undefined while it is not. Both saw the same frames.
 * @param former what the former champion did beside it
 */
export function outOfBand(champion: Tallied, former: Tallied, band: Band): string | undefined {
  if (champion.forecasts >= FORECASTS && champion.broken > band.broken * champion.forecasts)
    return `${champion.broken} of ${champion.forecasts} forecasts are no finite numbers`
  // of two Poisson counts: champion - factor * former has the variance champion + factor^2 * former
  const others = former.onsets + PRIOR
  const excess = champion.onsets - band.onsetFactor * others
  if (excess > BEYOND * Math.sqrt(champion.onsets + band.onsetFactor ** 2 * others))
    return `${champion.onsets} episodes began, of the former champion ${former.onsets}`
  const [mean, before] = [champion.stepSeconds / champion.steps, former.stepSeconds / former.steps]
  if (champion.steps >= STEPS && mean > band.stepSeconds && !(before * SLOWER > mean))
    return `a step takes ${mean.toFixed(3)} s, of the former champion ${before.toFixed(3)} s`
  return undefined
}

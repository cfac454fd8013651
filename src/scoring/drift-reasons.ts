import type { DriftFigure, DriftReason } from '../vitals/tallied.ts'
import type { ModelDrift } from './model-drift.ts'
import { ENOUGH, MAJOR } from './stability.ts'

/** A channel that is missing in so much more of the frames than when the model was made is another input. */
const MISSING_MORE = 0.2
/** Residuals that the transform makes standard normal, when a model is calibrated: how far they may be off. */
const PIT_MEAN = 0.5
const PIT_SD = 1.5
/** Ticks below the threshold, times those of when the model was made; and in one tick of a thousand at least. */
const EXCEEDANCE_FACTOR = 3
const EXCEEDANCE_LEAST = 0.001

/** A model's drift as numbers for the metrics. @param horizons seconds of each */
export function driftFigures(drift: ModelDrift, horizons: readonly number[]): DriftFigure[] {
  const figures: DriftFigure[] = []
  const add = (figure: DriftFigure['figure'], of: string, value: number | undefined) => {
    if (value !== undefined && !Number.isNaN(value)) figures.push({ figure, of, value })
  }
  for (const { channel, stability, missing, missingThen, pit } of drift.channels) {
    add('stability', channel, stability)
    add('missing', channel, missing)
    add('missing-then', channel, missingThen)
    add('pit-mean', channel, pit?.mean)
    add('pit-sd', channel, pit?.sd)
    add('pit-distance', channel, pit?.distance)
  }
  add('stability', 'score', drift.scoreStability)
  horizons.forEach((seconds, k) => {
    add('exceedance', `${seconds}s`, drift.exceedance[k])
    add('exceedance-then', `${seconds}s`, drift.exceedanceThen?.[k])
  })
  return figures
}

/** Why a model is no longer what it was made for; none below `ENOUGH` frames. */
export function driftReasons(figures: readonly DriftFigure[], frames: number): DriftReason[] {
  if (frames < ENOUGH) return []
  const value = (figure: DriftFigure['figure'], of: string) =>
    figures.find((it) => it.figure === figure && it.of === of)?.value
  return figures.flatMap(({ figure, of, value: now }): DriftReason[] => {
    switch (figure) {
      case 'stability':
        return now > MAJOR ? [{ figure, of, value: now, limit: MAJOR }] : []
      case 'missing': {
        const limit = (value('missing-then', of) ?? Number.POSITIVE_INFINITY) + MISSING_MORE
        return now > limit ? [{ figure, of, value: now, limit }] : []
      }
      case 'pit-mean':
        return Math.abs(now) > PIT_MEAN ? [{ figure, of, value: now, limit: PIT_MEAN }] : []
      case 'pit-sd':
        return now > PIT_SD ? [{ figure, of, value: now, limit: PIT_SD }] : []
      case 'exceedance': {
        const then = value('exceedance-then', of)
        const limit = Math.max(EXCEEDANCE_LEAST, EXCEEDANCE_FACTOR * (then ?? Number.POSITIVE_INFINITY))
        return now > limit ? [{ figure, of, value: now, limit }] : []
      }
      default:
        return []
    }
  })
}

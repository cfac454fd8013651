import type { VersionTelemetry } from '../stream/ports.ts'
import { AGREEMENTS, QUANTILES, SCORE_BUCKETS, type Tallied } from '../vitals/tallied.ts'
import type { METRICS } from './table.ts'

export type Labels = Readonly<Record<string, string>>
export type Write = (labels: Labels, value: number) => void

/** Frames after which the older half of those behind the quantiles is forgotten: an hour of 20 beds. */
const FORGET_FRAMES = 72_000

/** The metrics of model versions: the same for the champion and, with `_shadow` in their names, for the one beside it. */
export function versionMetrics(write: Readonly<Record<keyof typeof METRICS, Write>>): VersionTelemetry {
  /** detector, version, role -> frames by their score */
  const scores = new Map<string, number[]>()
  return {
    counted({ detector, version }, role, counts) {
      if (counts.frames === 0 && counts.forecasts === 0) return
      const of = role === 'shadow' ? SHADOW : CHAMPION
      const labels = { detector, version }
      write[of.frames](labels, counts.frames)
      write[of.onsets](labels, counts.onsets)
      write[of.raised](labels, counts.raised)
      write[of.broken](labels, counts.broken)
      write[of.stepSeconds](labels, counts.stepSeconds)
      if (role === 'shadow')
        for (const said of AGREEMENTS) write.agreementShadow({ ...labels, said }, counts.beside[said])
      const key = `${detector} ${version} ${role}`
      const known = added(scores.get(key), counts)
      scores.set(key, known)
      for (const quantile of QUANTILES) write[of.score]({ ...labels, quantile }, quantileOf(known, Number(quantile)))
    },
    drifted({ detector, version }, figures, reasons) {
      for (const { figure, of, value } of figures) write.modelDrift({ detector, version, figure, of }, value)
      write.driftReasons({ detector, version }, reasons)
    },
    ordered: (action, outcome) => write.modelOrders({ action, outcome }, 1),
    promoted: (detector, way) => write.promotions({ detector, way }, 1),
    warmed(seconds, readings) {
      write.warmUpSeconds({}, seconds)
      write.warmUpReadings({}, readings)
    },
  }
}

const CHAMPION = {
  frames: 'versionFrames',
  onsets: 'versionOnsets',
  raised: 'versionRaised',
  broken: 'versionBroken',
  stepSeconds: 'versionStepSeconds',
  score: 'score',
} as const
const SHADOW = {
  frames: 'framesShadow',
  onsets: 'onsetsShadow',
  raised: 'raisedShadow',
  broken: 'brokenShadow',
  stepSeconds: 'stepSecondsShadow',
  score: 'scoreShadow',
} as const

function added(before: readonly number[] = [], { scores }: Tallied): number[] {
  const sum = before.reduce((total, count) => total + count, 0)
  const kept = sum > FORGET_FRAMES ? 0.5 : 1
  return scores.map((count, i) => count + kept * (before[i] ?? 0))
}

/** A quantile of scores that were counted in buckets, within its bucket by straight line; NaN of none. */
export function quantileOf(counts: readonly number[], q: number): number {
  const wanted = q * counts.reduce((total, count) => total + count, 0)
  let below = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]!
    if (count > 0 && below + count >= wanted) {
      const low = bucket === 0 ? 0 : SCORE_BUCKETS[bucket - 1]!
      const high = SCORE_BUCKETS[bucket] ?? low
      return low + ((high - low) * (wanted - below)) / count
    }
    below += count
  }
  return Number.NaN
}

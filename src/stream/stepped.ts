import type { VigilError } from '../errors.ts'
import type { FrameColumns } from '../vitals/frame.ts'
import type { Detector } from './detector.ts'
import type { Slower } from './lane.ts'
import type { OpinionDetector } from './opinion-detector.ts'
import type { Hours, RiskDetector } from './risk-detector.ts'
import type { Versions } from './versions.ts'

/** What the lanes made of a round, and how long each took, s. */
export interface Stepped {
  readonly forecasts: readonly {
    readonly detector: Detector
    /** [count * forecastSize], or why there is none */
    readonly forecast: Float32Array | VigilError
    readonly seconds: number
  }[]
  /** only of those hourly models and reconstructors that stepped anybody, or failed somebody */
  readonly slower: readonly { readonly lane: Slower; readonly hours: Hours; readonly seconds: number }[]
}

/** Have every lane step a round. @param trusted the round as forecasters and reconstructors may take it */
export async function stepped(
  versions: Versions,
  risks: readonly RiskDetector[],
  opinions: readonly OpinionDetector[],
  round: FrameColumns,
  trusted: FrameColumns,
): Promise<Stepped> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const forecasts = [...versions.all].map(async (detector) => {
    const forecast = await detector.step(trusted)
    detector.tally.stepped(seconds())
    return { detector, forecast, seconds: seconds() }
  })
  const step = async (lane: Slower, hours: Promise<Hours>) => ({ lane, hours: await hours, seconds: seconds() })
  const slower = [...risks.map((it) => step(it, it.step(round))), ...opinions.map((it) => step(it, it.step(trusted)))]
  const [made, hours] = await Promise.all([Promise.all(forecasts), Promise.all(slower)])
  return { forecasts: made, slower: hours.filter(({ hours }) => hours.rows > 0 || hours.failure !== undefined) }
}

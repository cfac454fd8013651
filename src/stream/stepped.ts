import type { FrameColumns } from '../vitals/frame.ts'
import type { Detector } from './detector.ts'
import type { Forecasts } from './forecasts.ts'
import type { Slower } from './lane.ts'
import type { OpinionDetector } from './opinion-detector.ts'
import type { Hours, RiskDetector } from './risk-detector.ts'

/** What a forecaster made of a round, and how long it took, s: what was asked of its engine before included. */
export interface Forecast {
  readonly detector: Detector
  readonly made: Forecasts
  readonly seconds: number
}

/** What an hourly model or a reconstructor made of it. */
export interface SlowerStep {
  readonly lane: Slower
  readonly hours: Hours
  readonly seconds: number
}

/** What the lanes made of a round. */
export interface Stepped {
  readonly forecasts: readonly Forecast[]
  /** only of those that stepped anybody, or failed somebody */
  readonly slower: readonly SlowerStep[]
}

/** A round whose forecasters step. */
export interface Begun {
  readonly round: FrameColumns
  /** without what the sensors set aside */
  readonly trusted: FrameColumns
  readonly forecasts: Promise<readonly Forecast[]>
}

/** Have every forecaster step a round. */
export function forecast(detectors: Iterable<Detector>, trusted: FrameColumns): Promise<readonly Forecast[]> {
  const seconds = stopwatch()
  const step = async (detector: Detector) => {
    const made = await detector.step(trusted)
    detector.tally.stepped(seconds())
    return { detector, made, seconds: seconds() }
  }
  return Promise.all(Array.from(detectors, step))
}

/** A round that began while one was stepped of which not every forecast is a number; that one is settled. */
export function again({ round, trusted, forecasts }: Begun): Begun {
  const step = async (it: Forecast) => ({ ...it, made: await it.detector.again(trusted, it.made) })
  return { round, trusted, forecasts: forecasts.then((made) => Promise.all(made.map(step))) }
}

/**
 * Have the hourly models and the reconstructors take a round.
 * @param trusted the round as reconstructors may take it
 */
export async function stepSlower(
  risks: readonly RiskDetector[],
  opinions: readonly OpinionDetector[],
  round: FrameColumns,
  trusted: FrameColumns,
): Promise<readonly SlowerStep[]> {
  const seconds = stopwatch()
  const step = async (lane: Slower, hours: Promise<Hours>) => ({ lane, hours: await hours, seconds: seconds() })
  const steps = [...risks.map((it) => step(it, it.step(round))), ...opinions.map((it) => step(it, it.step(trusted)))]
  return (await Promise.all(steps)).filter(({ hours }) => hours.rows > 0 || hours.failure !== undefined)
}

function stopwatch(): () => number {
  const began = performance.now()
  return () => (performance.now() - began) / 1000
}

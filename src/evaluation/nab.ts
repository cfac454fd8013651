import { differenceOf, type Interval, middleOf, patientDraws } from './metrics/bootstrap.ts'
import type { NabCorpus, NabSeries } from './nab-corpus.ts'
import { NAB_THRESHOLD, refractoryRows } from './nab-detector.ts'
import { NabNetwork } from './nab-network.ts'
import { NAB_PROFILES, type NabProfileName, normalisedScore, probationRows, rawScore } from './nab-score.ts'
import { nabScores } from './nab-series.ts'
import { SERIES_BASELINES } from './series-baselines.ts'

export type NabFigures = Readonly<Record<NabProfileName, number>>

export interface NabResult {
  /** [series][N] anomaly scores in 0..1 */
  readonly scores: readonly Float64Array[]
  /** undefined where nothing is labelled */
  readonly figures: NabFigures | undefined
  /** 95 % of the standard profile, series drawn with replacement; undefined where nothing is labelled */
  readonly interval: Interval | undefined
  /** standard profile */
  readonly baselines: Readonly<Record<string, number>>
  /** ours less theirs, standard profile, the same series drawn, 95 % */
  readonly above: Readonly<Record<string, Interval>>
}

/** Score every series by itself, then hold the alarms against the labels. */
export async function evaluateNab({ series }: NabCorpus, told: (line: string) => void): Promise<NabResult> {
  const network = await NabNetwork.open()
  const scores: Float64Array[] = []
  try {
    for (const each of series) {
      scores.push(await nabScores(each, network))
      told(`${scores.length} of ${series.length} series`)
    }
  } finally {
    await network.close()
  }
  const judged = series.flatMap((each, s) => (each.windows === undefined ? [] : [{ series: each, scores: scores[s]! }]))
  if (judged.every((each) => each.series.windows!.length === 0))
    return { scores, figures: undefined, interval: undefined, baselines: {}, above: {} }
  const ours = standardDraws(judged, (of) => rowsAt(of, NAB_THRESHOLD))
  const theirs = await baselines(judged)
  return {
    scores,
    figures: nabFigures(judged, NAB_THRESHOLD),
    interval: middleOf(ours),
    baselines: Object.fromEntries(theirs.map(({ name, score }) => [name, score])),
    above: Object.fromEntries(theirs.map(({ name, draws }) => [name, differenceOf(ours, draws)])),
  }
}

/** One series with scores, and windows. */
export interface Judged {
  readonly series: NabSeries
  readonly scores: Float64Array
}

/** All three profiles at one threshold for all series. */
export function nabFigures(judged: readonly Judged[], threshold: number): NabFigures {
  const of = (profile: NabProfileName) => standing(judged, profile, (scores) => rowsAt(scores, threshold))
  return { standard: of('standard'), rewardLowFP: of('rewardLowFP'), rewardLowFN: of('rewardLowFN') }
}

/** Rows with an alarm, of a series' scores. */
type AlarmsOf = (scores: Float64Array, probation: number) => Iterable<number>

function standing(judged: readonly Judged[], profile: NabProfileName, alarmsOf: AlarmsOf): number {
  const [raw, windows] = rawBySeries(judged, profile, alarmsOf)
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0)
  return normalisedScore(total(raw), total(windows), NAB_PROFILES[profile])
}

/** [series] raw score and number of windows. */
function rawBySeries(
  judged: readonly Judged[],
  profile: NabProfileName,
  alarmsOf: AlarmsOf,
): [raw: Float64Array, windows: Float64Array] {
  const raw = Float64Array.from(judged, ({ series, scores }) =>
    rawScore(scores.length, series.windows!, alarmsOf(scores, probationRows(scores.length)), NAB_PROFILES[profile]),
  )
  return [raw, Float64Array.from(judged, ({ series }) => series.windows!.length)]
}

/** [repeats] standard profile of series drawn with replacement. */
function standardDraws(judged: readonly Judged[], alarmsOf: AlarmsOf): Float64Array {
  const [raw, windows] = rawBySeries(judged, 'standard', alarmsOf)
  return patientDraws(judged.length, (times) => {
    let [earned, there] = [0, 0]
    times.forEach((time, s) => {
      earned += time * raw[s]!
      there += time * windows[s]!
    })
    return there === 0 ? Number.NaN : normalisedScore(earned, there, NAB_PROFILES.standard)
  })
}

export function rowsAt(scores: Float64Array, threshold: number): number[] {
  const rows: number[] = []
  scores.forEach((score, row) => {
    if (score >= threshold) rows.push(row)
  })
  return rows
}

const CLOCK_ROWS = 600
/** alarms before the refractory time that a baseline's threshold may give over the corpus, to choose from */
const CANDIDATES = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400]

/**
 * Baselines, standard profile. Each gets our refractory time and, of some thresholds, the best one on the very labels it
 * is then judged by: better than it could know.
 */
async function baselines(
  judged: readonly Judged[],
): Promise<{ readonly name: string; readonly score: number; readonly draws: Float64Array }[]> {
  const of = (name: string, theirs: readonly Judged[], alarms: AlarmsOf) => ({
    name,
    score: standing(theirs, 'standard', alarms),
    draws: standardDraws(theirs, alarms),
  })
  const figures = [of(`clock, every ${CLOCK_ROWS} rows`, judged, everySoOften)]
  for (const [name, baseline] of Object.entries(SERIES_BASELINES)) {
    const theirs = judged.map(({ series }) => ({
      series,
      scores: baseline(series.values, probationRows(series.values.length)),
    }))
    const tried = thresholds(theirs).map((threshold) => of(name, theirs, spaced(threshold)))
    figures.push(tried.reduce((best, it) => (it.score > best.score ? it : best)))
  }
  const alone: Judged[] = []
  for (const { series } of judged) alone.push({ series, scores: await nabScores(series, undefined) })
  figures.push(of('our pipeline without a network', alone, (scores) => rowsAt(scores, NAB_THRESHOLD)))
  return figures
}

function* everySoOften(scores: Float64Array, probation: number): Generator<number> {
  for (let row = probation; row < scores.length; row += CLOCK_ROWS) yield row
}

/** Alarms of a plain score: at the threshold or above, and none for a while after each. */
function spaced(threshold: number): AlarmsOf {
  return (scores, probation) => {
    const alarms: number[] = []
    for (let row = probation; row < scores.length; row++) {
      const last = alarms.at(-1) ?? Number.NEGATIVE_INFINITY
      if (scores[row]! >= threshold && row - last > refractoryRows(probation)) alarms.push(row)
    }
    return alarms
  }
}

function thresholds(judged: readonly Judged[]): number[] {
  const all = judged.flatMap(({ scores }) => Array.from(scores.subarray(probationRows(scores.length))))
  const falling = Float64Array.from(all).sort().reverse()
  return CANDIDATES.filter((count) => count < falling.length).map((count) => falling[count]!)
}

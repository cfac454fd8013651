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
  /** standard profile */
  readonly baselines: Readonly<Record<string, number>>
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
  if (judged.every((each) => each.series.windows!.length === 0)) return { scores, figures: undefined, baselines: {} }
  return { scores, figures: nabFigures(judged, NAB_THRESHOLD), baselines: await baselines(judged) }
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

function standing(
  judged: readonly Judged[],
  profile: NabProfileName,
  alarmsOf: (scores: Float64Array, probation: number) => Iterable<number>,
): number {
  let [raw, windows] = [0, 0]
  for (const { series, scores } of judged) {
    const alarms = alarmsOf(scores, probationRows(scores.length))
    raw += rawScore(scores.length, series.windows!, alarms, NAB_PROFILES[profile])
    windows += series.windows!.length
  }
  return normalisedScore(raw, windows, NAB_PROFILES[profile])
}

function rowsAt(scores: Float64Array, threshold: number): number[] {
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
async function baselines(judged: readonly Judged[]): Promise<Record<string, number>> {
  const figures: Record<string, number> = {
    [`clock, every ${CLOCK_ROWS} rows`]: standing(judged, 'standard', (scores, probation) => {
      const rows: number[] = []
      for (let row = probation; row < scores.length; row += CLOCK_ROWS) rows.push(row)
      return rows
    }),
  }
  for (const [name, baseline] of Object.entries(SERIES_BASELINES)) {
    const theirs = judged.map(({ series }) => ({
      series,
      scores: baseline(series.values, probationRows(series.values.length)),
    }))
    figures[name] = Math.max(...thresholds(theirs).map((it) => standing(theirs, 'standard', spaced(it))))
  }
  const alone: Judged[] = []
  for (const { series } of judged) alone.push({ series, scores: await nabScores(series, undefined) })
  figures['our pipeline without a network'] = nabFigures(alone, NAB_THRESHOLD).standard
  return figures
}

/** Alarms of a plain score: at the threshold or above, and none for a while after each. */
function spaced(threshold: number): (scores: Float64Array, probation: number) => number[] {
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

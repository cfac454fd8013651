import type { GroundTruth, Nature } from '../../vitals/episode.ts'
import { median } from '../quantiles.ts'

export type TrueEpisode = GroundTruth['episodes'][number]

/** An alert as it started: ms since 1970. */
export interface Started {
  readonly patientKey: string
  readonly time: number
  readonly technical: boolean
}

/** How early episodes of one kind were found. */
export interface Lead {
  readonly episodes: number
  /** share with an alarm between onset and end */
  readonly found: number
  /** 95 % of that share: Wilson's */
  readonly interval: readonly [low: number, high: number]
  /** middle time from the onset to the first alarm, of those found; null of none */
  readonly medianDelayMinutes: number | null
  /** middle time from the first alarm to the end of the episode, when it is at its worst */
  readonly medianLeadMinutes: number | null
}

/** The first alarm that starts in an episode, up to `grace` ms after its end. */
export function firstIn(starts: readonly Started[], episode: TrueEpisode, grace = 0): Started | undefined {
  return starts
    .filter(
      ({ patientKey, time }) => patientKey === episode.patient && time >= episode.from && time <= episode.to + grace,
    )
    .reduce<Started | undefined>((first, it) => (first === undefined || it.time < first.time ? it : first), undefined)
}

export function leadOf(starts: readonly Started[], episodes: readonly TrueEpisode[]): Lead {
  const found = episodes.flatMap((episode) => {
    const first = firstIn(starts, episode)
    return first === undefined ? [] : [{ delay: first.time - episode.from, lead: episode.to - first.time }]
  })
  const minutes = (values: readonly number[]) =>
    values.length === 0 ? null : Number((median(values) / 60_000).toFixed(1))
  return {
    episodes: episodes.length,
    found: episodes.length === 0 ? 0 : Number((found.length / episodes.length).toPrecision(3)),
    interval: shareInterval(found.length, episodes.length),
    medianDelayMinutes: minutes(found.map(({ delay }) => delay)),
    medianLeadMinutes: minutes(found.map(({ lead }) => lead)),
  }
}

/** standard normal quantile of 0.975 */
const Z = 1.959963984540054

/** 95 % limits of a share, by Wilson's score (1927); of none they are 0 and 1. */
export function shareInterval(found: number, all: number): readonly [low: number, high: number] {
  if (all === 0) return [0, 1]
  const share = found / all
  const middle = (share + (Z * Z) / (2 * all)) / (1 + (Z * Z) / all)
  const reach = (Z * Math.sqrt((share * (1 - share)) / all + (Z / (2 * all)) ** 2)) / (1 + (Z * Z) / all)
  const limit = (value: number) => Number(Math.min(1, Math.max(0, value)).toFixed(3))
  return [limit(middle - reach), limit(middle + reach)]
}

/** What was said first of episodes of one nature. */
export interface Said {
  readonly physiological: number
  readonly technical: number
  readonly nothing: number
}

/** seconds after a short mishap in which what is said of it may still come, ms */
const AFTERWARDS = 60_000

/** Rows: what it was; columns: what the first alert in it said it was. */
export function confusion(
  starts: readonly Started[],
  episodes: readonly TrueEpisode[],
): Readonly<Record<Exclude<Nature, 'administrative'>, Said>> {
  const row = (nature: Nature): Said => {
    const said = { physiological: 0, technical: 0, nothing: 0 }
    for (const episode of episodes.filter((it) => it.nature === nature)) {
      const first = firstIn(starts, episode, AFTERWARDS)
      said[first === undefined ? 'nothing' : first.technical ? 'technical' : 'physiological']++
    }
    return said
  }
  return { physiological: row('physiological'), technical: row('technical') }
}

/** Alarms that started in no episode: false ones, or of what nobody scripted. */
export function outside(starts: readonly Started[], episodes: readonly TrueEpisode[], afterMs: number): number {
  const within = ({ patientKey, time }: Started) =>
    episodes.some((it) => it.patient === patientKey && time >= it.from && time <= it.to + afterMs)
  return starts.filter((start) => !within(start)).length
}

import { drawEpisodes } from '../../ingest/simulator/plan.ts'
import { SETTINGS } from '../../ingest/simulator/settings.ts'
import { groundTruth } from '../../ingest/simulator/ward.ts'
import type { EpisodeKind } from '../../vitals/episode.ts'
import { calibrateThreshold } from '../budget/calibration.ts'
import { openSimulated } from '../budget/evaluate.ts'
import { isOwn, type WatchedModel, watchRules, watchWard, withThresholds } from '../watched.ts'
import { confusion, firstIn, type Lead, leadOf, outside, type Said, type Started, type TrueEpisode } from './lead.ts'
import { matchLimits } from './limits-matched.ts'
import { minuteCharts } from './minute-charts.ts'
import { MinuteMeans } from './minutes.ts'

/** what is looked for early, twice as often as the rest, which is looked at for what is said of it */
const EARLY: readonly EpisodeKind[] = ['sepsis', 'haemorrhage', 'apnoea']
const KINDS: readonly EpisodeKind[] = [
  ...EARLY, ...EARLY, 'desaturation', 'arrhythmia', 'probe-off', 'lead-off', 'damped-line', 'flushed-line', 'stuck', 'link-down',
] // biome-ignore format: one line

const HOURS = 24
const START = Date.UTC(2026, 0, 1)
/** part of the budget that the model's advisories have where they speak beside the fixed rules, which have the rest */
const ADVISORIES = 0.5
/** an episode is in the patient for some time after its end: recovery is no false alarm, ms */
const RECOVERY = 6 * 3600 * 1000

export interface WardPlan {
  /** alarms a patient-day that each detector may have in a calm ward */
  readonly perDay: number
  /** patients of the calm ward that sets thresholds, and of the one with an episode each, a day each */
  readonly calmBeds: number
  readonly beds: number
  readonly seed: number
}

export interface WardResult {
  readonly model: string
  readonly patientDays: number
  readonly budget: number
  readonly detectors: Readonly<
    Record<string, { readonly setting: string; readonly otherAlarmsPerPatientDay: number; readonly lead: Readonly<Record<string, Lead>> }>
  >
  /** of our own alerts: what it was, what was said first */
  readonly confusion: Readonly<Record<string, Said>>
  readonly byKind: Readonly<Record<string, Said>>
} // biome-ignore format: one key, one line

/** An episode with the first alarm of each detector in it, ms since 1970; undefined = none. */
export interface FoundEpisode {
  readonly episode: TrueEpisode
  readonly first: Readonly<Record<string, number | undefined>>
}

/** A result, and what the ward was like. */
export interface WardEvaluation {
  readonly result: WardResult
  readonly episodes: readonly FoundEpisode[]
  readonly minutes: MinuteMeans
}

/**
 * One scripted episode a patient-day in a simulated ward of adults, in the settings for evaluation: how early sepsis,
 * haemorrhage and apnoea are found by Vigil as a whole (its model's advisories at half of the budget, fixed limits at the
 * other half, and NEWS2 of 7 and over), by the advisories of it alone, by fixed limits, by NEWS2 and by charts, each first
 * brought to the same alarms a patient-day in a calm ward; and whether what is said of an episode is of the right kind.
 */
export async function evaluateWard(
  model: WatchedModel,
  { perDay, calmBeds, beds, seed }: WardPlan,
  say: (line: string) => void,
): Promise<WardEvaluation> {
  const setting = { ...SETTINGS.evaluation, children: 0 }
  const common = { hours: HOURS, start: START, setting }
  const calm = openSimulated({ ...common, beds: calmBeds, seed: 2 * seed }, model.table)
  const calmMinutes = new MinuteMeans(model.table, START, HOURS)
  for await (const _ of calmMinutes.noting(calm)(1)) {
    // only its minutes are wanted
  }
  const [rules, beside] = await matchLimits(model.table, calm, [perDay, (1 - ADVISORIES) * perDay], say)
  const emergency = rules!.news2PerDay[0] > perDay
  const thresholds = await calibrateThreshold(model, calm, ADVISORIES * perDay, say)
  const episodes = drawEpisodes({ kinds: KINDS, beds, hours: HOURS, seed })
  const ward = { ...common, beds, seed: 2 * seed + 1, episodes }
  const truth = groundTruth(ward)
  const ill = openSimulated(ward, model.table)
  const minutes = new MinuteMeans(model.table, START, HOURS)
  const starts: Record<string, Started[]> & Record<'vigil' | 'advisories' | 'limits' | 'news2', Started[]> = {
    vigil: [],
    advisories: [],
    limits: [],
    news2: [],
  }
  const { frames } = await watchWard(
    { ...model, manifest: withThresholds(model.manifest, thresholds) },
    minutes.noting(ill)(1),
    (body) => {
      if (body.phase !== 'start') return
      if (isOwn(body)) starts.advisories.push(started(body))
      if (isOwn(body) || body.source.detector === 'limits' || body.code === 'news2-emergency')
        starts.vigil.push(started(body))
    },
    beside!.settings,
  )
  await watchRules(model.table, rules!.settings, ill(1), (body) => {
    if (body.phase !== 'start') return
    if (body.source.detector === 'limits') starts.limits.push(started(body))
    if (body.code === 'news2-emergency' || (body.code === 'news2-urgent' && !emergency))
      starts.news2.push(started(body))
  })
  const patientDays = (frames * model.manifest.grid.cadenceSeconds) / 86_400
  const charts = minuteCharts(calmMinutes, minutes, perDay)
  for (const { name: chart, starts: theirs } of charts) starts[chart] = theirs
  // what the sensors say is no sign of illness: it counts for what was said, and not for how early illness was found
  const bodily = (of: readonly Started[]) => of.filter(({ technical }) => !technical)
  const ofPatients: typeof starts = { ...starts, vigil: bodily(starts.vigil), advisories: bodily(starts.advisories) }
  const settings: Record<string, string> = {
    ...Object.fromEntries(charts.map(({ name: chart, setting }) => [chart, setting])),
    vigil: `advisories, limits widened by ${(100 * beside!.widened).toFixed(1)} %, NEWS2 of 7 and over`,
    advisories: `half of the budget: q ${thresholds.q.toExponential(2)}, drift ${thresholds.drift.toFixed(2)}`,
    limits: `widened by ${(100 * rules!.widened).toFixed(1)} %`,
    news2: emergency ? '7 and over' : '5 and over',
  }
  const of = (kind: string) => truth.episodes.filter((it) => it.kind === kind)
  const { name, version } = model.manifest
  const result: WardResult = {
    model: `${name}@${version}`,
    patientDays: Number(patientDays.toPrecision(4)),
    budget: perDay,
    detectors: Object.fromEntries(
      Object.keys(starts).map((detector) => [
        detector,
        {
          setting: settings[detector]!,
          otherAlarmsPerPatientDay: Number(
            (outside(ofPatients[detector]!, truth.episodes, RECOVERY) / patientDays).toPrecision(3),
          ),
          lead: Object.fromEntries(EARLY.map((kind) => [kind, leadOf(ofPatients[detector]!, of(kind))])),
        },
      ]),
    ),
    confusion: confusion(starts.advisories, truth.episodes),
    byKind: Object.fromEntries(
      [...new Set(KINDS)].map((kind) => {
        const rows = confusion(starts.advisories, of(kind))
        return [kind, of(kind)[0]?.nature === 'technical' ? rows.technical : rows.physiological]
      }),
    ),
  }
  const episodesFound = truth.episodes.map((episode) => ({
    episode,
    first: Object.fromEntries(
      Object.entries(ofPatients).map(([name, theirs]) => [name, firstIn(theirs, episode)?.time]),
    ),
  }))
  return { result, episodes: episodesFound, minutes }
}

const started = (body: { subject: { patientKey: string }; times: { detected: number }; kind: string }): Started => ({
  patientKey: body.subject.patientKey,
  time: body.times.detected,
  technical: body.kind === 'technical',
})

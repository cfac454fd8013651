import { type LimitPlan, limitPlan } from '../scoring/limits.ts'
import { SENSORS_DETECTOR } from '../scoring/sensor-conditions.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { PROFILES, type Profile } from '../vitals/profile.ts'
import type { Settings } from '../vitals/settings.ts'
import { type Lane, laneSource } from './lane.ts'

/** Version of the rules that are not models: limits, NEWS2, signal. */
export const RULES_VERSION = '1'

export type WatchSettings = Pick<Settings, 'limits' | 'alerts' | 'stream'>

/** The limits of every age group. @param runs of the patients whom they are held against */
export function limitPlans(
  { adult, child, neonate }: Settings['limits'],
  table: ChannelTable,
  runs: LimitPlan['runs'],
): Record<Profile, LimitPlan> {
  const profiles = { ...child, adult, neonate }
  const plans = PROFILES.map((profile) => [profile, limitPlan(profiles[profile], table, runs)] as const)
  return Object.fromEntries(plans) as Record<Profile, LimitPlan>
}

/** Where the alerts of a patient come from, by detector: of these lanes, and of the rules beside them. */
export function alertSources(
  lanes: readonly Lane[],
  settings: Pick<WatchSettings, 'limits'>,
): Record<string, AlertBody['source']> {
  const { set, version } = settings.limits
  const rule = (detector: string, thresholds: AlertBody['source']['thresholds']): [string, AlertBody['source']] => [
    detector,
    { detector, version: RULES_VERSION, thresholds },
  ]
  const models = lanes.map((lane): [string, AlertBody['source']] => [lane.manifest.detector, laneSource(lane)])
  return Object.fromEntries([
    ...models,
    rule('limits', { set, version }),
    rule(SENSORS_DETECTOR, { set: 'bidmc-1.0.0', version: '1' }),
    rule('news2', { set: 'rcp-2017', version: '1' }),
    rule('signal', { set, version }),
  ])
}

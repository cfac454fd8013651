import { z } from 'zod'
import { ADULT_LIMITS, type Limit, LimitChanges, LimitProfile, withChanges } from './limits.ts'
import { PROFILES, Profile } from './profile.ts'
import { CHILD_LIMITS, NEONATE_LIMITS } from './profile-limits.ts'
import { Settings } from './settings.ts'

/** What of the settings may change while beds are watched: the fixed limits, and how alerts live. */
export type PolicySettings = Pick<Settings, 'limits' | 'alerts'>

const BUILT_IN: Readonly<Record<Profile, LimitProfile>> = { adult: ADULT_LIMITS, ...CHILD_LIMITS, neonate: NEONATE_LIMITS } // biome-ignore format: one table

const changed = (changes: Partial<Record<Profile, LimitChanges>>, profile: Profile) =>
  LimitProfile.safeParse(withChanges(BUILT_IN[profile], changes[profile] ?? {}))

/** A policy as it stands in the journal: whole, but for the limits that are as built in. */
export const Policy = z.strictObject({
  set: z.string(),
  version: z.string(),
  assumed: Profile,
  limits: z
    .partialRecord(Profile, LimitChanges)
    .refine((changes) => PROFILES.every((it) => changed(changes, it).success), 'low must be below high')
    .describe('what differs from the built-in limits, by age group; null: none'),
  alerts: Settings.shape.alerts,
})
export type Policy = z.infer<typeof Policy>

function differences(from: LimitProfile, to: LimitProfile): LimitChanges {
  const same = (a: Limit | undefined, b: Limit | undefined) =>
    a?.low === b?.low && a?.high === b?.high && a?.holdSeconds === b?.holdSeconds && a?.priority === b?.priority
  const channels = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((it) => !same(from[it], to[it]))
  return Object.fromEntries(
    channels.map((channel) => {
      const limit = to[channel]
      return [channel, limit === undefined ? null : { low: null, high: null, ...limit }]
    }),
  )
}

const profilesOf = ({ adult, child, neonate }: PolicySettings['limits']) => ({ adult, ...child, neonate })

export function policyOf({ limits, alerts }: PolicySettings): Policy {
  const own = profilesOf(limits)
  const changes = PROFILES.flatMap((profile) => {
    const differs = differences(BUILT_IN[profile], own[profile])
    return Object.keys(differs).length > 0 ? [[profile, differs] as const] : []
  })
  const { set, version, assumed } = limits
  return { set, version, assumed, limits: Object.fromEntries(changes), alerts }
}

/** The settings that a policy stands for. */
export function settingsOf({ set, version, assumed, limits: changes, alerts }: Policy): PolicySettings {
  const own = (profile: Profile) => LimitProfile.parse(withChanges(BUILT_IN[profile], changes[profile] ?? {}))
  const child = Object.fromEntries(Object.keys(CHILD_LIMITS).map((it) => [it, own(it as Profile)]))
  const limits = { set, version, assumed, adult: own('adult'), child, neonate: own('neonate') }
  return { limits: limits as PolicySettings['limits'], alerts }
}

import { z } from 'zod'

const FIELDS = {
  low: z.number(),
  high: z.number(),
  holdSeconds: z.number().nonnegative(),
  priority: z.enum(['high', 'medium', 'low']),
}

/** A fixed limit: outside [low, high] for `holdSeconds` is an alarm, whatever the model thinks. */
export const Limit = z
  .strictObject({
    low: FIELDS.low.optional(),
    high: FIELDS.high.optional(),
    holdSeconds: FIELDS.holdSeconds.default(5),
    priority: FIELDS.priority.default('medium'),
  })
  .refine(({ low, high }) => low === undefined || high === undefined || low < high, 'low must be below high')
export type Limit = z.infer<typeof Limit>

/** channel name -> limit, for one unit or one age group */
export const LimitProfile = z.record(z.string(), Limit)
export type LimitProfile = z.infer<typeof LimitProfile>

/** channel name -> what a site changes of a profile: only the fields it names; null takes away */
export const LimitChanges = z.record(
  z.string(),
  z
    .strictObject({
      low: FIELDS.low.nullable().optional(),
      high: FIELDS.high.nullable().optional(),
      holdSeconds: FIELDS.holdSeconds.optional(),
      priority: FIELDS.priority.optional(),
    })
    .nullable(),
)
export type LimitChanges = z.infer<typeof LimitChanges>

/**
 * A profile with a site's changes. A limit nobody mentioned stays: one changed line must not silence the other channels,
 * nor lower the priority of its own.
 */
export function withChanges(profile: LimitProfile, changes: LimitChanges): z.input<typeof LimitProfile> {
  const changed: Record<string, z.input<typeof Limit>> = { ...profile }
  for (const [channel, change] of Object.entries(changes)) {
    if (change === null) {
      delete changed[channel]
      continue
    }
    const merged = { ...profile[channel], ...change }
    changed[channel] = Object.fromEntries(
      Object.entries(merged).filter(([, value]) => value !== null && value !== undefined),
    )
  }
  return changed
}

/**
 * Defaults for adults, from manufacturers' manuals: LIFEPAK 15 (hr, resp, cvp, pap, temp, etco2, icp), GE V100 (pulse,
 * spo2), Mindray TM80 (cuff), circEWS (arterial line). They differ widely between vendors: a site sets its own.
 */
// biome-ignore format: a table
export const ADULT_LIMITS: LimitProfile = {
  hr: { low: 50, high: 150, holdSeconds: 5, priority: 'high' },
  pulse: { low: 50, high: 150, holdSeconds: 10, priority: 'medium' },
  spo2: { low: 90, holdSeconds: 10, priority: 'high' },
  resp: { low: 5, high: 30, holdSeconds: 10, priority: 'medium' },
  nibp_sys: { low: 90, high: 160, holdSeconds: 0, priority: 'medium' },
  nibp_dia: { low: 50, high: 90, holdSeconds: 0, priority: 'low' },
  nibp_mean: { low: 60, high: 110, holdSeconds: 0, priority: 'medium' },
  abp_sys: { low: 90, high: 200, holdSeconds: 10, priority: 'high' },
  abp_dia: { low: 40, high: 140, holdSeconds: 10, priority: 'medium' },
  abp_mean: { low: 65, high: 150, holdSeconds: 10, priority: 'high' },
  cvp: { low: 0, high: 15, holdSeconds: 10, priority: 'low' },
  pap_sys: { low: 10, high: 40, holdSeconds: 10, priority: 'low' },
  pap_dia: { low: 0, high: 18, holdSeconds: 10, priority: 'low' },
  temp: { low: 35, high: 39, holdSeconds: 0, priority: 'low' },
  etco2: { low: 15, high: 50, holdSeconds: 10, priority: 'medium' },
  fio2: { low: 18, high: 100, holdSeconds: 10, priority: 'low' },
  icp: { low: 0, high: 18, holdSeconds: 10, priority: 'high' },
}

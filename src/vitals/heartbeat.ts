import { z } from 'zod'

const beds = z.int().nonnegative()

/**
 * What every process says of itself each few seconds. `seq` counts from 0 at its start without a gap: a hearer who
 * misses one, or hears none for long, knows that he is not told.
 */
export const Heartbeat = z.strictObject({
  seq: z.int().nonnegative(),
  instance: z.string().min(1).max(128),
  at: z.int().describe('ms since 1970, wall clock'),
  partitions: z.array(z.int().nonnegative()).describe('partitions of the readings topic that it watches now'),
  bedsLive: beds.describe('watched by the model and the limits'),
  bedsWarmingUp: beds.describe('limits only: the network has not yet seen enough'),
  bedsDegraded: beds.describe('limits only, or channels of the model are missing'),
  bedsStale: beds.describe('blind: nothing usable comes'),
  models: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  lagMs: z.number().nonnegative().nullable().describe('age of the oldest reading that is not scored; null: not known'),
  confirmTimeoutS: z.number().positive().describe('whoever hears nothing for so long says NOT WATCHING'),
})
export type Heartbeat = z.infer<typeof Heartbeat>

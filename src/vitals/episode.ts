import { z } from 'zod'
import { Profile } from './profile.ts'

const span = {
  bed: z.int().positive().describe('number of the bed, from 1'),
  at: z.number().nonnegative().describe('seconds after the start of the ward'),
  seconds: z.number().positive().describe('how long it lasts'),
}

/** Something that happens at a simulated bed, as a script says it. */
export const Episode = z.discriminatedUnion('kind', [
  z.strictObject({ ...span, kind: z.literal('desaturation'), size: z.number().min(1).max(50).describe('percentage points of saturation, at the deepest') }),
  z.strictObject({ ...span, kind: z.literal('apnoea') }),
  z.strictObject({ ...span, kind: z.literal('haemorrhage'), size: z.number().min(1).max(45).describe('per cent of the blood volume, lost by the end') }),
  z.strictObject({ ...span, kind: z.literal('sepsis'), size: z.number().min(0.1).max(1).describe('severity at the end, 1 = septic shock') }),
  z.strictObject({ ...span, kind: z.literal('arrhythmia'), size: z.number().min(-60).max(120).describe('/min, from one beat to the next; the beats are irregular') }),
  z.strictObject({ ...span, kind: z.literal('probe-off') }),
  z.strictObject({ ...span, kind: z.literal('lead-off') }),
  z.strictObject({ ...span, kind: z.literal('damped-line') }),
  z.strictObject({ ...span, kind: z.literal('flushed-line') }),
  z.strictObject({ ...span, kind: z.literal('stuck'), channel: z.string().describe('the channel whose last value is printed on') }),
  z.strictObject({ ...span, kind: z.literal('clock-jump'), size: z.number().describe('seconds by which the stamps are wrong meanwhile; negative: behind') }),
  z.strictObject({ ...span, kind: z.literal('link-down') }),
  z.strictObject({ ...span, kind: z.literal('handover').describe('the patient is discharged, the bed stands empty, another comes') }),
]) // biome-ignore format: one kind, one line
export type Episode = z.infer<typeof Episode>
export type EpisodeKind = Episode['kind']

/** What `vigil simulate --episodes` reads, as YAML or JSON. */
export const EpisodeScript = z.strictObject({ episodes: z.array(Episode) })
export type EpisodeScript = z.infer<typeof EpisodeScript>

/** Whose affair an episode is: of the patient, of a sensor or line, or of the ward. */
export const Nature = z.enum(['physiological', 'technical', 'administrative'])
export type Nature = z.infer<typeof Nature>

const time = z.number().describe('ms since 1970')

/** What really happened in a simulated ward: the file beside its readings. */
export const GroundTruth = z.strictObject({
  seed: z.int(),
  setting: z.string().describe('settings of the simulator: `training` or `evaluation`'),
  start: time,
  hours: z.number(),
  patients: z.array(
    z.strictObject({
      patient: z.string(),
      unit: z.string(),
      bed: z.string(),
      ageYears: z.number(),
      profile: Profile,
      from: time,
      to: time,
      channels: z.array(z.string()),
    }),
  ),
  episodes: z.array(
    z.strictObject({
      patient: z.string(),
      bed: z.string(),
      kind: z.string(),
      nature: Nature,
      channels: z.array(z.string()).describe('channels it is seen in'),
      from: time,
      to: time,
      size: z.number().optional(),
    }),
  ),
})
export type GroundTruth = z.infer<typeof GroundTruth>

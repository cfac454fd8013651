import { z } from 'zod'
import { AlertId, By, Encounter, Verdict } from './control.ts'
import { Policy } from './policy.ts'
import { Profile } from './profile.ts'
import { PatientKey, Place } from './reading.ts'

const base = {
  kind: z.literal('journal'),
  patientKey: PatientKey,
  at: z.number().describe('event time of the verdict or input, ms since 1970'),
  afterOffset: z.number().describe("offset of the patient's reading after which it was applied; -1 before the first"),
}
const of = { ...base, alertId: AlertId, by: By }
const until = z.number().describe('event time it ends by itself, ms since 1970')
const by = By.optional()
const model = z.string().min(1).describe('NAME@VERSION')
const silentSeconds = z.number().nonnegative()

/**
 * Who watches a patient from here on: the models that did not make its state so far, each of which begins cold, and the
 * limits.
 */
export const WatchedBy = z.strictObject({
  models: z.array(z.strictObject({ detector: z.string(), name: z.string(), version: z.string(), sha256: z.string() })).readonly(),
  limits: z.strictObject({ set: z.string(), version: z.string() }),
}) // biome-ignore format: as the entries below
export type WatchedBy = z.infer<typeof WatchedBy>

/** NAME@VERSION of a model. */
export const ModelId = z.string().regex(/^[a-z0-9-]{1,40}@[a-z0-9.-]{1,40}$/, 'a model version is NAME@VERSION')

/** Which versions of a detector's model see a patient: the champion raises its alerts, the one in shadow never does. */
export const SeenBy = z.strictObject({ champion: ModelId, shadow: ModelId.optional() })
export type SeenBy = z.infer<typeof SeenBy>
const warmedFrom = z
  .number()
  .nonnegative()
  .optional()
  .describe(
    "the version that is new begins with what the patient's readings from this offset on make of it; absent: nothing is new, or it begins cold",
  )

/**
 * What changes a patient's future besides readings: control inputs, and verdicts of the wall clock. Each is recorded
 * with the reading offset after which it was applied, so that a replay repeats it at the same place. An entry was judged
 * when it was made: a replay applies it as it stands.
 */
export const JournalEntry = z.discriminatedUnion('entry', [
  z.strictObject({ ...base, entry: z.literal('admit'), encounter: Encounter, unit: Place.optional(), bed: Place.optional(), profile: Profile.optional(), by }),
  z.strictObject({ ...base, entry: z.literal('transfer'), unit: Place.optional(), bed: Place, by }),
  z.strictObject({ ...base, entry: z.literal('discharge'), cancelled: z.literal(true).optional().describe('the admission was a mistake'), by }),
  z.strictObject({ ...base, entry: z.literal('merge'), into: PatientKey, by }),
  z.strictObject({ ...base, entry: z.literal('profile'), profile: Profile, by }),
  z.strictObject({ ...of, entry: z.literal('ack') }),
  z.strictObject({ ...of, entry: z.literal('pause'), until }),
  z.strictObject({ ...of, entry: z.literal('resume') }),
  z.strictObject({ ...of, entry: z.literal('reset') }),
  z.strictObject({ ...of, entry: z.literal('feedback'), verdict: Verdict }),
  z.strictObject({ ...base, entry: z.literal('mute'), by: By, until }),
  z.strictObject({ ...base, entry: z.literal('unmute'), by: By }),
  z.strictObject({ ...base, entry: z.literal('signal-lost'), silentSeconds }),
  z.strictObject({ ...base, entry: z.literal('watched-by'), ...WatchedBy.shape }).describe('from here on; the models named begin cold'),
  z.strictObject({ ...base, entry: z.literal('seen-by'), detector: z.string(), ...SeenBy.shape, warmedFrom }).describe('from here on: a shadow, a promotion, a rollback; open alerts go on'),
  z.strictObject({ ...base, entry: z.literal('policy'), id: z.string().min(1).describe('a hash of all of it'), policy: Policy }).describe('limits and alert rules from here on; open alerts go on'),
  z.strictObject({ ...base, entry: z.literal('model-failed'), model }).describe('its engine failed: begins cold, and is not asked until it is back'),
  z.strictObject({ ...base, entry: z.literal('model-back'), model }),
  z.strictObject({ ...base, entry: z.literal('forgotten'), silentSeconds }).describe('silent for stream.forgetHours: no longer of the ward'),
]) // biome-ignore format: one entry, one line
export type JournalEntry = z.infer<typeof JournalEntry>
export type EntryOf<Name extends JournalEntry['entry']> = Extract<JournalEntry, { entry: Name }>

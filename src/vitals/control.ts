import { z } from 'zod'
import { Profile } from './profile.ts'
import { PatientKey, Place, WireTime } from './reading.ts'

/** Who did it: a user of the site's own system, never a patient. */
export const By = z.string().min(1).max(64)
export const Encounter = z.string().min(1).max(128)
/** An alert's id, as its bodies carry it. */
export const AlertId = z.string().regex(/^[0-9a-f]{32}$/, 'an alert id is 32 hexadecimal digits')
/** What a clinician makes of an alert, afterwards. */
export const Verdict = z.enum(['true', 'false', 'nuisance'])

const who = { patientKey: PatientKey, at: WireTime.describe('event time: ms since 1970, or an ISO 8601 instant') }
const age = {
  profile: Profile.optional().describe('age group; adult limits are assumed, and said to be, when nobody tells'),
  ageDays: z.int().min(0).max(55_000).optional().describe('age in days; must lie in `profile` where both are given'),
}
const place = { unit: Place.optional(), bed: Place.optional() }

/**
 * One message of the encounters topic (key: patient). In HL7 v2 terms: admit A01, transfer A02, discharge A03, profile A08,
 * cancel-admit A11, cancel-transfer A12, cancel-discharge A13, merge A40 under the key of the record that ends.
 */
export const EncounterMessage = z.discriminatedUnion('action', [
  z.strictObject({ ...who, action: z.literal('admit'), encounter: Encounter, ...place, ...age, by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('transfer'), encounter: Encounter.optional(), unit: Place.optional(), bed: Place, from: z.strictObject(place).optional(), by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('discharge'), encounter: Encounter.optional(), by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('merge'), into: PatientKey.describe('key of the record that goes on'), by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('profile'), encounter: Encounter.optional(), ...age, by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('cancel-admit'), encounter: Encounter.optional(), by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('cancel-transfer'), encounter: Encounter.optional(), unit: Place.optional(), bed: Place.describe('where the patient lies after all'), by: By.optional() }),
  z.strictObject({ ...who, action: z.literal('cancel-discharge'), encounter: Encounter, ...place, ...age, by: By.optional() }),
]) // biome-ignore format: one action, one line
export type EncounterMessage = z.infer<typeof EncounterMessage>

const until = WireTime.describe('event time it ends by itself')

/** One message of the acknowledgements topic (key: patient): what people do about an alert, or about a bed in a procedure. */
export const AcknowledgementMessage = z.discriminatedUnion('action', [
  z.strictObject({ ...who, action: z.literal('ack'), alertId: AlertId, by: By }),
  z.strictObject({ ...who, action: z.literal('pause'), alertId: AlertId, by: By, until }),
  z.strictObject({ ...who, action: z.literal('resume'), alertId: AlertId, by: By }),
  z.strictObject({ ...who, action: z.literal('reset'), alertId: AlertId, by: By }),
  z.strictObject({ ...who, action: z.literal('feedback'), alertId: AlertId, by: By, verdict: Verdict }),
  z.strictObject({ ...who, action: z.literal('mute'), by: By, until }),
  z.strictObject({ ...who, action: z.literal('unmute'), by: By }),
]) // biome-ignore format: one action, one line
export type AcknowledgementMessage = z.infer<typeof AcknowledgementMessage>

type Timed<T> = T extends unknown
  ? Omit<T, 'at' | 'until' | 'ageDays'> & { readonly at: number } & (T extends { until: unknown } ? { readonly until: number } : unknown)
  : never // biome-ignore format: one alternative, one line

/** A decoded control message: times in ms, the age as a profile. It becomes a journal entry, or a rejection, where it is applied. */
export type Control = { readonly kind: 'control' } & (Timed<EncounterMessage> | Timed<AcknowledgementMessage>)

import { z } from 'zod'
import { PatientKey } from './reading.ts'

const id = z.string().regex(/^[0-9a-f]{32}$/)

/**
 * What an alert can be recomputed from: the patient's saved state as it was before the alert's first frame. This is
 * the head of the record; its value is the state record itself, whose bytes say their own layout.
 */
export const EvidenceHead = z.strictObject({
  patientKey: PatientKey,
  alertId: id,
  eventId: id.describe('the message that opened the alert'),
  topic: z.string().min(1).describe('where the readings stand'),
  partition: z.int().nonnegative(),
  fromOffset: z.int().nonnegative().describe('the first reading after the state'),
})
export type EvidenceHead = z.infer<typeof EvidenceHead>

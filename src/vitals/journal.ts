import { z } from 'zod'

const base = {
  kind: z.literal('journal'),
  patientKey: z.string().min(1).max(261),
  at: z.number().describe('event time of the verdict or input, ms since 1970'),
  afterOffset: z.number().describe("offset of the patient's reading after which it was applied; -1 before the first"),
}

/**
 * What changes a patient's future besides readings: control inputs, and verdicts of the wall clock. Each is recorded
 * with the reading offset after which it was applied, so that a replay repeats it at the same place.
 */
export const JournalEntry = z.discriminatedUnion('entry', [
  z.strictObject({ ...base, entry: z.literal('admit'), encounter: z.string().min(1).max(128) }),
  z.strictObject({ ...base, entry: z.literal('transfer'), unit: z.string().max(128).optional(), bed: z.string().max(128) }),
  z.strictObject({ ...base, entry: z.literal('discharge') }),
  z.strictObject({ ...base, entry: z.literal('signal-lost'), silentSeconds: z.number().nonnegative() }),
]) // biome-ignore format: one entry, one line
export type JournalEntry = z.infer<typeof JournalEntry>

import { z } from 'zod'

/** How a source vouches for a value; HL7 OBX-8 and IHE PCD-01 in plain words. Only `ok` is a measurement. */
export const STATUSES = [
  'ok', 'questionable', 'invalid', 'not-available', 'calibrating', 'early', 'busy', 'off', 'test', 'demo',
] as const // biome-ignore format: one line
export const Status = z.enum(STATUSES)
export type Status = z.infer<typeof Status>

/** Index of `ok` in STATUSES; readings carry statuses as indices. */
export const OK = 0

/** Where readings come from. Every alert's envelope carries it, so that a sink can tell a ward from a recording. */
export const Mode = z.enum(['live', 'replay', 'test', 'demo'])
export type Mode = z.infer<typeof Mode>

const key = z.string().min(1).max(128)

/** Name of a unit or a bed. */
export const Place = key
/** Pseudonym of a patient, or the key of a bed: `bed:<unit>/<bed>`, of at most 128 characters each. */
export const PatientKey = z.string().min(1).max(264)

const WireSample = z.union([
  z.number(),
  z.null(),
  z.strictObject({
    value: z.number().nullable(),
    unit: z.string().max(32).optional().describe("UCUM or a common spelling; the channel's own unit when absent"),
    status: Status.optional(),
    time: z.number().optional().describe('when this value was measured, ms since 1970, when not the time of the set'),
    limits: z
      .tuple([z.number().nullable(), z.number().nullable()])
      .optional()
      .describe("the monitor's own alarm limits, low and high, in this value's unit; kept in the topic, not used"),
  }),
])

/** Event time on the wire: milliseconds since 1970 (UTC) or an ISO 8601 instant with its offset. */
export const WireTime = z.union([z.number(), z.iso.datetime({ offset: true })])

/**
 * One message on the wire: one patient (or bed), one time, several channels. It is the contract that
 * `docs/contracts/reading.schema.json` publishes; `ingest/decode` reads it without this schema, for speed, and a
 * property test holds the two equal.
 */
export const WireReading = z
  .strictObject({
    patient: key.optional().describe('pseudonym of the patient; when absent the bed is the key'),
    encounter: key.optional(),
    unit: key.optional(),
    bed: key.optional(),
    time: WireTime,
    mode: Mode.optional(),
    complete: z.boolean().optional().describe('true: nothing more will come for this time, its tick may close at once'),
    values: z.record(z.string(), WireSample),
  })
  .refine((reading) => reading.patient !== undefined || reading.bed !== undefined, 'needs a patient or a bed')
export type WireReading = z.infer<typeof WireReading>

/** A decoded reading: channels by index, values in the channels' own units. Samples stand in parallel arrays. */
export interface Reading {
  readonly kind: 'reading'
  /** pseudonym of the patient, or `bed:<unit>/<bed>` when the source knows only the bed */
  readonly patientKey: string
  readonly encounter: string | undefined
  readonly unit: string | undefined
  readonly bed: string | undefined
  /** event time, ms since 1970 */
  readonly time: number
  readonly mode: Mode
  /** the source vouches that nothing more comes for this time */
  readonly complete: boolean
  /** [S] index into the channel table */
  readonly channels: readonly number[]
  /** [S] value in the channel's unit; NaN where there is none */
  readonly values: readonly number[]
  /** [S] index into STATUSES */
  readonly statuses: readonly number[]
  /** [S] event time of each value, ms; undefined when all are of `time` */
  readonly times: readonly number[] | undefined
}

const BED_KEY = 'bed:'

/** Whether nobody knows who lies there: the patient is known only by the bed. */
export const keyedByBed = (patientKey: string): boolean => patientKey.startsWith(BED_KEY)

const SELF_TEST = 'vigil:self-test:'

/** The key of a partition's self-test patient, whose readings Vigil itself writes to see that it would be heard. */
export const selfTestKey = (partition: number): string => `${SELF_TEST}${partition}`

/** Whether a patient is a self-test's: no bed, and of no account in any number of beds. */
export const isSelfTest = (patientKey: string): boolean => patientKey.startsWith(SELF_TEST)

/** The key of a patient known only by the bed. */
export function bedKey(unit: string | undefined, bed: string): string {
  return `${BED_KEY}${unit ?? ''}/${bed}`
}

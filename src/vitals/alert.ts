import { z } from 'zod'
import { Profile } from './profile.ts'
import { Mode, Status } from './reading.ts'

/** IHE ACM phases of an alert's life (PCD-04, OBX event phase). */
export const Phase = z.enum(['start', 'update', 'escalate', 'deescalate', 'continue', 'end', 'reset'])
export type Phase = z.infer<typeof Phase>

/** IEC 60601-1-8 priorities; ours are advisories unless a site configures otherwise. */
export const Priority = z.enum(['high', 'medium', 'low', 'info'])
export type Priority = z.infer<typeof Priority>

/** IEEE 11073 kinds: physiological (SP), technical (ST), advisory (SA). */
export const AlertKind = z.enum(['physiological', 'technical', 'advisory'])
export type AlertKind = z.infer<typeof AlertKind>

const time = z.int().describe('ms since 1970, event time')

export const AlertChannel = z.strictObject({
  channel: z.string(),
  unit: z.string(),
  observed: z.number().nullable(),
  expected: z.strictObject({ mean: z.number(), sd: z.number(), low: z.number(), high: z.number() }).optional(),
  z: z.number().optional().describe('normal residual of the observation under the forecast, clipped to +-8'),
  contribution: z.number().optional().describe('share of the surprise, 0..1'),
  given: z.number().optional().describe('what the other channels of the same frame made one expect'),
  limit: z.strictObject({ side: z.enum(['low', 'high']), value: z.number() }).optional(),
  status: Status,
  sampleTime: time.optional(),
  loinc: z.string().optional(),
  mdc: z.int().optional(),
})
export type AlertChannel = z.infer<typeof AlertChannel>

/**
 * Whether a message calls somebody: `now`, or why not. `told`: somebody was called already and nothing got worse;
 * `silenced`: somebody was called for the same code shortly before; `none`: it is over.
 */
export const Call = z.enum(['now', 'told', 'acknowledged', 'paused', 'muted', 'silenced', 'none'])
export type Call = z.infer<typeof Call>

/** How an alert signals, and what people did about it. It never decides whether there is an alert. */
export const Signal = z.strictObject({
  call: Call,
  latching: z
    .boolean()
    .describe('stands, as `latched`, after its condition is gone until somebody resets or acknowledges it'),
  ack: z.boolean(),
  ackBy: z.string().optional(),
  ackAt: time.optional(),
  pausedUntil: time.optional().describe('of this alert'),
  mutedUntil: time.optional().describe('of the whole bed, for a procedure'),
  unanswered: z.int().nonnegative().describe('times it was escalated because nobody acknowledged it'),
  suppressedSinceLast: z
    .int()
    .nonnegative()
    .describe('episodes of this code that were silenced since somebody was last called'),
})
export type Signal = z.infer<typeof Signal>

/**
 * The deterministic half of an alert event: a function of the patient's journal, equal byte for byte on every replay.
 * Its ids are hashes of patient key, encounter, detector, code, onset and sequence, never of offsets or clocks.
 */
export const AlertBody = z.strictObject({
  alertId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('constant for the episode (HL7 OBR-29)'),
  eventId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('unique per message (HL7 OBR-3)'),
  seq: z.int().nonnegative(),
  phase: Phase,
  state: z.enum(['active', 'latched', 'inactive']),
  kind: AlertKind,
  priority: Priority,
  code: z.string().regex(/^[a-z0-9-]+$/),
  label: z.string().min(1).max(80).describe('what a nurse reads; no patient data'),
  subject: z.strictObject({
    patientKey: z.string(),
    keyedBy: z.enum(['patient', 'bed']).describe('bed: nobody told which patient this is'),
    encounterKey: z.string().optional(),
    unit: z.string().optional(),
    bed: z.string().optional(),
  }),
  times: z.strictObject({ event: time, onset: time, detected: time, ended: time.optional() }),
  source: z.strictObject({
    detector: z.string(),
    version: z.string(),
    model: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }).optional(),
    thresholds: z.strictObject({ set: z.string(), version: z.string() }),
  }),
  score: z
    .strictObject({
      name: z.string(),
      value: z.number(),
      threshold: z.number(),
      persistence: z.strictObject({ n: z.int(), of: z.int() }).optional(),
      probability: z.number().optional(),
      calibrated: z.boolean(),
      horizonSeconds: z.number().optional(),
    })
    .optional(),
  channels: z.array(AlertChannel),
  explanation: z.strictObject({ text: z.string(), method: z.string() }),
  context: z.strictObject({
    warmupSteps: z.int(),
    missingChannels: z.array(z.string()),
    staleSeconds: z.number(),
    news2: z.strictObject({ score: z.int(), missing: z.array(z.string()) }).optional(),
    limitAlarm: z.boolean(),
    profile: z
      .strictObject({ name: Profile, assumed: z.boolean() })
      .describe('age group whose limits are held; assumed: nobody told the age'),
  }),
  signal: Signal,
  intendedUse: z.literal('research-advisory'),
})
export type AlertBody = z.infer<typeof AlertBody>

/** The delivery half: when, by whom and from where this body was sent. It may differ between two runs. */
/** A live message that is sent so long after its tick is marked late, ms. */
export const LATE_MS = 10_000

export const AlertEnvelope = z.strictObject({
  body: AlertBody,
  mode: Mode,
  emitted: z.int().describe('ms since 1970, wall clock'),
  late: z
    .int()
    .optional()
    .describe(
      'of a live message that is sent more than 10 s after its tick: how long after, ms; what it says was so then',
    ),
  instance: z.string(),
  trace: z.strictObject({ source: z.string(), partition: z.int(), fromOffset: z.number(), toOffset: z.number() }),
})
export type AlertEnvelope = z.infer<typeof AlertEnvelope>

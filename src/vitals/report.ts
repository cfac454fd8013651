import { z } from 'zod'
import { WATCHING } from './watching.ts'

const known = z.number().nullable()

/** What one detector made of one frame. Arrays are in the order of its manifest's channels. */
export const DetectorReport = z
  .strictObject({
    detector: z.string(),
    channels: z.array(z.string()).readonly(),
    expected: z
      .array(z.strictObject({ mean: z.number(), low: z.number(), high: z.number() }).readonly().nullable())
      .readonly()
      .describe("forecast for this tick, made one tick before: mean and 99 % band in the channels' units"),
    p: z
      .record(z.string(), known)
      .readonly()
      .describe(
        'chance that a minute of a patient as before shows as much, by horizon in seconds; null: nothing was due',
      ),
    threshold: z.number().describe("the patient's own q: an advisory is raised below it"),
    surprise: known.describe('excess surprise of the frame at the first horizon, nats'),
    contributions: z
      .array(z.number())
      .readonly()
      .describe('share of the joint distance that goes away without the channel, 0..1'),
    drift: z
      .array(z.strictObject({ cusum: z.number(), cusumLimit: z.number(), away: z.number(), awayLimit: z.number(), lately: known, usual: known }).readonly())
      .readonly()
      .describe("slow change by channel, above 0 upwards: CUSUM of what forecasts were wrong by, and the control chart of the minutes in its own standard deviations (beside it the fading means of the last minutes and of the patient's hours, in the channel's unit; null: not known yet), each with its limit"),
  }) // biome-ignore format: one field, one line
  .readonly()
export type DetectorReport = z.infer<typeof DetectorReport>

/** What can be wrong with one channel. Only a value that is missing is not also set aside. */
export const SensorFault = z.enum(['missing', 'flat-line', 'implausible-jump', 'contradiction', 'damped'])
export type SensorFault = z.infer<typeof SensorFault>
/** What stands of a risk that an hourly model gives. */
export const RiskReport = z
  .strictObject({
    detector: z.string(),
    role: z.enum(['champion', 'shadow']),
    event: z.string().describe('what the risk is of'),
    standing: z
      .enum(['gathering', 'current', 'final'])
      .describe('gathering: it has said nothing yet; final: the stay is past the hours it speaks of'),
    hours: z.int().describe('hours of the stay that are over'),
    due: z.int().describe('hours of the stay after which it first says something'),
    emptyHours: z.int().describe('newest hours in a row in which nothing was measured'),
    probability: z.number().optional().describe('of the newest hour that is over; absent while gathering'),
    time: z.int().optional().describe('event time at which that hour ended, ms since 1970'),
    threshold: z.number().describe('probability from which it is raised'),
    raised: z.boolean(),
    reasons: z
      .array(z.strictObject({ label: z.string(), share: z.number() }).readonly())
      .readonly()
      .describe('what raises it most, where it is at its threshold'),
  })
  .readonly()
export type RiskReport = z.infer<typeof RiskReport>

/** What a reconstructor makes of a patient's newest window: a second opinion, which raises nothing. */
export const OpinionReport = z
  .strictObject({
    detector: z.string(),
    channels: z.array(z.string()).readonly(),
    standing: z.enum(['gathering', 'current']).describe('gathering: no whole window yet'),
    score: z
      .number()
      .optional()
      .describe('squared distance of its errors per observed channel, about 1 when all is well'),
    time: z.int().optional().describe('event time of the tick at which the window ended, ms since 1970'),
    threshold: z.number(),
    above: z.boolean(),
    contributions: z.array(z.number()).readonly().describe('share of the distance that goes away without the channel'),
  })
  .readonly()
export type OpinionReport = z.infer<typeof OpinionReport>

/** One frame with its scores: a line of `replay --frames`, and what the page draws. Arrays are in table order [D]. */
export const FrameReport = z
  .strictObject({
    kind: z.literal('frame'),
    patientKey: z.string(),
    unit: z.string().optional(),
    bed: z.string().optional(),
    time: z.number().describe("event time of the tick's start, ms since 1970"),
    watching: z.enum(WATCHING),
    news2: z
      .strictObject({ score: z.int(), missing: z.array(z.string()).readonly() })
      .readonly()
      .nullable(),
    values: z
      .array(known)
      .readonly()
      .describe("this tick's value, or the last valid one; null where there never was one"),
    faults: z
      .array(z.strictObject({ channel: z.string(), fault: SensorFault }).readonly())
      .readonly()
      .describe('what the sensor logic says of channels at this tick; of all but `missing` the value was set aside'),
    mutedUntil: known.describe('event time until which a procedure mutes the bed'),
    ages: z.array(known).readonly().describe('seconds since the last valid value; 0 = observed now'),
    detectors: z.array(DetectorReport).readonly(),
    risks: z.array(RiskReport).readonly().optional().describe('where hourly models serve'),
    opinions: z.array(OpinionReport).readonly().optional().describe('where reconstructors serve'),
  })
  .readonly()
export type FrameReport = z.infer<typeof FrameReport>

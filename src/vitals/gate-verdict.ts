import { z } from 'zod'

/** Version of the layout of a verdict. */
export const VERDICT_VERSION = 1

const interval = z.tuple([z.number(), z.number()])
const instant = z.number().describe('ms since 1970')
const modelId = z.string().describe('NAME@VERSION')

/** One thing in which the challenger must not be worse than the champion by more than a margin. */
export const GateCondition = z.strictObject({
  name: z.string(),
  champion: z.number().optional(),
  challenger: z.number().optional(),
  worse: z.number().describe('by how much the challenger is worse, in `unit`; below 0 it is better'),
  unit: z.string(),
  margin: z.number().describe('what is allowed'),
  interval: interval.optional().describe('90 % by drawing patients again: its ends are one-sided 95 % bounds'),
  detectable: z.number().optional().describe('a true worsening by so much would have been found with a chance of 80 %'),
  needed: z.number().optional().describe('where only more than this is detectable, the window is too small to tell'),
  passes: z.boolean(),
  why: z.string(),
})
export type GateCondition = z.infer<typeof GateCondition>

/** verdict.json: what the gate found of a retrained model, beside that model. Numbers of people, never a patient. */
export const GateVerdict = z.strictObject({
  verdictVersion: z.literal(VERDICT_VERSION),
  model: modelId,
  champion: modelId,
  decision: z.enum(['passed', 'refused']),
  reasons: z.array(z.string()).describe('one sentence for each thing that was not enough; empty when it passed'),
  at: instant,
  window: z.strictObject({
    from: instant,
    heldOutFrom: instant.describe('what is newer was seen by neither fit'),
    to: instant,
    sha256: z.string(),
    patients: z.strictObject({ train: z.int(), validation: z.int(), calibration: z.int(), test: z.int() }),
    testHours: z.number(),
  }),
  candidates: z
    .array(z.strictObject({ from: z.enum(['champion', 'scratch']), validation: z.number().describe('nats per value'), chosen: z.boolean() }))
    .describe('the one with the better validation went through the gate'),
  primary: z.strictObject({
    what: z.string(),
    champion: z.number(),
    challenger: z.number(),
    difference: z.number().describe('challenger minus champion, nats per value; below 0 the challenger is better'),
    interval: interval.describe('95 % by drawing patients again'),
    detectable: z.number().describe('a true improvement by so much would have been found with a chance of 80 %'),
    passes: z.boolean(),
  }),
  conditions: z.array(GateCondition),
  feedback: z
    .strictObject({ true: z.int(), false: z.int(), nuisance: z.int() })
    .describe('what clinicians said of alerts in the window'),
}) // biome-ignore format: one field, one line
export type GateVerdict = z.infer<typeof GateVerdict>

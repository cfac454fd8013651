import { z } from 'zod'
import { Priority } from './alert.ts'
import { Channel } from './channels.ts'

/** Version of the classifier's manifest layout; a forecaster's has its own. */
export const CLASSIFIER_MANIFEST_VERSION = 1

const positive = z.int().positive()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * One version of a recurrent classifier: exactly one graph, with everything needed to feed it and to read it. The graph maps
 * x [B, F], state_in [B, M * S] to forecast [B, 1], the mean logit of M members, and state_out; S = 2 H for an LSTM (h, then
 * c), H for the others. x are the inputs named by `inputs.kind`, one row a tick, normalised.
 */
export const ClassifierManifest = z.strictObject({
  manifestVersion: z.literal(CLASSIFIER_MANIFEST_VERSION),
  task: z.literal('classify'),
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  version: z.string().regex(/^[a-z0-9.-]{1,40}$/),
  detector: z.string().regex(/^[a-z0-9-]{1,40}$/),
  createdBy: z.string(),
  graph: z.strictObject({
    file: z.literal('model.onnx'),
    sha256,
    form: z.literal('plain-products'),
    opset: positive,
    features: positive,
    cell: z.enum(['tanh', 'relu', 'lstm', 'gru']),
    hidden: positive,
    members: positive.describe('networks whose logits are averaged'),
    parameters: positive,
  }),
  grid: z.strictObject({ cadenceSeconds: z.number().positive(), latenessSeconds: z.number().nonnegative() }),
  /** declared beside the built-in table */
  declares: z.array(Channel),
  /** the model's channels, in the order in which its inputs take them */
  channels: z.array(z.string()).min(1),
  inputs: z.strictObject({
    kind: z.enum(['sepsis-hour', 'icu-48h']).describe('which running summaries make the row: src/inference/hourly'),
    /** z = (input - centre) / scale, clipped to +-clip; an unknown input is 0: [F] */
    centre: z.array(z.number()),
    scale: z.array(z.number().positive()),
    clip: z.number().positive(),
  }),
  outcome: z.strictObject({
    event: z.string(),
    asked: z.enum(['every-row', 'last-row']).describe('where the logit means what it was trained for'),
    /** a logit for each of these, [B, N] in place of [B, 1]: probabilities are softmax(slope * logits), intercept and
     *  threshold are 0, the event is the last of them; absent: one logit */
    classes: z.array(z.string()).min(2).optional(),
    /** the event is predicted where the logit is at least this */
    threshold: z.number(),
    /** probability = 1 / (1 + exp(-(slope * logit + intercept))), from patients a network had not seen (Platt 1999) */
    slope: z.number().positive(),
    intercept: z.number(),
    /** hours between which the clock alone would predict the event, fitted on the same patients: the baseline to beat */
    clock: z.array(z.tuple([z.number(), z.number()])),
  }),
  /** alert policy: raise after `hold` hours at or above the threshold, clear after `clear.hours` below it less the margin */
  policy: z
    .strictObject({
      says: z.string().min(1).max(24).describe('what the risk is of, as a nurse reads it'),
      priority: Priority.exclude(['high']),
      hold: positive,
      clear: z.strictObject({ margin: z.number().nonnegative().describe('of the logit'), hours: positive }),
      silenceSeconds: z.number().positive().describe('re-alarm silence of this risk'),
    })
    .optional()
    .describe('absent: the risk is shown, and raises nothing'),
  training: z.strictObject({
    recipe: z.string(),
    seed: z.int(),
    data: z.string().describe('publisher and version of the data'),
    dataSha256: sha256,
    patients: positive,
    updates: positive,
    engine: z.string(),
  }),
}) // biome-ignore format: one field, one line
export type ClassifierManifest = z.infer<typeof ClassifierManifest>

import { z } from 'zod'
import { Channel } from './channels.ts'

/** Version of the reconstructor's manifest layout. */
export const RECONSTRUCTOR_MANIFEST_VERSION = 1

const positive = z.int().positive()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const numbers = z.array(z.number())

/**
 * One version of an encoder-decoder that translates a window into itself: exactly one graph, called every S frames. It maps
 * x [B, S * 2 * C], the newest S frames, and state_in [B, (W - S) * 2 * C], those before them, to forecast [B, W * C], the
 * absolute error of every value of the window (oldest frame first, -1 where none came), and state_out. A frame is C values,
 * z = (value - centre) / scale clipped to +-clip (the last one where none came, 0 before the first), then C masks.
 */
export const ReconstructorManifest = z.strictObject({
  manifestVersion: z.literal(RECONSTRUCTOR_MANIFEST_VERSION),
  task: z.literal('reconstruct'),
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  version: z.string().regex(/^[a-z0-9.-]{1,40}$/),
  detector: z.string().regex(/^[a-z0-9-]{1,40}$/),
  createdBy: z.string(),
  graph: z.strictObject({
    file: z.literal('model.onnx'),
    sha256,
    form: z.literal('lstm-operator'),
    opset: positive,
    hidden: positive,
    parameters: positive,
  }),
  grid: z.strictObject({ cadenceSeconds: z.number().positive(), latenessSeconds: z.number().nonnegative() }),
  /** declared beside the built-in table */
  declares: z.array(Channel),
  /** the model's channels, in the order of a frame: [C] */
  channels: z.array(z.string()).min(1),
  normaliser: z.strictObject({ centre: numbers, scale: z.array(z.number().positive()), clip: z.number().positive() }),
  window: positive.describe('W, frames'),
  stride: positive.describe('S, frames from one call to the next; divides W'),
  /** the score of a window: mean squared Mahalanobis distance of its newest frames' errors, per observed channel */
  score: z.strictObject({
    scored: positive.describe('newest frames of the window that are scored'),
    centre: numbers,
    covariance: z.array(numbers),
    threshold: z.number().positive().describe('reached by `share` of the calibration windows'),
    share: z.number().positive().max(1),
  }),
  training: z.strictObject({
    recipe: z.string(),
    seed: z.int(),
    data: z.string().describe('publisher and version of the data'),
    dataSha256: sha256,
    split: z.strictObject({ train: z.array(z.string()), validation: z.array(z.string()), calibration: z.array(z.string()), test: z.array(z.string()) }),
    updates: positive,
    engine: z.string(),
  }),
}) // biome-ignore format: one field, one line
export type ReconstructorManifest = z.infer<typeof ReconstructorManifest>

import { z } from 'zod'
import { Channel } from './channels.ts'

/** Version of the manifest layout this build reads and writes. */
export const MANIFEST_VERSION = 2

const positive = z.int().positive()

/** How often a statistic reaches a value within a minute when all is well: an empirical tail, then a fitted one. */
const TailTable = z.strictObject({
  /** minutes behind the table */
  n: positive,
  /** exceedance probabilities, falling from 1 to the threshold of the fitted tail */
  probabilities: z.array(z.number().positive().max(1)),
  /** largest values of a minute, exceeded with that probability, rising */
  values: z.array(z.number()),
  /** generalised Pareto tail beyond the last entry */
  tailShape: z.number(),
  tailScale: z.number().positive(),
})
export type TailTable = z.infer<typeof TailTable>

/** How values lay: at most ten bins between deciles (`scoring/stability.ts`). */
const Bins = {
  n: positive,
  edges: z.array(z.number()).max(9),
  shares: z.array(z.number().min(0).max(1)).min(1).max(10),
}

/**
 * One model version: exactly one graph, with everything needed to feed it and to read it. The graph maps
 * x [B, F], state_in [B, L * 2 * H] to forecast [B, K * 2 * C], state_out [B, L * 2 * H]; F = 4 C (see features),
 * state[b] = for each layer h [H], then c [H]; forecast[b] = for each horizon k: C means, then C scales, in normalised
 * units, Student-t with `degreesOfFreedom`.
 */
export const ModelManifest = z.strictObject({
  manifestVersion: z.literal(MANIFEST_VERSION),
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  version: z.string().regex(/^[a-z0-9.-]{1,40}$/),
  detector: z.string().regex(/^[a-z0-9-]{1,40}$/),
  createdBy: z.string(),
  graph: z.strictObject({
    file: z.literal('model.onnx'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    form: z.enum(['lstm-operator', 'plain-products']),
    opset: positive,
    features: positive,
    hidden: positive,
    layers: positive,
    parameters: positive,
  }),
  grid: z.strictObject({
    cadenceSeconds: z.number().positive(),
    latenessSeconds: z.number().nonnegative(),
  }),
  /** declared beside the built-in table */
  declares: z.array(Channel),
  /** the model's channels, in the order of its features and forecasts: [C] */
  channels: z.array(z.string()).min(1),
  /** z = (value - centre) / scale, clipped to +-clip: [C] */
  normaliser: z.strictObject({ centre: z.array(z.number()), scale: z.array(z.number().positive()), clip: z.number().positive() }),
  features: z.strictObject({
    perChannel: z.tuple([z.literal('value'), z.literal('mask'), z.literal('age'), z.literal('trend')]),
    /** age enters as log1p(min(age, maxAgeSeconds)) / log1p(maxAgeSeconds) */
    maxAgeSeconds: z.number().positive(),
    /** time constant of the patient's running mean that `trend` is measured from */
    trendSeconds: z.number().positive(),
  }),
  /** forecast horizons, in ticks: [K]; the first is scored at every tick, the others at their own stride */
  horizons: z.array(positive).min(1),
  /** Student-t degrees of freedom: [K][C] */
  degreesOfFreedom: z.array(z.array(z.number().gt(1))),
  /** half-life of the unit that remembers longest, at its mean forget gate; absent in older versions */
  memory: z.strictObject({ halfLifeSeconds: z.number().positive() }).optional(),
  /** frames after a reset before the detector may raise: the state is still cold */
  warmupSteps: z.int().nonnegative(),
  calibration: z.strictObject({
    calibrated: z.boolean().describe('true only after a site gave at least 20 patient-days of its own'),
    patients: z.int(),
    frames: z.int(),
    /** minutes behind the tails */
    minutes: z.int(),
    /** mean surprise of a channel when all is well, nats: [K][C] */
    expected: z.array(z.array(z.number())),
    /** residuals in the patient's own spread when all is well, by horizon: mean [K][C], shrunk covariance [K][C][C] */
    centre: z.array(z.array(z.number())),
    covariance: z.array(z.array(z.array(z.number()))),
    /** a minute's mean residual of the longer horizons when all is well: [C] */
    minute: z.strictObject({ mean: z.array(z.number()), sd: z.array(z.number().positive()) }),
    /** tails of the statistics: a channel's residual [K][C], its leap [C], the joint distance [K] */
    tails: z.strictObject({
      residual: z.array(z.array(TailTable)),
      leap: z.array(TailTable),
      joint: z.array(TailTable),
    }),
  }),
  /** shipped alert policy: raise when n of the last `of` ticks had p < q, p being the chance that a minute of a patient
   *  who is as before shows as much anywhere; clear after clearSeconds with p > 10 q, but never above 1/2. `drift`: factor
   *  on the limit of slow drift, 1 = one a week for one channel and side were minutes independent. `weights`: how large a
   *  part of the chance of a false alarm a test has, by its channel (1 where none stands, and of the joint tests) times by its
   *  horizon (a leap is of the first); all alike where there are none */
  policy: z.strictObject({
    q: z.number().positive(),
    n: positive,
    of: positive.max(64),
    clearSeconds: z.number().positive(),
    drift: z.number().positive().default(1),
    weights: z
      .strictObject({ channels: z.record(z.string(), z.number().positive()), horizons: z.array(z.number().positive()) })
      .optional(),
  }),
  /** how the threshold was set from a site's own recordings; absent as shipped */
  site: z
    .strictObject({
      budgetPerPatientDay: z.number().positive(),
      patients: positive,
      patientDays: z.number().positive(),
      alarms: z.number().nonnegative().describe('advisories in these recordings at this threshold'),
    })
    .optional(),
  /** inputs and scores of the stays the model was calibrated on: what later ones are held against; absent in older versions */
  reference: z
    .strictObject({
      /** [C] observed values, channel unit, and the share of frames without one */
      channels: z.array(z.strictObject({ ...Bins, missing: z.number().min(0).max(1) })),
      /** first horizon's surprise above the expected one, nats */
      score: z.strictObject(Bins),
      /** [K] share of ticks with p < q */
      exceedance: z.array(z.number().min(0).max(1)),
    })
    .optional(),
  training: z.strictObject({
    recipe: z.string(),
    seed: z.int(),
    data: z.string().describe('publisher and version of the data'),
    dataSha256: z.string().regex(/^[0-9a-f]{64}$/),
    split: z.strictObject({ train: z.array(z.string()), validation: z.array(z.string()), calibration: z.array(z.string()), test: z.array(z.string()) }),
    updates: z.int(),
    engine: z.string(),
  }),
}) // biome-ignore format: one field, one line
export type ModelManifest = z.infer<typeof ModelManifest>

/** golden.json: inputs and what the trainer computed from them, statefully, from a zero state. */
export const GoldenSteps = z.strictObject({
  /** [T][F] */
  x: z.array(z.array(z.number())),
  /** [T][K * 2 * C] */
  forecast: z.array(z.array(z.number())),
  /** [L][H] after the last step */
  h: z.array(z.array(z.number())),
  c: z.array(z.array(z.number())),
  tolerance: z.number().positive(),
})
export type GoldenSteps = z.infer<typeof GoldenSteps>

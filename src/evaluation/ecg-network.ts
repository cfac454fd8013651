import { openStepGraph } from '../inference/engine.ts'
import type { GraphShape } from '../inference/graph-shape.ts'
import { inProcessEngine } from '../inference/in-process.ts'
import { encodeModel } from '../onnx/proto.ts'
import { random } from '../random.ts'
import { optimiser, update } from '../training/adamw.ts'
import { throughChunk, zeroState } from '../training/bptt.ts'
import {
  firstWeights,
  type NetworkShape,
  parameterArrays,
  parameterShapes,
  type Weights,
  weightsOf,
} from '../training/network.ts'
import { stepGraph } from '../training/onnx/graph.ts'

/**
 * Sample in, next sample out. The step graph adds its first feature to the head's mean; here that feature is always 0, so
 * that the network forecasts the sample itself, and the second one is the sample.
 */
const SHAPE: NetworkShape = { features: 2, hidden: 64, layers: 1, channels: 1, horizons: 1 }
const [SAMPLE, MEAN] = [1, 0]

/**
 * One setting for every record. Few updates on purpose: a network that knows more of a record also forecasts its odd
 * beats; how few is right differs between records, so the weights are kept at three times, and their forecasts averaged.
 */
export const ECG_FIT = {
  /** updates after which the weights are kept, rising */
  kept: [80, 120, 160],
  /** windows of an update, drawn anew each time */
  batch: 32,
  /** samples of a window, and those at its start without loss, while the state fills */
  window: 128,
  settling: 16,
  rate: 3e-3,
  clipNorm: 1,
} as const
export type EcgFit = Readonly<Record<Exclude<keyof typeof ECG_FIT, 'kept'>, number>> & {
  readonly kept: readonly number[]
}

/**
 * Train one network to forecast the next sample: mean squared error, Adam.
 * @param z [N] normalised samples
 * @param seed first weights and windows
 * @returns the weights after each of `kept`
 */
export async function fitEcg(z: Float32Array, seed: number, fit: EcgFit = ECG_FIT): Promise<Weights[]> {
  const { batch, window, settling } = fit
  const rng = random(seed)
  const state = optimiser(parameterArrays(firstWeights(SHAPE, rng, 0)))
  const matrix = parameterShapes(SHAPE).map((dims) => dims.length === 2)
  const options = { weightDecay: 0, clipNorm: fit.clipNorm, averaging: 0 }
  const x = new Float32Array(window * batch * SHAPE.features) // [T, B, F]
  const next = new Float32Array(window * batch) // [T, B]
  const losses = (window - settling) * batch
  const gradientOf = (outputs: Float32Array): Float32Array => {
    const gradient = new Float32Array(outputs.length) // [T B, 2]: mean, and a scale that is not used
    for (let row = settling * batch; row < next.length; row++) {
      gradient[2 * row + MEAN] = (2 * (outputs[2 * row + MEAN]! - next[row]!)) / losses
    }
    return gradient
  }
  const kept: Weights[] = []
  for (let done = 1; done <= Math.max(...fit.kept); done++) {
    for (let lane = 0; lane < batch; lane++) {
      const from = Math.floor(rng.uniform() * (z.length - window))
      for (let t = 0; t < window; t++) {
        const row = t * batch + lane
        x[row * SHAPE.features + SAMPLE] = z[from + t]!
        next[row] = z[from + t + 1]!
      }
    }
    const weights = weightsOf(SHAPE, state.parameters)
    const { gradients } = await throughChunk(SHAPE, weights, x, batch, zeroState(SHAPE, batch), gradientOf)
    update(state, gradients, matrix, fit.rate, options)
    if (fit.kept.includes(done))
      kept.push(
        weightsOf(
          SHAPE,
          state.parameters.map((each) => each.slice()),
        ),
      )
  }
  return kept
}

/**
 * Forecasts of a whole record, one sample after the other from a zero state, by onnxruntime: [N] where number t was made
 * after sample t - 1 and before sample t. Number 0 is the record's mean, 0. A sample that is NaN steps nothing.
 */
export async function forecastEcg(weights: Weights, z: Float32Array): Promise<Float32Array> {
  const about = { name: 'ecg', producer: 'vigil', metadata: {} }
  const onnx = encodeModel(stepGraph(SHAPE, weights, Float32Array.of(0.01), 'lstm-operator', about))
  const { features, hidden, layers } = SHAPE
  const shape: GraphShape = { features, hidden, layers, outputs: 2 }
  const engine = inProcessEngine(await openStepGraph(onnx, shape, { provider: 'cpu', threads: 1, maxBatch: 1 }))
  try {
    const slots = Int32Array.of(0)
    const x = new Float32Array(features)
    const forecasts = new Float32Array(z.length)
    for (let t = 0; t + 1 < z.length; t++) {
      forecasts[t + 1] = forecasts[t]!
      if (Number.isNaN(z[t]!)) continue
      x[SAMPLE] = z[t]!
      forecasts[t + 1] = (await engine.step(slots, x, 1))[MEAN]!
    }
    return forecasts
  } finally {
    await engine.close()
  }
}

import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GraphShape } from '../../src/inference/graph-shape.ts'
import type { ModelBundle } from '../../src/inference/model-store.ts'
import { encodeModel } from '../../src/onnx/proto.ts'
import { random } from '../../src/random.ts'
import { sha256, writeBundle } from '../../src/training/bundle.ts'
import { firstWeights, inputSize, type NetworkShape, parameterCount, type Weights } from '../../src/training/network.ts'
import { type GraphForm, OPSET, stepGraph } from '../../src/training/onnx/graph.ts'
import type { GoldenSteps, ModelManifest } from '../../src/vitals/manifest.ts'

/** The sizes of the shipped bedside detector: 4 channels, 3 horizons, 64 x 2 hidden units. */
export const BEDSIDE: NetworkShape = { features: 16, hidden: 64, layers: 2, channels: 4, horizons: 3 }
/** Sizes that are no multiple of anything. */
export const ODD: NetworkShape = { features: 12, hidden: 5, layers: 3, channels: 3, horizons: 1 }

const FLOOR = 0.05

export interface TestModel {
  readonly network: NetworkShape
  readonly shape: GraphShape
  readonly weights: Weights
  readonly onnx: Uint8Array
}

/** An untrained network of a seed, written by the trainer's own ONNX writer. */
export function testModel(network: NetworkShape = BEDSIDE, form: GraphForm = 'lstm-operator', seed = 7): TestModel {
  const weights = firstWeights(network, random(seed), 0.5)
  const { features, hidden, layers, channels, horizons } = network
  return {
    network,
    shape: { features, hidden, layers, outputs: horizons * 2 * channels },
    weights,
    onnx: graphBytes(network, weights, form),
  }
}

export function graphBytes(network: NetworkShape, weights: Weights, form: GraphForm = 'lstm-operator'): Uint8Array {
  const about = { name: 'test', producer: 'vigil tests', metadata: {} }
  return encodeModel(stepGraph(network, weights, new Float32Array(network.channels).fill(FLOOR), form, about))
}

/** [rows * F] standard normal features */
export function features(rows: number, width: number, seed: number): Float32Array {
  const { normal } = random(seed)
  return Float32Array.from({ length: rows * width }, normal)
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))

/** The network written out in double precision: Hochreiter & Schmidhuber's LSTM with forget gates (Gers 2000). */
export function referenceSteps(network: NetworkShape, weights: Weights, x: number[][]): Omit<GoldenSteps, 'tolerance'> {
  const { hidden, layers, channels, horizons } = network
  const h = Array.from({ length: layers }, () => new Array<number>(hidden).fill(0))
  const c = Array.from({ length: layers }, () => new Array<number>(hidden).fill(0))
  const forecast = x.map((frame) => {
    let below = frame
    for (let l = 0; l < layers; l++) {
      const { kernel, bias } = weights.layers[l]!
      const input = [...below, ...h[l]!]
      if (input.length !== inputSize(network, l) + hidden) throw new RangeError('input size')
      const gate = (g: number, unit: number) =>
        input.reduce((sum, v, i) => sum + v * kernel[i * 4 * hidden + g * hidden + unit]!, bias[g * hidden + unit]!)
      const cNew = c[l]!.map((old, u) => sigmoid(gate(1, u)) * old + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)))
      h[l] = cNew.map((value, u) => sigmoid(gate(3, u)) * Math.tanh(value))
      c[l] = cNew
      below = h[l]!
    }
    const each = horizons * channels
    const head = (i: number) =>
      below.reduce((sum, v, u) => sum + v * weights.head.kernel[u * 2 * each + i]!, weights.head.bias[i]!)
    return Array.from({ length: horizons }, (_, k) => [
      ...Array.from({ length: channels }, (_, i) => frame[i]! + head(k * channels + i)),
      ...Array.from(
        { length: channels },
        (_, i) => Math.fround(FLOOR) + Math.exp(4 * Math.asinh(head(each + k * channels + i) / 2)),
      ),
    ]).flat()
  })
  return { x, forecast, h, c }
}

/** A bundle in memory: the model with a manifest and golden steps that fit it. */
export function testBundle(model: TestModel = testModel(), steps = 200): ModelBundle {
  const { network, weights, onnx } = model
  const flat = features(steps, network.features, 11)
  const x = Array.from({ length: steps }, (_, t) =>
    Array.from(flat.subarray(t * network.features, (t + 1) * network.features)),
  )
  const golden = { ...referenceSteps(network, weights, x), tolerance: 1e-4 }
  return { dir: 'test', manifest: testManifest(network, onnx), golden, onnx }
}

export function testManifest(network: NetworkShape, onnx: Uint8Array): ModelManifest {
  const { features: F, hidden, layers, channels: C, horizons: K } = network
  const perChannel = <T>(value: T): T[] => new Array<T>(C).fill(value)
  const perHorizon = <T>(value: T): T[] => new Array<T>(K).fill(value)
  const tail = { n: 100, probabilities: [1, 0.01], values: [0, 5], tailShape: 0, tailScale: 1 }
  return {
    manifestVersion: 2,
    name: 'test',
    version: '1.0.0',
    detector: 'test',
    createdBy: 'vigil tests',
    graph: {
      file: 'model.onnx',
      sha256: sha256(onnx),
      form: 'lstm-operator',
      opset: OPSET,
      features: F,
      hidden,
      layers,
      parameters: parameterCount(network),
    },
    grid: { cadenceSeconds: 1, latenessSeconds: 2 },
    declares: [],
    channels: ['hr', 'pulse', 'spo2', 'resp'].slice(0, C),
    normaliser: { centre: perChannel(0), scale: perChannel(1), clip: 8 },
    features: { perChannel: ['value', 'mask', 'age', 'trend'], maxAgeSeconds: 600, trendSeconds: 120 },
    horizons: [1, 10, 60].slice(0, K),
    degreesOfFreedom: perHorizon(perChannel(4)),
    warmupSteps: 60,
    calibration: {
      calibrated: false,
      patients: 1,
      frames: 100,
      minutes: 100,
      expected: perHorizon(perChannel(1)),
      centre: perHorizon(perChannel(0)),
      covariance: perHorizon(perChannel(0).map((_, i, all) => all.map((_, j) => (i === j ? 1 : 0)))),
      minute: { mean: perChannel(0), sd: perChannel(1) },
      tails: { residual: perHorizon(perChannel(tail)), leap: perChannel(tail), joint: perHorizon(tail) },
    },
    policy: { q: 1e-4, n: 3, of: 5, clearSeconds: 30, drift: 1 },
    training: {
      recipe: 'test',
      seed: 7,
      data: 'none',
      dataSha256: '0'.repeat(64),
      split: { train: [], validation: [], calibration: [], test: [] },
      updates: 0,
      engine: 'none',
    },
  }
}

/** The bundle as a registry on disk with itself as champion. @returns the registry's folder */
export async function writeRegistry(bundle: ModelBundle): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vigil-models-'))
  const { name, version } = bundle.manifest
  await writeBundle(join(dir, name, version), { ...bundle, metrics: {}, card: '# test\n' })
  await writeFile(join(dir, 'aliases.json'), JSON.stringify({ [name]: { champion: version } }))
  return dir
}

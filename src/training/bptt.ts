import * as tf from '@tensorflow/tfjs-core'
import {
  disposeLayer,
  type LayerTensors,
  layerTensors,
  type Scalars,
  type StepTrace,
  scalars,
  stepBackward,
  stepForward,
} from './lstm.ts'
import { inputSize, type NetworkShape, type Weights } from './network.ts'

/** Hidden state of B rows, layer by layer: [L] of [B H]. Plain arrays: what a chunk hands on carries no gradient. */
export interface NetworkState {
  readonly h: Float32Array[]
  readonly c: Float32Array[]
}

export function zeroState(shape: NetworkShape, rows: number): NetworkState {
  const zeros = () => Array.from({ length: shape.layers }, () => new Float32Array(rows * shape.hidden))
  return { h: zeros(), c: zeros() }
}

/** Multipliers of the hidden activations, the same at every step of a chunk; zeros drop a unit. */
export interface DropoutMasks {
  /** [L] of [B, H]: on what layer l hands up, to the next layer or to the head; never on the carried state */
  readonly above: readonly Float32Array[]
}

export interface ChunkOptions {
  readonly dropout?: DropoutMasks | undefined
  /** adds this / 2 * c^2 of every cell and step to the loss */
  readonly cellPenalty?: number
}

/** Raw head outputs [T B, 2 K C] (row = step * B + lane) -> gradient of the loss by them, in the same layout. */
export type OutputGradient = (outputs: Float32Array) => Float32Array

export interface ChunkResult {
  /** in the order of `parameterArrays` */
  readonly gradients: Float32Array[]
  readonly state: NetworkState
}

interface NetworkTensors {
  readonly layers: LayerTensors[]
  /** [H, 2 K C], [2 K C] */
  readonly headKernel: tf.Tensor2D
  readonly headBias: tf.Tensor1D
  readonly scalars: Scalars
}

/**
 * Forward and back through one chunk of T steps of B lanes: truncated back-propagation through time, by hand on lists of
 * single steps (no tape, no stacking of time; why: docs/training.md).
 * @param x [T, B, F]
 * @param state before the first step; gradients stop here
 */
export function throughChunk(
  shape: NetworkShape,
  weights: Weights,
  x: Float32Array,
  lanes: number,
  state: NetworkState,
  gradientOf: OutputGradient,
  options: ChunkOptions = {},
): ChunkResult {
  const network = networkTensors(shape, weights)
  tf.engine().startScope('chunk')
  try {
    const penalty = options.cellPenalty === undefined ? undefined : tf.scalar(options.cellPenalty)
    const dropout = options.dropout?.above.map((mask) => tf.tensor2d(mask, [lanes, shape.hidden]))
    const forward = runForward(shape, network, x, lanes, state, dropout)
    const outputs = tf.add(tf.matMul(forward.tops, network.headKernel), network.headBias).dataSync() as Float32Array
    const dOutputs = tf.tensor2d(gradientOf(outputs), [forward.tops.shape[0], network.headBias.shape[0]])
    const gradients = runBackward(shape, network, forward, dOutputs, lanes, dropout, penalty)
    return { gradients, state: forward.state }
  } finally {
    tf.engine().endScope()
    disposeNetwork(network)
  }
}

/** Forward only: raw head outputs [T B, 2 K C] and the state after the last step. */
export function outputsOf(
  shape: NetworkShape,
  weights: Weights,
  x: Float32Array,
  lanes: number,
  state: NetworkState,
): { outputs: Float32Array; state: NetworkState } {
  const network = networkTensors(shape, weights)
  tf.engine().startScope('chunk')
  try {
    const forward = runForward(shape, network, x, lanes, state, undefined)
    const outputs = tf.add(tf.matMul(forward.tops, network.headKernel), network.headBias)
    return { outputs: outputs.dataSync() as Float32Array, state: forward.state }
  } finally {
    tf.engine().endScope()
    disposeNetwork(network)
  }
}

interface Forward {
  /** [T][L] */
  readonly traces: StepTrace[][]
  /** [T B, H]: what the head sees */
  readonly tops: tf.Tensor2D
  readonly state: NetworkState
}

function runForward(
  shape: NetworkShape,
  network: NetworkTensors,
  x: Float32Array,
  lanes: number,
  state: NetworkState,
  dropout: tf.Tensor2D[] | undefined,
): Forward {
  const stride = lanes * shape.features
  const steps = x.length / stride
  let h = state.h.map((values) => tf.tensor2d(values, [lanes, shape.hidden]))
  let c = state.c.map((values) => tf.tensor2d(values, [lanes, shape.hidden]))
  const traces: StepTrace[][] = []
  const tops: tf.Tensor2D[] = []
  for (let t = 0; t < steps; t++) {
    const step = tidy(() => {
      let below = tf.tensor2d(x.subarray(t * stride, (t + 1) * stride), [lanes, shape.features])
      const layers = network.layers.map((layer, l) => {
        const result = stepForward(layer, network.scalars, below, h[l]!, c[l]!)
        below = dropout === undefined ? result.h : (tf.mul(result.h, dropout[l]!) as tf.Tensor2D)
        return result
      })
      return { layers, top: below }
    })
    h = step.layers.map((layer) => layer.h)
    c = step.layers.map((layer) => layer.c)
    traces.push(step.layers.map((layer) => layer.trace))
    tops.push(step.top)
  }
  const read = (tensors: tf.Tensor2D[]) => tensors.map((tensor) => tensor.dataSync() as Float32Array)
  return { traces, tops: tf.concat(tops, 0), state: { h: read(h), c: read(c) } }
}

function runBackward(
  shape: NetworkShape,
  network: NetworkTensors,
  forward: Forward,
  dOutputs: tf.Tensor2D,
  lanes: number,
  dropout: tf.Tensor2D[] | undefined,
  penalty: tf.Scalar | undefined,
): Float32Array[] {
  const { traces, tops } = forward
  const steps = traces.length
  const dTops = tf.matMul(dOutputs, tf.transpose(network.headKernel)) // [T B, H]
  const dHeadKernel = tf.matMul(tf.transpose(tops), dOutputs) // [H, 2 K C]
  const dHeadBias = tf.sum(dOutputs, 0)
  let dh: (tf.Tensor2D | undefined)[] = network.layers.map(() => undefined)
  let dc: (tf.Tensor2D | undefined)[] = network.layers.map(() => undefined)
  const dz: tf.Tensor2D[][] = network.layers.map(() => []) // [L][T], last step first
  for (let t = steps - 1; t >= 0; t--) {
    const back = tidy(() => {
      let fromAbove = tf.slice(dTops, [t * lanes, 0], [lanes, shape.hidden]) as tf.Tensor2D
      const layers: ReturnType<typeof stepBackward>[] = new Array(network.layers.length)
      for (let l = network.layers.length - 1; l >= 0; l--) {
        if (dropout !== undefined) fromAbove = tf.mul(fromAbove, dropout[l]!) as tf.Tensor2D
        const later = dh[l]
        const total = later === undefined ? fromAbove : (tf.add(fromAbove, later) as tf.Tensor2D)
        layers[l] = stepBackward(network.layers[l]!, network.scalars, traces[t]![l]!, total, dc[l], penalty)
        fromAbove = layers[l]!.dx
      }
      return layers
    })
    tf.dispose([...dh, ...dc].filter((tensor) => tensor !== undefined))
    dh = back.map((layer) => layer.dh)
    dc = back.map((layer) => layer.dc)
    back.forEach((layer, l) => {
      dz[l]!.push(layer.dz)
      layer.dx.dispose()
    })
  }
  const gradients = network.layers.flatMap((layer, l) => {
    const sums = tf.concat(dz[l]!.reverse(), 0) // [T B, 4H]
    const inputs = tf.concat(
      traces.map((step) => step[l]!.xh),
      0,
    ) // [T B, I + H]
    const dKernel = tf.mul(tf.matMul(tf.transpose(inputs), sums), layer.doubling)
    return [dKernel, tf.mul(tf.sum(sums, 0), layer.doubling)]
  })
  return [...gradients, dHeadKernel, dHeadBias].map((tensor) => tensor.dataSync() as Float32Array)
}

function networkTensors(shape: NetworkShape, weights: Weights): NetworkTensors {
  const outputs = weights.head.bias.length
  return {
    layers: weights.layers.map((layer, l) => layerTensors(layer, inputSize(shape, l), shape.hidden)),
    headKernel: tf.tensor2d(weights.head.kernel, [shape.hidden, outputs]),
    headBias: tf.tensor1d(weights.head.bias),
    scalars: scalars(),
  }
}

function disposeNetwork(network: NetworkTensors): void {
  network.layers.forEach(disposeLayer)
  tf.dispose([network.headKernel, network.headBias, network.scalars.one, network.scalars.two])
}

/** tf.tidy for results that are interfaces: frees what the work made and does not return. */
function tidy<T>(work: () => T): T {
  return tf.tidy(work as () => tf.TensorContainer) as T
}

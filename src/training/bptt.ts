import * as tf from '@tensorflow/tfjs-core'
import { throughBlocks } from './block-lstm.ts'
import type { LayersInput, LayersPass } from './layers-pass.ts'
import type { NetworkShape, Weights } from './network.ts'
import { throughSteps } from './per-step.ts'

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

/**
 * The layers' way through a chunk, as the engine at hand does it best: TensorFlow's fused operators where there are some,
 * single steps elsewhere. Both are the same equations (tests/training/engines.test.ts).
 */
function throughLayers(input: LayersInput): LayersPass {
  return tf.getBackend() === 'tensorflow' ? throughBlocks(input) : throughSteps(input)
}

/** Raw head outputs [T B, 2 K C] (row = step * B + lane) -> gradient of the loss by them, in the same layout. */
export type OutputGradient = (outputs: Float32Array) => Float32Array | Promise<Float32Array>

/** One thread's way through a chunk, or that of several (`threads/lanes-apart.ts`). */
export type ThroughChunk = typeof throughChunk

export interface ChunkResult {
  /** in the order of `parameterArrays` */
  readonly gradients: Float32Array[]
  readonly state: NetworkState
}

/**
 * Forward and back through one chunk of T steps of B lanes: truncated back-propagation through time, by hand (no tape).
 * One at a time: what a chunk makes on the engine is freed together.
 * @param x [T, B, F]
 * @param state before the first step; gradients stop here
 */
export async function throughChunk(
  shape: NetworkShape,
  weights: Weights,
  x: Float32Array,
  lanes: number,
  state: NetworkState,
  gradientOf: OutputGradient,
  options: ChunkOptions = {},
): Promise<ChunkResult> {
  tf.engine().startScope('chunk')
  try {
    const { pass, kernel, outputs } = forward(shape, weights, x, lanes, state, options)
    const dOutputs = tf.tensor2d(await gradientOf(await read(outputs)), outputs.shape)
    const dTops = tf.matMul(dOutputs, tf.transpose(kernel)) as tf.Tensor2D // [T B, H]
    const dHead = [tf.matMul(tf.transpose(pass.tops), dOutputs), tf.sum(dOutputs, 0)] // [H, 2 K C], [2 K C]
    const gradients = await Promise.all([...pass.back(dTops), ...dHead].map(read))
    return { gradients, state: await stateAfter(pass) }
  } finally {
    tf.engine().endScope()
  }
}

/** Forward only: raw head outputs [T B, 2 K C] and the state after the last step. */
export async function outputsOf(
  shape: NetworkShape,
  weights: Weights,
  x: Float32Array,
  lanes: number,
  state: NetworkState,
): Promise<{ outputs: Float32Array; state: NetworkState }> {
  tf.engine().startScope('chunk')
  try {
    const { pass, outputs } = forward(shape, weights, x, lanes, state, {})
    return { outputs: await read(outputs), state: await stateAfter(pass) }
  } finally {
    tf.engine().endScope()
  }
}

function forward(
  shape: NetworkShape,
  { layers, head }: Weights,
  x: Float32Array,
  lanes: number,
  state: NetworkState,
  { dropout, cellPenalty }: ChunkOptions,
): { pass: LayersPass; kernel: tf.Tensor2D; outputs: tf.Tensor2D } {
  const rows = (values: Float32Array) => tf.tensor2d(values, [lanes, shape.hidden])
  const pass = throughLayers({
    shape,
    layers,
    x,
    lanes,
    h: state.h.map(rows),
    c: state.c.map(rows),
    dropout: dropout?.above.map(rows),
    penalty: cellPenalty,
  })
  const kernel = tf.tensor2d(head.kernel, [shape.hidden, head.bias.length])
  const outputs = tf.add(tf.matMul(pass.tops, kernel), tf.tensor1d(head.bias)) as tf.Tensor2D
  return { pass, kernel, outputs }
}

async function stateAfter({ h, c }: LayersPass): Promise<NetworkState> {
  return { h: await Promise.all(h.map(read)), c: await Promise.all(c.map(read)) }
}

/** Numbers off the engine; a GPU gives them only to those who wait. */
const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array

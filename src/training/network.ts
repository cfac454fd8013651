import type { Random } from '../random.ts'
import { orthogonal } from './cells/initialise.ts'
import { GATES } from './gates.ts'

/** Sizes of a stacked LSTM with a Student-t head. F features, H hidden units, L layers, C channels, K horizons. */
export interface NetworkShape {
  readonly features: number
  readonly hidden: number
  readonly layers: number
  readonly channels: number
  readonly horizons: number
}

/** One LSTM layer: kernel [I + H, 4H] (input rows above recurrent rows), bias [4H]; gate order: gates.ts. */
export interface LayerWeights {
  readonly kernel: Float32Array
  readonly bias: Float32Array
}

/**
 * All parameters. The head maps h of the top layer to [K C means above the last value | K C scales before `aboveFloor`]:
 * head kernel [H, 2 K C], bias [2 K C].
 */
export interface Weights {
  readonly layers: readonly LayerWeights[]
  readonly head: LayerWeights
}

/** Rows of a layer's kernel that belong to its input: F for the first layer, H above. */
export function inputSize(shape: NetworkShape, layer: number): number {
  return layer === 0 ? shape.features : shape.hidden
}

/** Every parameter array in one fixed order: kernels and biases, layer by layer, the head last. */
export function parameterArrays(weights: Weights): Float32Array[] {
  return [...weights.layers, weights.head].flatMap((layer) => [layer.kernel, layer.bias])
}

/** Shapes of `parameterArrays`, in its order. */
export function parameterShapes(shape: NetworkShape): number[][] {
  const gates = GATES.length * shape.hidden
  const outputs = 2 * shape.horizons * shape.channels
  const layers = Array.from({ length: shape.layers }, (_, l) => [[inputSize(shape, l) + shape.hidden, gates], [gates]])
  return [...layers.flat(), [shape.hidden, outputs], [outputs]]
}

/** `parameterArrays` put back in their places. */
export function weightsOf(shape: NetworkShape, arrays: readonly Float32Array[]): Weights {
  const pairs = Array.from({ length: shape.layers + 1 }, (_, i) => ({
    kernel: arrays[2 * i]!,
    bias: arrays[2 * i + 1]!,
  }))
  return { layers: pairs.slice(0, -1), head: pairs.at(-1)! }
}

export function parameterCount(shape: NetworkShape): number {
  return parameterShapes(shape).reduce((sum, dims) => sum + dims.reduce((a, b) => a * b, 1), 0)
}

/**
 * First weights: input kernels Glorot uniform, recurrent kernels orthogonal per gate block, forget bias 1 (Gers 2000;
 * Jozefowicz 2015), the head small so that training begins at the last value.
 * @param scaleBias first bias of every scale, before `aboveFloor`
 */
export function firstWeights(shape: NetworkShape, random: Random, scaleBias: number): Weights {
  const { hidden } = shape
  const width = GATES.length * hidden
  const layers = Array.from({ length: shape.layers }, (_, l) => {
    const inputs = inputSize(shape, l)
    const kernel = new Float32Array((inputs + hidden) * width)
    const bound = Math.sqrt(6 / (inputs + hidden))
    for (let i = 0; i < inputs * width; i++) kernel[i] = (2 * random.uniform() - 1) * bound
    for (let gate = 0; gate < GATES.length; gate++) {
      const block = orthogonal(hidden, random)
      for (let row = 0; row < hidden; row++) {
        kernel.set(block.subarray(row * hidden, (row + 1) * hidden), (inputs + row) * width + gate * hidden)
      }
    }
    const bias = new Float32Array(width)
    const forget = GATES.indexOf('forget') * hidden
    bias.fill(1, forget, forget + hidden)
    return { kernel, bias }
  })
  const outputs = shape.horizons * shape.channels
  const head = { kernel: new Float32Array(hidden * 2 * outputs), bias: new Float32Array(2 * outputs) }
  for (let i = 0; i < head.kernel.length; i++) head.kernel[i] = 0.01 * random.normal()
  head.bias.fill(scaleBias, outputs)
  return { layers, head }
}

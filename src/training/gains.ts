import { inputSize, type NetworkShape, parameterArrays, parameterShapes, weightsOf } from './network.ts'

/**
 * Constant gains between what the optimiser moves and what the network computes with: weight = parameter * gain.
 * They bring small inputs up and keep a step of the optimiser small at the output; export sees only the product.
 */
export interface Gains {
  /** [F] on the first layer's input rows */
  readonly inputs: readonly number[]
  /** [C] on the head's means */
  readonly means: readonly number[]
}

/** The gains as arrays beside `parameterArrays`, in its order and of its lengths. */
export function gainArrays(shape: NetworkShape, gains: Gains): Float32Array[] {
  const arrays = parameterShapes(shape).map((dims) => new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1))
  const weights = weightsOf(shape, arrays)
  const width = weights.layers[0]!.bias.length
  for (let i = 0; i < inputSize(shape, 0); i++) {
    weights.layers[0]!.kernel.fill(gains.inputs[i]!, i * width, (i + 1) * width)
  }
  const outputs = weights.head.bias.length
  const means = outputs / 2
  for (let row = 0; row < shape.hidden; row++) {
    for (let o = 0; o < means; o++) weights.head.kernel[row * outputs + o] = gains.means[o % shape.channels]!
  }
  for (let o = 0; o < means; o++) weights.head.bias[o] = gains.means[o % shape.channels]!
  return parameterArrays(weights)
}

/** Arrays multiplied by their gains, element by element. */
export function gained(arrays: readonly Float32Array[], gains: readonly Float32Array[]): Float32Array[] {
  return arrays.map((array, p) => array.map((value, i) => value * gains[p]![i]!))
}

/** What the optimiser moves, of the weights that a network computes with. */
export function ungained(arrays: readonly Float32Array[], gains: readonly Float32Array[]): Float32Array[] {
  return arrays.map((array, p) => array.map((value, i) => value / gains[p]![i]!))
}

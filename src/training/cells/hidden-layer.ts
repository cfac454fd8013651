import { sigmoid } from '../head.ts'
import { type Layer, sumsBack, weightedSums } from './weighted-sums.ts'

/** y = f(z), and its slope dy/dz written in y itself: the way back needs nothing but what came out. */
interface Activation {
  readonly of: (z: number) => number
  readonly slope: (y: number) => number
}

export const ACTIVATIONS = {
  /** slope at most 1/4: each layer, or step, divides a gradient by four or more */
  sigmoid: { of: sigmoid, slope: (y) => y * (1 - y) },
  /** slope at most 1, and 1 only at rest */
  tanh: { of: Math.tanh, slope: (y) => 1 - y * y },
  /** slope 1 wherever the neuron answers at all */
  relu: { of: (z) => Math.max(0, z), slope: (y) => (y > 0 ? 1 : 0) },
} as const satisfies Record<string, Activation>
export type ActivationName = keyof typeof ACTIVATIONS

/** y = f(bias + v kernel): v [I] -> [N] */
export function hiddenLayer(layer: Layer, activation: ActivationName, v: Float64Array): Float64Array {
  const { of } = ACTIVATIONS[activation]
  const y = weightedSums(layer, v)
  for (let n = 0; n < y.length; n++) y[n] = of(y[n]!)
  return y
}

/**
 * The way back: dz = dy f'(z), then through the sums.
 * @param y [N] as it came out
 * @param dy [N] gradient of the loss by y
 * @param gradients kernel and bias, added to
 * @returns [I] gradient of the loss by v
 */
export function hiddenLayerBack(
  layer: Layer,
  activation: ActivationName,
  v: Float64Array,
  y: Float64Array,
  dy: Float64Array,
  gradients?: readonly Float64Array[],
): Float64Array {
  const { slope } = ACTIVATIONS[activation]
  const dz = new Float64Array(y.length)
  for (let n = 0; n < y.length; n++) dz[n] = dy[n]! * slope(y[n]!)
  return sumsBack(layer, v, dz, gradients)
}

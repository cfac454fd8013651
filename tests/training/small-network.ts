import { random } from '../../src/random.ts'
import { firstWeights, type NetworkShape, type Weights } from '../../src/training/network.ts'

/** A network small enough to differentiate by hand: two layers of three, one channel pair, two horizons. */
export const SMALL: NetworkShape = { features: 4, hidden: 3, layers: 2, channels: 1, horizons: 2 }

/** Weights with nothing at zero, so that every gradient matters. */
export function smallWeights(shape: NetworkShape, seed: number): Weights {
  const rng = random(seed)
  const weights = firstWeights(shape, rng, -1)
  for (const layer of [...weights.layers, weights.head]) {
    for (const array of [layer.kernel, layer.bias])
      for (let i = 0; i < array.length; i++) array[i]! += (0.5 * rng.normal()) / Math.sqrt(shape.hidden)
  }
  return weights
}

/** [count] standard normal numbers */
export function noise(count: number, seed: number): Float32Array {
  const rng = random(seed)
  return Float32Array.from({ length: count }, () => rng.normal())
}

/** Largest absolute difference. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} numbers`)
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

import type { ModelManifest } from '../vitals/manifest.ts'
import { lstmStep } from './cells/lstm-cell.ts'
import { weightedSums } from './cells/weighted-sums.ts'
import { GATES } from './gates.ts'
import type { NetworkShape, Weights } from './network.ts'

/** a forget gate that never closes remembers for ever: a version that is new is warmed up no longer than thrice this */
const LONGEST_MEMORY_SECONDS = 3600

/** State of one patient, layer by layer: [L] of [H]. */
export interface PlainState {
  readonly h: Float64Array[]
  readonly c: Float64Array[]
}

export function plainState({ layers, hidden }: NetworkShape): PlainState {
  const zeros = () => Array.from({ length: layers }, () => new Float64Array(hidden))
  return { h: zeros(), c: zeros() }
}

/**
 * One step of one patient in plain doubles, straight from the equations: what the fast paths are checked against, and
 * how gates are looked into. Advances the state in place.
 * @param x [F] at `at`
 * @param forget [L][H] written with the forget gates, where wanted
 * @returns raw head outputs [2 K C]
 */
export function plainStep(
  shape: NetworkShape,
  weights: Weights,
  state: PlainState,
  x: ArrayLike<number>,
  at: number,
  forget?: Float64Array[],
): Float64Array {
  const { hidden } = shape
  const forgetAt = GATES.indexOf('forget') * hidden
  let below: Float64Array = Float64Array.from({ length: shape.features }, (_, n) => x[at + n]!)
  weights.layers.forEach((layer, l) => {
    const [h, c] = [state.h[l]!, state.c[l]!]
    const before = new Float64Array(2 * hidden)
    before.set(c)
    before.set(h, hidden)
    const { gates, state: after } = lstmStep(layer, below, before)
    c.set(after.subarray(0, hidden))
    h.set(after.subarray(hidden))
    if (forget !== undefined) forget[l]!.set(gates.subarray(forgetAt, forgetAt + hidden))
    below = h
  })
  return weightedSums(weights.head, below)
}

/**
 * How long each unit remembers: steps after which half of its cell is left, at its mean forget gate.
 * @param x [N, F] a stay from a zero state
 * @returns [L][H] ln 2 / -ln f
 */
export function halfLives(shape: NetworkShape, weights: Weights, x: Float32Array): number[][] {
  const steps = x.length / shape.features
  const state = plainState(shape)
  const gates = Array.from({ length: shape.layers }, () => new Float64Array(shape.hidden))
  const sums = gates.map((layer) => new Float64Array(layer.length))
  for (let t = 0; t < steps; t++) {
    plainStep(shape, weights, state, x, t * shape.features, gates)
    gates.forEach((layer, l) => {
      for (let unit = 0; unit < layer.length; unit++) sums[l]![unit]! += layer[unit]!
    })
  }
  return sums.map((layer) => Array.from(layer, (sum) => Math.LN2 / -Math.log(sum / steps)))
}

/**
 * What a manifest says of half-lives: the longest of them.
 * @param halfLives [L][H] steps
 */
export function longestMemory(
  halfLives: readonly (readonly number[])[],
  cadenceSeconds: number,
): NonNullable<ModelManifest['memory']> {
  return { halfLifeSeconds: Math.min(LONGEST_MEMORY_SECONDS, Math.max(...halfLives.flat()) * cadenceSeconds) }
}

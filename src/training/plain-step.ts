import { GATES } from './gates.ts'
import { sigmoid } from './head.ts'
import { inputSize, type NetworkShape, type Weights } from './network.ts'

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
  const width = GATES.length * hidden
  const [i, f, g, o] = (['input', 'forget', 'candidate', 'output'] as const).map((gate) => GATES.indexOf(gate) * hidden)
  let below: ArrayLike<number> = Float64Array.from({ length: shape.features }, (_, n) => x[at + n]!)
  for (let l = 0; l < shape.layers; l++) {
    const { kernel, bias } = weights.layers[l]!
    const [h, c] = [state.h[l]!, state.c[l]!]
    const inputs = inputSize(shape, l)
    const sums = product(kernel, bias, width, (row) => (row < inputs ? below[row]! : h[row - inputs]!), inputs + hidden)
    for (let unit = 0; unit < hidden; unit++) {
      const keep = sigmoid(sums[f! + unit]!)
      c[unit] = keep * c[unit]! + sigmoid(sums[i! + unit]!) * Math.tanh(sums[g! + unit]!)
      h[unit] = sigmoid(sums[o! + unit]!) * Math.tanh(c[unit]!)
      if (forget !== undefined) forget[l]![unit] = keep
    }
    below = h
  }
  const { kernel, bias } = weights.head
  const top = state.h.at(-1)!
  return product(kernel, bias, bias.length, (row) => top[row]!, hidden)
}

/** bias + v M, M [rows, width] */
function product(
  matrix: Float32Array,
  bias: Float32Array,
  width: number,
  value: (row: number) => number,
  rows: number,
): Float64Array {
  const sums = Float64Array.from(bias)
  for (let row = 0; row < rows; row++) {
    const v = value(row)
    for (let to = 0; to < width; to++) sums[to]! += v * matrix[row * width + to]!
  }
  return sums
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

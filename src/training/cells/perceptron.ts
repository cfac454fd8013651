import { sigmoid } from '../head.ts'
import { type Layer, sumsBack, weightedSums } from './weighted-sums.ts'

interface Answer {
  /** sums [N] -> answers [N] */
  readonly of: (sums: Float64Array) => Float64Array
  /** one answer and what was wanted -> loss, nats or half a squared error */
  readonly loss: (y: number, wanted: number) => number
}

/** Answers with the loss that fits each: minus the logarithm of a likelihood, so that dL/dz = y - wanted for all. */
const ANSWERS = {
  /** a normal mean: half the squared error */
  linear: { of: (sums) => sums, loss: (y, wanted) => (y - wanted) ** 2 / 2 },
  /** the probability of yes, for each neuron by itself: cross-entropy */
  logistic: {
    of: (sums) => sums.map(sigmoid),
    loss: (y, wanted) => -wanted * logarithm(y) - (1 - wanted) * logarithm(1 - y),
  },
  /** one of N classes: cross-entropy */
  softmax: {
    of: (sums) => {
      const highest = sums.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
      const powers = sums.map((z) => Math.exp(z - highest))
      const total = powers.reduce((a, b) => a + b, 0)
      return powers.map((power) => power / total)
    },
    loss: (y, wanted) => (wanted === 0 ? 0 : -wanted * logarithm(y)),
  },
} as const satisfies Record<string, Answer>
export type AnswerName = keyof typeof ANSWERS

/** an answer that rounds to 0 costs 744 nats, not infinitely many */
const logarithm = (y: number): number => Math.log(Math.max(y, Number.MIN_VALUE))

/** What reads a state, or an input, and answers: a layer of perceptrons with its loss. */
export interface Head {
  readonly parameters: readonly Float64Array[]
  /** v [I] -> [N] */
  output(v: Float64Array): Float64Array
  /** summed over the N answers */
  loss(y: Float64Array, wanted: ArrayLike<number>): number
  /**
   * @param gradients beside `parameters`, added to
   * @returns [I] gradient of the loss by v
   */
  back(v: Float64Array, y: Float64Array, wanted: ArrayLike<number>, gradients?: readonly Float64Array[]): Float64Array
}

/**
 * Perceptrons (Rosenblatt 1958) with an answer that has a slope, so that they learn by gradient descent.
 * @param layer kernel [I, N], bias [N]
 */
export function perceptron(
  layer: Layer & { readonly kernel: Float64Array; readonly bias: Float64Array },
  answer: AnswerName,
): Head {
  const { of, loss } = ANSWERS[answer]
  return {
    parameters: [layer.kernel, layer.bias],
    output: (v) => of(weightedSums(layer, v)),
    loss: (y, wanted) => y.reduce((sum, each, n) => sum + loss(each, wanted[n]!), 0),
    back: (v, y, wanted, gradients) => {
      const dz = y.map((each, n) => each - wanted[n]!)
      return sumsBack(layer, v, dz, gradients)
    },
  }
}

import type { InputScale } from '../../inference/hourly/inputs.ts'
import type { Random } from '../../random.ts'
import { learningRate, optimiser, update } from '../adamw.ts'
import { sigmoid } from '../head.ts'
import { type ClassifierStay, scaled } from './cohort.ts'

/** A logistic regression: [F] weights, then the bias. */
export type Linear = Float32Array

const PEAK = 5e-3

export interface LinearOptions {
  readonly epochs: number
  /** rows of an update */
  readonly batch: number
  readonly weightDecay: number
}

/**
 * Logistic regression on the same inputs, row by row, without memory: the baseline that says what the recurrence is worth.
 * @param targets of a stay: for each of its rows asked for, a signed weight (positive: the answer is yes; 0: no matter)
 */
export function fitLinear(
  stays: readonly ClassifierStay[],
  scale: InputScale,
  targets: (stay: ClassifierStay) => ArrayLike<number>,
  { epochs, batch, weightDecay }: LinearOptions,
  random: Random,
): Linear {
  const features = stays[0]!.x.length / stays[0]!.rows
  const weights = new Float32Array(features + 1)
  const state = optimiser([weights])
  const gradient = new Float32Array(features + 1)
  const options = { weightDecay, clipNorm: Number.POSITIVE_INFINITY, averaging: 0.99 }
  let total = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    let waiting = 0
    const order = random.permutation(stays.length)
    for (const [done, i] of order.entries()) {
      const stay = stays[i]!
      const wanted = targets(stay)
      const x = scaled(stay, scale)
      for (let row = 0; row < stay.rows; row++) {
        if (wanted[row] === 0) continue
        const z = linearLogit(weights, x, row * features)
        const slope = Math.abs(wanted[row]!) * (sigmoid(z) - (wanted[row]! > 0 ? 1 : 0))
        for (let f = 0; f < features; f++) gradient[f]! += slope * x[row * features + f]!
        gradient[features]! += slope
        waiting++
      }
      if (waiting < batch) continue
      const at = (epoch + done / order.length) / epochs
      update(state, [gradient], [true], learningRate(at, PEAK, 0, 0.05), options)
      gradient.fill(0)
      total += waiting
      waiting = 0
    }
  }
  if (total === 0) throw new RangeError('no row to fit a logistic regression on')
  return state.averaged[0]!.slice()
}

export function linearLogit(weights: Linear, x: Float32Array, at: number): number {
  const features = weights.length - 1
  let z = weights[features]!
  for (let f = 0; f < features; f++) z += weights[f]! * x[at + f]!
  return z
}

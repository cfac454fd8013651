import type { Random } from '../../random.ts'
import { learningRate, type OptimiserOptions, optimiser, update } from '../adamw.ts'
import { type ClassifierBatch, type ClassifierDropout, gradientsOf, type LogitGradient } from './pass.ts'
import { type ClassifierShape, type ClassifierWeights, classifierArrays, classifierOf, firstClassifier, matrices } from './shape.ts' // biome-ignore format: one line

export interface ClassifierFitOptions extends OptimiserOptions {
  readonly epochs: number
  readonly peakRate: number
  readonly lastRate: number
  /** updates in which the rate rises */
  readonly warmupUpdates: number
  readonly dropout: ClassifierDropout
  /** odds of a positive label before anything is known: where the logit's bias begins */
  readonly odds: number
}

/** One update's worth of stays, and how its logits are judged. */
export interface Lesson {
  readonly batch: ClassifierBatch
  readonly gradientOf: LogitGradient
}

/**
 * Fit one member of an ensemble: the lessons of every epoch in turn, AdamW with warm-up and cosine, averaged weights.
 * @param lessons of an epoch, drawn anew; the same number in every epoch, near enough for the rate's curve
 * @param seen after every epoch
 * @throws RangeError when every update of an epoch was skipped because its gradient was not finite
 */
export function fitClassifier(
  shape: ClassifierShape,
  options: ClassifierFitOptions,
  lessons: (random: Random) => { readonly count: number; lesson(i: number): Lesson },
  random: Random,
  seen?: (epoch: number) => void,
): { weights: ClassifierWeights; updates: number } {
  const state = optimiser(classifierArrays(firstClassifier(shape, options.odds, random)))
  const matrix = matrices(shape)
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const { count, lesson } = lessons(random)
    const before = state.updates
    for (let i = 0; i < count; i++) {
      const { batch, gradientOf } = lesson(i)
      const weights = classifierOf(shape, state.parameters)
      const gradients = gradientsOf(shape, weights, batch, options.dropout, random, gradientOf)
      const at = (epoch + i / count) / options.epochs
      const warmup = options.warmupUpdates / (count * options.epochs)
      update(state, gradients, matrix, learningRate(at, options.peakRate, options.lastRate, warmup), options)
    }
    if (state.updates === before) throw new RangeError(`no update of epoch ${epoch + 1} had a finite gradient`)
    seen?.(epoch + 1)
  }
  return { weights: classifierOf(shape, state.averaged), updates: state.updates }
}

import type { Random } from '../../random.ts'
import { learningRate, type OptimiserOptions, optimiser, update } from '../adamw.ts'
import type { LearningPoint } from '../learning-curve.ts'
import { gradientsBeside, type WindowModel } from './models.ts'
import { observedIn, type Window } from './windows.ts'

export interface WindowFitOptions extends OptimiserOptions {
  readonly epochs: number
  /** windows an update */
  readonly batch: number
  readonly peakRate: number
  readonly lastRate: number
  /** share of all updates in which the rate rises */
  readonly warmup: number
  /** validate every so many epochs */
  readonly validateEvery: number
}

/**
 * Fit a model of windows: AdamW with warm-up and cosine; afterwards the model holds the averaged weights of the best
 * validation.
 * @param draw the windows of an epoch
 * @param seen after every validation; errors are half a squared error per observed value, normalised units
 * @throws RangeError when no validation was finite
 */
export function fitWindows(
  model: WindowModel,
  options: WindowFitOptions,
  draw: () => readonly Window[],
  validation: readonly Window[],
  random: Random,
  seen: (point: LearningPoint) => void = () => {},
): { updates: number; curve: readonly LearningPoint[] } {
  const state = optimiser(model.parameters)
  const gradients = gradientsBeside(model)
  const curve: LearningPoint[] = []
  let best: { readonly error: number; readonly weights: readonly Float64Array[] } | undefined
  let [lost, values] = [0, 0]
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const windows = draw()
    const order = random.permutation(windows.length)
    for (let from = 0; from < order.length; from += options.batch) {
      const batch = Array.from(order.subarray(from, from + options.batch), (i) => windows[i]!)
      const count = batch.reduce((sum, window) => sum + observedIn(window), 0)
      if (count === 0) continue
      for (const array of gradients) array.fill(0)
      for (const window of batch) lost += model.learn(window, gradients)
      values += count
      for (const array of gradients) for (let i = 0; i < array.length; i++) array[i]! /= count
      const at = (epoch - 1 + from / order.length) / options.epochs
      const rate = learningRate(at, options.peakRate, options.lastRate, options.warmup)
      update(state, gradients, model.matrices, rate, options)
    }
    if (epoch % options.validateEvery !== 0 && epoch !== options.epochs) continue
    const current = model.parameters.map((array) => array.slice())
    model.parameters.forEach((array, p) => void array.set(state.averaged[p]!))
    const error = meanError(model, validation)
    if (error < (best?.error ?? Number.POSITIVE_INFINITY)) best = { error, weights: state.averaged.map((array) => array.slice()) } // biome-ignore format: one line
    model.parameters.forEach((array, p) => void array.set(current[p]!))
    const point = { epoch, updates: state.updates, train: lost / values, validation: error }
    curve.push(point)
    seen(point)
    ;[lost, values] = [0, 0]
  }
  if (best === undefined) throw new RangeError('training never reached a finite validation error')
  model.parameters.forEach((array, p) => void array.set(best.weights[p]!))
  return { updates: state.updates, curve }
}

/** Half the squared error per observed value. */
export function meanError(model: WindowModel, windows: readonly Window[]): number {
  let [sum, count] = [0, 0]
  for (const { x, wanted } of windows) {
    model.reconstruct(x).forEach((row, i) => {
      row.forEach((value, c) => {
        const miss = value - wanted[i]![c]!
        if (Number.isNaN(miss)) return
        sum += (miss * miss) / 2
        count++
      })
    })
  }
  return sum / count
}

/** [W C] |x - x'| of every value of a window, oldest frame first; -1 where none came. */
export function windowErrors(model: WindowModel, { x, wanted }: Window): Float64Array {
  const answers = model.reconstruct(x)
  const channels = wanted[0]!.length
  return Float64Array.from({ length: x.length * channels }, (_, n) => {
    const error = Math.abs(answers[Math.floor(n / channels)]![n % channels]! - wanted[Math.floor(n / channels)]![n % channels]!)
    return Number.isNaN(error) ? -1 : error
  }) // biome-ignore format: the difference
}

import type { FeaturePlan } from '../inference/features.ts'
import type { FramedStay } from './dataset.ts'
import { fitDegrees, goldenSection, meanSurprise } from './degrees.ts'

/** Mean surprise of a forecaster by horizon and channel, nats: [K C]. */
export type Surprises = Float64Array

export interface Baselines {
  readonly lastValue: Surprises
  readonly autoregression: Surprises
  /** [K C] order of each autoregression, chosen by squared error on the validation stays */
  readonly orders: readonly number[]
}

/** Orders tried: differences from the newest value to the p values before it. */
const ORDERS = [1, 2, 5, 10, 30] as const
const LONGEST = 30
/** ridge on the normal equations, relative to their diagonal: constant channels have none of their own */
const RIDGE = 1e-4

/** One horizon and channel of some stays: rows of lagged differences, and what came. */
interface Rows {
  /** [R, LONGEST] value before minus newest value, channel unit */
  readonly lags: Float64Array
  /** [R] value that came minus newest value */
  readonly moves: Float64Array
}

/**
 * Two forecasters a network must be held against, with the same cells, the same smallest scale and Student-t noise of
 * fitted scale and degrees of freedom: the last value; and a direct autoregression (one least-squares fit a horizon).
 * @param half [C] half the resolution cell
 * @param burnIn first frames of a stay that are not scored
 */
export function baselines(
  stays: {
    readonly train: readonly FramedStay[]
    readonly validation: readonly FramedStay[]
    readonly test: readonly FramedStay[]
  },
  plan: FeaturePlan,
  horizons: number,
  half: Float64Array,
  burnIn: number,
): Baselines {
  const channels = plan.channels.length
  const lastValue = new Float64Array(horizons * channels)
  const autoregression = new Float64Array(horizons * channels)
  const orders: number[] = []
  for (let kc = 0; kc < horizons * channels; kc++) {
    const rows = (of: readonly FramedStay[]) => lagged(of, plan, kc, horizons * channels, burnIn)
    const [train, validation, test] = [rows(stays.train), rows(stays.validation), rows(stays.test)]
    const cell = half[kc % channels]!
    const score = (order: number) => {
      const weights = leastSquares(train, order)
      return surprise(errors(test, weights), cell, fitNoise(errors(train, weights), cell))
    }
    const misses = ORDERS.map((order) => sumOfSquares(errors(validation, leastSquares(train, order))))
    const order = ORDERS[misses.indexOf(Math.min(...misses))]!
    lastValue[kc] = score(0)
    orders.push(order)
    autoregression[kc] = score(order)
  }
  return { lastValue, autoregression, orders }
}

function lagged(stays: readonly FramedStay[], plan: FeaturePlan, kc: number, each: number, burnIn: number): Rows {
  const channel = plan.channels[kc % plan.channels.length]!
  const lags: number[] = []
  const moves: number[] = []
  for (const { frames, targets } of stays) {
    const value = (i: number) => frames.values[Math.max(0, i) * plan.width + channel]!
    for (let i = burnIn; i < frames.count; i++) {
      const newest = value(i)
      const target = targets[i * each + kc]!
      if (Number.isNaN(target) || Number.isNaN(newest)) continue
      moves.push(target - newest)
      for (let p = 1; p <= LONGEST; p++) {
        const before = value(i - p)
        lags.push(Number.isNaN(before) ? 0 : before - newest)
      }
    }
  }
  return { lags: Float64Array.from(lags), moves: Float64Array.from(moves) }
}

/** Weights of the `order` newest lags: normal equations by elimination. */
function leastSquares({ lags, moves }: Rows, order: number): Float64Array {
  const width = order + 1
  const system = new Float64Array(order * width)
  for (let row = 0; row < moves.length; row++) {
    const at = row * LONGEST
    for (let i = 0; i < order; i++) {
      const left = lags[at + i]!
      if (left === 0) continue
      for (let j = 0; j < order; j++) system[i * width + j]! += left * lags[at + j]!
      system[i * width + order]! += left * moves[row]!
    }
  }
  for (let i = 0; i < order; i++) system[i * width + i]! += RIDGE * (system[i * width + i]! + moves.length)
  for (let i = 0; i < order; i++) {
    for (let row = 0; row < order; row++) {
      if (row === i) continue
      const factor = system[row * width + i]! / system[i * width + i]!
      for (let j = i; j < width; j++) system[row * width + j]! -= factor * system[i * width + j]!
    }
  }
  return Float64Array.from({ length: order }, (_, i) => system[i * width + order]! / system[i * width + i]!)
}

/** [R] forecast errors, channel unit */
function errors({ lags, moves }: Rows, weights: Float64Array): Float64Array {
  return moves.map((move, row) => {
    let error = move
    for (let i = 0; i < weights.length; i++) error -= weights[i]! * lags[row * LONGEST + i]!
    return error
  })
}

const sumOfSquares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)

interface Noise {
  /** channel unit, at least half a cell */
  readonly sigma: number
  readonly nu: number
}

/** Likeliest scale and degrees of freedom, found in turn. */
function fitNoise(errors: Float64Array, half: number): Noise {
  let noise = { sigma: Math.max(half, 1), nu: 4 }
  for (let round = 0; round < 3; round++) {
    const { nu } = noise
    const of = (logSigma: number) => surprise(errors, half, { sigma: Math.exp(logSigma), nu })
    const sigma = Math.exp(goldenSection(of, Math.log(half), Math.log(half * 200), 0.05))
    noise = { sigma, nu: fitDegrees(scaled(errors, half, sigma)) }
  }
  return noise
}

function surprise(errors: Float64Array, half: number, { sigma, nu }: Noise): number {
  return meanSurprise(scaled(errors, half, sigma), nu)
}

function scaled(errors: Float64Array, half: number, sigma: number): { z: Float64Array; half: Float64Array } {
  return { z: errors.map((error) => error / sigma), half: new Float64Array(errors.length).fill(half / sigma) }
}

import type { InputScale } from '../../inference/hourly/inputs.ts'
import type { Random } from '../../random.ts'
import { sigmoid } from '../head.ts'
import { sideBySide } from './batches.ts'
import type { ClassifierStay } from './cohort.ts'
import type { Lesson } from './fit.ts'
import { logitsOf } from './pass.ts'
import type { ClassifierShape, ClassifierWeights } from './shape.ts'

export interface LastHourOptions {
  readonly batch: number
  /** share of the inputs a stay never sees */
  readonly inputDropout: number
  /** earlier hours drawn of each stay, asked for the same answer */
  readonly before: number
  /** what all of those together weigh beside the last hour */
  readonly beforeWeight: number
}

/** Lessons for one label a stay: cross-entropy at its last hour, and at some hours before it. */
export function lastHourLessons(
  shape: ClassifierShape,
  scale: InputScale,
  stays: readonly ClassifierStay[],
  options: LastHourOptions,
): (random: Random) => { readonly count: number; lesson(i: number): Lesson } {
  return (random) => {
    const order = random.permutation(stays.length)
    return {
      count: Math.ceil(stays.length / options.batch),
      lesson(i) {
        const members = Array.from(order.subarray(i * options.batch, (i + 1) * options.batch), (at) => stays[at]!)
        const { batch, lanes } = sideBySide(
          shape,
          scale,
          members,
          { before: options.before },
          options.inputDropout,
          random,
        )
        const each = options.before === 0 ? 0 : options.beforeWeight / options.before
        const gradientOf = (logits: Float32Array): Float32Array =>
          logits.map((logit, k) => {
            const lane = k < lanes.length ? k : Math.floor((k - lanes.length) / options.before)
            const weight = (k < lanes.length ? 1 : each) / lanes.length
            return weight * (sigmoid(logit) - lanes[lane]!.labels[0]!)
          })
        return { batch, gradientOf }
      },
    }
  }
}

/** Mean logits of an ensemble at the last hour of every stay: [stays]. */
export function lastHourLogits(
  shape: ClassifierShape,
  scale: InputScale,
  members: readonly ClassifierWeights[],
  stays: readonly ClassifierStay[],
  side = 256,
): Float64Array {
  const logits = new Map(stays.map((stay) => [stay, 0]))
  for (let from = 0; from < stays.length; from += side) {
    const { batch, lanes } = sideBySide(shape, scale, stays.slice(from, from + side), { before: 0 }, 0, undefined)
    for (const weights of members) {
      const found = logitsOf(shape, weights, batch)
      lanes.forEach((stay, lane) => {
        logits.set(stay, logits.get(stay)! + found[lane]! / members.length)
      })
    }
  }
  return Float64Array.from(stays, (stay) => logits.get(stay)!)
}

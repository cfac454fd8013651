import { hourlyUtility } from '../../evaluation/metrics/sepsis-utility.ts'
import type { InputScale } from '../../inference/hourly/inputs.ts'
import type { Random } from '../../random.ts'
import { sigmoid } from '../head.ts'
import { mixedBatches, sideBySide } from './batches.ts'
import type { ClassifierStay } from './cohort.ts'
import type { Lesson } from './fit.ts'
import { packedRow } from './packed.ts'
import { logitsOf } from './pass.ts'
import type { ClassifierShape, ClassifierWeights } from './shape.ts'

export interface EveryHourOptions {
  readonly batch: number
  /** rows by which lengths are mixed within a batch */
  readonly mix: number
  /** of the stays without an event, the share drawn anew each epoch; each weighs so much the more */
  readonly drawn: number
  /** share of the inputs a stay never sees */
  readonly inputDropout: number
  /** hours the summed loss is divided by: a constant, so that an hour weighs the same in every batch */
  readonly divisor: number
}

/**
 * Lessons for a label at every hour, judged by what the benchmark pays: cross-entropy against "an alarm is worth more than
 * silence", weighted by how much more; so a logit of 0 is where alarming begins to pay, and no threshold is tuned.
 */
export function everyHourLessons(
  shape: ClassifierShape,
  scale: InputScale,
  stays: readonly ClassifierStay[],
  options: EveryHourOptions,
): (random: Random) => { readonly count: number; lesson(i: number): Lesson } {
  const gains = new Map(stays.map((stay) => [stay, gainOfAlarm(stay.labels)]))
  const [septic, others] = [stays.filter(isPositive), stays.filter((stay) => !isPositive(stay))]
  return (random) => {
    const drawn = random.permutation(others.length).subarray(0, Math.round(others.length * options.drawn))
    const epoch = [...septic, ...Array.from(drawn, (i) => others[i]!)]
    const batches = mixedBatches(epoch, options.batch, options.mix, random)
    return {
      count: batches.length,
      lesson(i) {
        const { batch, lanes } = sideBySide(shape, scale, batches[i]!, 'every-row', options.inputDropout, random)
        const weight = new Float32Array(batch.packing.from.at(-1)!)
        lanes.forEach((stay, lane) => {
          const of = isPositive(stay) ? 1 : 1 / options.drawn
          gains.get(stay)!.forEach((gain, t) => {
            weight[packedRow(batch.packing, t, lane)] = (of * gain) / options.divisor
          })
        })
        // signed: the sign says which answer pays
        const gradientOf = (logits: Float32Array): Float32Array =>
          logits.map((logit, at) => Math.abs(weight[at]!) * (sigmoid(logit) - (weight[at]! > 0 ? 1 : 0)))
        return { batch, gradientOf }
      },
    }
  }
}

/** Whether a stay has the event at all. */
export function isPositive({ labels }: ClassifierStay): boolean {
  return labels.includes(1)
}

/** [hours] what an alarm earns above silence. */
export function gainOfAlarm(labels: Uint8Array): Float64Array {
  const { alarm, silence } = hourlyUtility(labels)
  return alarm.map((gain, t) => gain - silence[t]!)
}

/** Mean logits of an ensemble at every hour of every stay: [stays] of [rows]. */
export function everyHourLogits(
  shape: ClassifierShape,
  scale: InputScale,
  members: readonly ClassifierWeights[],
  stays: readonly ClassifierStay[],
  side = 256,
): Float64Array[] {
  const byLength = [...stays].sort((a, b) => a.rows - b.rows)
  const logits = new Map(stays.map((stay) => [stay, new Float64Array(stay.rows)]))
  for (let from = 0; from < byLength.length; from += side) {
    const { batch, lanes } = sideBySide(shape, scale, byLength.slice(from, from + side), 'every-row', 0, undefined)
    for (const weights of members) {
      const found = logitsOf(shape, weights, batch)
      lanes.forEach((stay, lane) => {
        const into = logits.get(stay)!
        for (let t = 0; t < into.length; t++) into[t]! += found[packedRow(batch.packing, t, lane)]! / members.length
      })
    }
  }
  return stays.map((stay) => logits.get(stay)!)
}

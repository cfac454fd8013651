import { drawnAuroc } from '../../evaluation/metrics/drawn-auroc.ts'
import { joined } from '../../evaluation/metrics/joined.ts'
import type { InputScale } from '../../inference/hourly/inputs.ts'
import type { Random } from '../../random.ts'
import { goldenSection } from '../degrees.ts'
import { mixedBatches, sideBySide } from './batches.ts'
import type { ClassifierStay } from './cohort.ts'
import type { Lesson } from './fit.ts'
import { packedRow } from './packed.ts'
import { logitsOf } from './pass.ts'
import type { ClassifierShape, ClassifierWeights } from './shape.ts'

/** Where a patient is heading: the seed's three classes. */
export const HEADINGS = ['improving', 'stable', 'worsening'] as const
const N = HEADINGS.length
/** no label: too near the stay's ends */
export const NONE = 255

export interface TrajectoryOptions {
  /** hours that are averaged before and after an hour */
  readonly hours: number
  /** change of the mean score from which a patient is improving (down) or worsening (up) */
  readonly change: number
  readonly batch: number
  /** share of the inputs a stay never sees */
  readonly inputDropout: number
}

/**
 * A label for every hour: the mean of a severity score over the hours that follow, less its mean over the hours up to now
 * (this one included). What was not measured again counts as unchanged, as it does at the bedside.
 * @param scores [hours]
 * @returns [hours] index into `HEADINGS`, NONE where either side is not whole
 */
export function headings(scores: ArrayLike<number>, { hours, change }: Pick<TrajectoryOptions, 'hours' | 'change'>): Uint8Array {
  const mean = (from: number) => {
    let sum = 0
    for (let t = from; t < from + hours; t++) sum += scores[t]!
    return sum / hours
  }
  return Uint8Array.from({ length: scores.length }, (_, t) => {
    if (t + 1 < hours || t + hours >= scores.length) return NONE
    const moved = mean(t + 1) - mean(t + 1 - hours)
    return moved <= -change ? 0 : moved >= change ? 2 : 1
  })
} // biome-ignore format: the signature

/** Lessons for a heading at every hour: softmax cross-entropy, averaged over the labelled hours of a batch. */
export function trajectoryLessons(
  shape: ClassifierShape,
  scale: InputScale,
  stays: readonly ClassifierStay[],
  { batch: size, inputDropout }: TrajectoryOptions,
): (random: Random) => { readonly count: number; lesson(i: number): Lesson } {
  return (random) => {
    const batches = mixedBatches(stays, size, 0, random)
    return {
      count: batches.length,
      lesson(i) {
        const { batch, lanes } = sideBySide(shape, scale, batches[i]!, 'every-row', inputDropout, random)
        const wanted = new Uint8Array(batch.packing.from.at(-1)!).fill(NONE)
        lanes.forEach((stay, lane) => {
          for (let t = 0; t < stay.rows; t++) wanted[packedRow(batch.packing, t, lane)] = stay.labels[t]!
        })
        const labelled = Math.max(1, wanted.reduce((sum, label) => sum + (label === NONE ? 0 : 1), 0))
        const gradientOf = (logits: Float32Array): Float32Array => {
          const gradient = new Float32Array(logits.length)
          wanted.forEach((label, row) => {
            if (label === NONE) return
            softmax(logits, row * N, 1).forEach((p, n) => {
              gradient[row * N + n] = (p - (n === label ? 1 : 0)) / labelled
            })
          })
          return gradient
        }
        return { batch, gradientOf }
      },
    } // biome-ignore format: one line
  }
}

/** Logits at `at`, multiplied by `slope`, as probabilities [N]. */
export function softmax(logits: ArrayLike<number>, at: number, slope: number): number[] {
  const highest = Math.max(logits[at]!, logits[at + 1]!, logits[at + 2]!)
  const powers = HEADINGS.map((_, n) => Math.exp(slope * (logits[at + n]! - highest)))
  const total = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / total)
}

/** Mean logits of an ensemble at every hour of every stay: [stays] of [rows, N]. */
export function trajectoryLogits(
  shape: ClassifierShape,
  scale: InputScale,
  members: readonly ClassifierWeights[],
  stays: readonly ClassifierStay[],
  side = 128,
): Float64Array[] {
  const logits = new Map(stays.map((stay) => [stay, new Float64Array(stay.rows * N)]))
  for (let from = 0; from < stays.length; from += side) {
    const { batch, lanes } = sideBySide(shape, scale, stays.slice(from, from + side), 'every-row', 0, undefined)
    for (const weights of members) {
      const found = logitsOf(shape, weights, batch)
      lanes.forEach((stay, lane) => {
        const into = logits.get(stay)!
        for (let i = 0; i < into.length; i++) {
          into[i]! += found[packedRow(batch.packing, Math.floor(i / N), lane) * N + (i % N)]! / members.length
        }
      })
    }
  }
  return stays.map((stay) => logits.get(stay)!)
}

/** The labelled hours of some stays: [R, N] logits, [R] labels and [R] whose they are. */
export interface LabelledHours {
  readonly logits: Float64Array
  readonly labels: Uint8Array
  readonly patientOf: Int32Array
}

export function labelledHours(stays: readonly ClassifierStay[], logits: readonly Float64Array[]): LabelledHours {
  const kept = stays.map(({ labels }) => Array.from(labels.keys()).filter((t) => labels[t] !== NONE))
  return {
    logits: joined(kept.map((rows, p) => rows.flatMap((t) => HEADINGS.map((_, n) => logits[p]![t * N + n]!)))),
    labels: Uint8Array.from(kept.flatMap((rows, p) => rows.map((t) => stays[p]!.labels[t]!))),
    patientOf: Int32Array.from(kept.flatMap((rows, p) => rows.map(() => p))),
  }
}

/** How sharp the logits should be taken: the slope at which softmax(slope logits) is likeliest (Guo et al. 2017). */
export function likeliestSlope({ logits, labels }: LabelledHours): number {
  const loss = (log: number) => {
    let sum = 0
    for (let row = 0; row < labels.length; row++) sum -= Math.log(softmax(logits, row * N, Math.exp(log))[labels[row]!]!)
    return sum
  }
  return Math.exp(goldenSection(loss, Math.log(0.2), Math.log(5), 0.01))
} // biome-ignore format: one line

/** Measures of drawn patients: nats an hour, and the area of each class against the others. */
export function trajectoryMeasures({ logits, labels, patientOf }: LabelledHours, slope: number): Record<string, (times: ArrayLike<number>) => number> {
  const losses = Float64Array.from(labels, (label, row) => -Math.log(softmax(logits, row * N, slope)[label]!))
  const nats = (times: ArrayLike<number>) => {
    let [sum, hours] = [0, 0]
    for (let row = 0; row < losses.length; row++) {
      sum += times[patientOf[row]!]! * losses[row]!
      hours += times[patientOf[row]!]!
    }
    return sum / hours
  }
  const areas = HEADINGS.map((_, n) =>
    drawnAuroc(
      Float64Array.from(labels, (__, row) => softmax(logits, row * N, slope)[n]!),
      labels.map((label) => (label === n ? 1 : 0)),
      patientOf,
    ),
  )
  return {
    nats,
    ...Object.fromEntries(HEADINGS.map((heading, n) => [heading, areas[n]!])),
    auroc: (times) => areas.reduce((sum, area) => sum + area(times), 0) / N,
  }
} // biome-ignore format: the signature

import type { InputScale } from '../../inference/hourly/inputs.ts'
import type { Random } from '../../random.ts'
import type { ClassifierStay } from './cohort.ts'
import { packedRow, packing } from './packed.ts'
import type { ClassifierBatch } from './pass.ts'
import type { ClassifierShape } from './shape.ts'

/**
 * Stays cut into batches of like length: sorted by length plus up to `mix` rows, so that a batch is neither padding nor of
 * one length alone, then shuffled.
 */
export function mixedBatches(
  stays: readonly ClassifierStay[],
  size: number,
  mix: number,
  random: Random,
): ClassifierStay[][] {
  const keyed = stays.map((stay) => ({ stay, key: stay.rows + mix * random.uniform() }))
  keyed.sort((a, b) => a.key - b.key)
  const batches: ClassifierStay[][] = []
  for (let from = 0; from < keyed.length; from += size) {
    batches.push(keyed.slice(from, from + size).map(({ stay }) => stay))
  }
  return Array.from(random.permutation(batches.length), (i) => batches[i]!)
}

/**
 * Which rows of each stay a logit is wanted at: all of them; or the last of every lane, and then, lane by lane, so many drawn
 * from those before it.
 */
export type Asked = 'every-row' | { readonly before: number }

/** A batch, and the stays in the order of its lanes: the longest first. */
export interface LaidOut {
  readonly batch: ClassifierBatch
  readonly lanes: readonly ClassifierStay[]
}

/**
 * Stays side by side, packed.
 * @param dropped share of the inputs that a stay never sees, the same ones at every step; 0 in use
 */
export function sideBySide(
  shape: ClassifierShape,
  scale: InputScale,
  stays: readonly ClassifierStay[],
  asked: Asked,
  dropped: number,
  random: Random | undefined,
): LaidOut {
  const lanes = stays.map((_, i) => i).sort((a, b) => stays[b]!.rows - stays[a]!.rows || a - b).map((i) => stays[i]!) // biome-ignore format: one order
  const packs = packing(lanes.map((stay) => stay.rows))
  const { inputs, sequence: wide } = shape
  const besides = inputs - wide
  const rows = packs.from.at(-1)!
  const wanted = asked === 'every-row' ? undefined : askedSteps(lanes, asked.before, random)
  const sequence = new Float32Array(rows * wide)
  const beside = new Float32Array((wanted?.length ?? rows) * besides)
  const keep = new Float32Array(inputs).fill(1)
  lanes.forEach((stay, lane) => {
    if (random !== undefined && dropped > 0) {
      for (let i = 0; i < inputs; i++) keep[i] = random.uniform() < dropped ? 0 : 1 / (1 - dropped)
    }
    for (let t = 0; t < stay.rows; t++) {
      const row = packedRow(packs, t, lane)
      const from = t * inputs
      keptInputs(scale, keep, stay.x, from, 0, wide, sequence, row * wide)
      if (wanted === undefined) keptInputs(scale, keep, stay.x, from, wide, inputs, beside, row * besides)
    }
    wanted?.forEach((step, k) => {
      if (step.lane === lane) keptInputs(scale, keep, stay.x, step.t * inputs, wide, inputs, beside, k * besides)
    })
  })
  const at = wanted === undefined ? undefined : Int32Array.from(wanted, ({ t, lane }) => packedRow(packs, t, lane))
  return { batch: { packing: packs, sequence, asked: at, beside }, lanes }
}

/** Inputs [begin, end) of the row at `from`, normalised, those that are dropped zero. */
function keptInputs(
  { centre, scale, clip }: InputScale,
  keep: Float32Array,
  raw: Float32Array,
  from: number,
  begin: number,
  end: number,
  into: Float32Array,
  at: number,
): void {
  for (let i = begin; i < end; i++) {
    const z = (raw[from + i]! - centre[i]!) / scale[i]!
    into[at + i - begin] = Number.isNaN(z) ? 0 : Math.max(-clip, Math.min(clip, z)) * keep[i]!
  }
}

function askedSteps(
  lanes: readonly ClassifierStay[],
  before: number,
  random: Random | undefined,
): { readonly lane: number; readonly t: number }[] {
  const last = lanes.map(({ rows }, lane) => ({ lane, t: rows - 1 }))
  const drawn = lanes.flatMap(({ rows }, lane) =>
    Array.from({ length: before }, () => ({ lane, t: Math.floor((random?.uniform() ?? 0) * (rows - 1)) })),
  )
  return [...last, ...drawn]
}

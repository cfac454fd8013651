import { FEATURES_PER_CHANNEL, featurePlan } from '../../inference/features.ts'
import type { InputScale } from '../../inference/hourly/inputs.ts'
import { random } from '../../random.ts'
import { augment } from '../../training/augment.ts'
import { type CellPlan, cellLoss, countTargets, withDegreesOfFreedom } from '../../training/cell-loss.ts'
import { sideBySide } from '../../training/classifier/batches.ts'
import type { ClassifierStay } from '../../training/classifier/cohort.ts'
import { fitClassifier, type Lesson } from '../../training/classifier/fit.ts'
import { packedRow } from '../../training/classifier/packed.ts'
import { logitsOf } from '../../training/classifier/pass.ts'
import type { ClassifierShape, ClassifierWeights } from '../../training/classifier/shape.ts'
import { type FramedStay, frameStay, type Stay } from '../../training/dataset.ts'
import type { TranslationRecipe } from '../../training/encdec/recipe.ts'
import { framedParts } from '../../training/encdec/stays.ts'
import { degreesOf } from '../../training/fit.ts'
import { bedside } from '../../training/recipes/bedside.ts'
import { encdec } from '../../training/recipes/encdec.ts'
import { type Comparison, type Drawn, figuresOf } from './comparison.ts'
import type { CompareOptions } from './hourly.ts'
import type { Variant } from './variants.ts'

const EPOCHS = 40
/** lanes of an update */
const BATCH = 12
const FIRST_DEGREES = 4
/** added to what the head says of a scale: begins at 0.05 normalised units above the floor */
const FIRST_SCALE = -1.64
const C = bedside.channels.length
const K = bedside.horizons.length
const EACH = K * C
const F = FEATURES_PER_CHANNEL * C

/** Rows of some stays side by side, and what their forecasts are held against, in the same order. */
interface Laid {
  readonly batch: Lesson['batch']
  /** [R, K C] */
  readonly targets: Float32Array
  readonly lanes: readonly FramedStay[]
}

/**
 * The bedside language model with one layer of each cell: a distribution over every channel's next values, by the recipe's
 * loss, features, horizons and variations, on its training recordings; tested on all its other recordings, on which nothing
 * is chosen (no early stopping).
 * @throws VigilError as `vigil train bedside`
 */
export async function compareBedside(
  dir: string,
  variants: readonly Variant[],
  reference: string,
  { seeds, hidden, epochs = EPOCHS, log }: CompareOptions,
  split: TranslationRecipe['split'] = bedside.split,
): Promise<Comparison> {
  const { table, raw, normaliser } = await framedParts({ ...encdec, split }, [dir])
  const features = { perChannel: ['value', 'mask', 'age', 'trend'] as ['value', 'mask', 'age', 'trend'], maxAgeSeconds: bedside.maxAgeSeconds, trendSeconds: bedside.trendSeconds } // biome-ignore format: one line
  const plan = featurePlan({ channels: [...bedside.channels], normaliser, features }, table)
  const frame = (stay: Stay) => frameStay(stay, table, bedside.grid.cadenceSeconds, plan, bedside.horizons)
  const clean = raw.train.map(frame)
  const test = [...raw.validation, ...raw.calibration, ...raw.test].map(frame)
  const half = Float64Array.from(bedside.channels, (name) => table.channels[table.index.get(name)!]!.resolution / 2)
  const centre = Float64Array.from(normaliser.centre)
  const scale = Float64Array.from(normaliser.scale)
  const measured = new Map<string, Drawn[]>()
  const seconds: Record<string, number> = {}
  for (const { name, cell } of variants) {
    const began = performance.now()
    const shape: ClassifierShape = {
      inputs: F,
      sequence: F,
      front: 0,
      cell,
      hidden: cell === 'none' ? F : hidden,
      back: 0,
      outputs: 2 * EACH,
    }
    const cells: CellPlan = withDegreesOfFreedom(
      { shape: { features: F, hidden, layers: 1, channels: C, horizons: K }, half, centre, scale, curves: [] },
      new Array(EACH).fill(FIRST_DEGREES),
    )
    for (let seed = 1; seed <= seeds; seed++) {
      const rng = random(seed)
      const draw = () => {
        const copies = Array.from({ length: bedside.copies }, () => raw.train).flat()
        const varied = copies.map((stay) => frame(augment(stay, table, bedside.augmentation, rng)))
        const order = rng.permutation(varied.length)
        const lesson = (i: number): Lesson => {
          const of = Array.from(order.subarray(i * BATCH, (i + 1) * BATCH), (at) => varied[at]!)
          return lessonOf(cells, sideBySideOf(shape, of))
        }
        return { count: Math.ceil(varied.length / BATCH), lesson }
      }
      const options = { ...bedside.fit, epochs, dropout: { front: 0, hidden: 0 }, odds: 1, warmupUpdates: 15 }
      const { weights } = fitClassifier(shape, options, draw, rng)
      const learnt = sideBySideOf(shape, clean)
      const outputs = answersOf(cells, shape, weights, learnt)
      const degrees = degreesOf(cells, outputs, { x: learnt.batch.sequence, targets: learnt.targets })
      const drawn = nats(withDegreesOfFreedom(cells, degrees), shape, weights, test)
      log(`bedside, ${name}, seed ${seed}: ${drawn(new Uint8Array(test.length).fill(1)).toFixed(4)} nats`)
      measured.set(name, [...(measured.get(name) ?? []), drawn])
    }
    seconds[name] = (performance.now() - began) / 1000 / seeds
  }
  return {
    task: 'bedside',
    trainPatients: raw.train.length,
    testPatients: test.length,
    reference,
    measures: { nats: figuresOf(measured, test.length, reference) },
    seconds,
  }
}

/** the small trend features are brought up as in the recipe */
const SCALE: InputScale = {
  centre: new Float64Array(F),
  scale: Float64Array.from({ length: F }, (_, i) => (i >= 3 * C ? 1 / bedside.trendGain : 1)),
  clip: Number.POSITIVE_INFINITY,
}

function sideBySideOf(shape: ClassifierShape, stays: readonly FramedStay[]): Laid {
  const framed = new Map<ClassifierStay, FramedStay>()
  for (const stay of stays) framed.set({ name: stay.name, rows: stay.frames.count, x: stay.x, labels: new Uint8Array(0) }, stay) // biome-ignore format: one line
  const { batch, lanes } = sideBySide(shape, SCALE, [...framed.keys()], 'every-row', 0, undefined)
  const targets = new Float32Array(batch.packing.from.at(-1)! * EACH).fill(Number.NaN)
  lanes.forEach((stay, lane) => {
    const of = framed.get(stay)!.targets
    // the state is still cold
    for (let t = bedside.warmupSteps; t < stay.rows; t++) {
      targets.set(of.subarray(t * EACH, (t + 1) * EACH), packedRow(batch.packing, t, lane) * EACH)
    }
  })
  return { batch, targets, lanes: lanes.map((stay) => framed.get(stay)!) }
}

/** What the head means by its raw outputs [R, 2 K C]: means in resolution cells, scales that begin narrow. */
function meant({ half, scale }: CellPlan, raw: Float32Array): Float32Array {
  return raw.map((value, i) => (i % (2 * EACH) < EACH ? value * meanGain(half, scale, i) : value + FIRST_SCALE))
}

const meanGain = (half: Float64Array, scale: Float64Array, i: number): number => (2 * half[i % C]!) / scale[i % C]!

function lessonOf(cells: CellPlan, { batch, targets }: Laid): Lesson {
  const count = Math.max(1, countTargets(targets))
  const gradientOf = (raw: Float32Array): Float32Array => {
    const gradient = new Float32Array(raw.length)
    cellLoss(cells, meant(cells, raw), batch.sequence, targets, count, gradient, new Float64Array(2 * EACH))
    return gradient.map((slope, i) => (i % (2 * EACH) < EACH ? slope * meanGain(cells.half, cells.scale, i) : slope))
  }
  return { batch, gradientOf }
}

function answersOf(cells: CellPlan, shape: ClassifierShape, weights: ClassifierWeights, { batch }: Laid): Float32Array {
  return meant(cells, logitsOf(shape, weights, batch))
}

/** Surprise per value, averaged over horizons and channels, of drawn patients. */
function nats(
  cells: CellPlan,
  shape: ClassifierShape,
  weights: ClassifierWeights,
  stays: readonly FramedStay[],
): Drawn {
  const sums = stays.map((stay) => {
    const laid = sideBySideOf(shape, [stay])
    const of = new Float64Array(2 * EACH)
    cellLoss(cells, answersOf(cells, shape, weights, laid), laid.batch.sequence, laid.targets, 1, undefined, of)
    return of
  })
  return (times) => {
    let total = 0
    for (let kc = 0; kc < EACH; kc++) {
      let [sum, count] = [0, 0]
      sums.forEach((of, p) => {
        sum += times[p]! * of[kc]!
        count += times[p]! * of[EACH + kc]!
      })
      total += sum / count
    }
    return total / EACH
  }
}

import type { Random } from '../random.ts'
import { learningRate, type OptimiserOptions, optimiser, update } from './adamw.ts'
import { type DropoutMasks, outputsOf, throughChunk, zeroState } from './bptt.ts'
import { type CellPlan, cellLoss, countTargets, withDegreesOfFreedom } from './cell-loss.ts'
import type { Lanes } from './dataset.ts'
import { fitDegrees } from './degrees.ts'
import { type Gains, gainArrays, gained, ungained } from './gains.ts'
import { aboveFloor } from './head.ts'
import {
  firstWeights,
  type NetworkShape,
  parameterArrays,
  parameterShapes,
  type Weights,
  weightsOf,
} from './network.ts'

export interface FitOptions extends OptimiserOptions {
  readonly gains: Gains
  /** weights to begin with; drawn when undefined */
  readonly from?: Weights | undefined
  /** steps of a chunk: how far gradients reach back */
  readonly chunk: number
  readonly epochs: number
  readonly peakRate: number
  readonly lastRate: number
  /** share of all updates in which the rate rises */
  readonly warmup: number
  /** share of hidden activations dropped between layers and before the head */
  readonly dropout: number
  /** weight of half the mean square of the cells in the loss: without it a unit may learn to count, for days */
  readonly cellPenalty: number
  /** validate every so many epochs */
  readonly validateEvery: number
  /** validations without a better one after which training stops */
  readonly patience: number
}

/** One validation. */
export interface LearningPoint {
  readonly epoch: number
  readonly updates: number
  /** nats per observed value: of the chunks trained on since the last point, and of the averaged weights on validation */
  readonly train: number
  readonly validation: number
}

export interface Fitted {
  /** averaged weights of the best validation */
  readonly weights: Weights
  /** [K C] */
  readonly degrees: readonly number[]
  readonly updates: number
  readonly curve: readonly LearningPoint[]
}

/** Bias of the scales before training: aboveFloor(-1.64) = 0.05 normalised units above the floor. */
const FIRST_SCALE_BIAS = -1.64

/**
 * Fit the network by stateful truncated back-propagation: lanes are stays, chunks run through them in order, the state
 * is carried from chunk to chunk and detached. Degrees of freedom are fitted between epochs.
 * @param draw the lanes of an epoch
 * @param clean the unvaried stays whose forecast errors set the degrees of freedom: training and validation together, so
 * that the tails are those of many patients
 * @param seen called after every validation
 */
export function fitNetwork(
  plan: CellPlan,
  options: FitOptions,
  draw: () => Lanes,
  validation: Lanes,
  clean: Lanes,
  random: Random,
  seen: (point: LearningPoint) => void,
): Fitted {
  const { shape } = plan
  const gains = gainArrays(shape, options.gains)
  const first = options.from ? ungained(parameterArrays(options.from), gains) : undefined
  const state = optimiser(first ?? parameterArrays(firstWeights(shape, random, FIRST_SCALE_BIAS)))
  const matrix = parameterShapes(shape).map((dims) => dims.length === 2)
  let current = plan
  let best: Fitted | undefined
  let lowest = Number.POSITIVE_INFINITY
  let worse = 0
  const curve: LearningPoint[] = []
  let sums = new Float64Array(2 * plan.curves.length)
  for (let epoch = 1; epoch <= options.epochs && worse < options.patience; epoch++) {
    const lanes = draw()
    let carried = zeroState(shape, lanes.lanes)
    const masks = dropoutMasks(shape, lanes.lanes, options.dropout, random)
    const chunks = Math.ceil(lanes.steps / options.chunk)
    for (let chunk = 0; chunk < chunks; chunk++) {
      const { x, targets } = chunkOf(lanes, shape, chunk * options.chunk, options.chunk)
      const targetCount = countTargets(targets)
      const result = throughChunk(
        shape,
        weightsOf(shape, gained(state.parameters, gains)),
        x,
        lanes.lanes,
        carried,
        (outputs) => {
          const gradient = new Float32Array(outputs.length)
          cellLoss(current, outputs, x, targets, Math.max(1, targetCount), gradient, sums)
          return gradient
        },
        { dropout: masks, cellPenalty: options.cellPenalty / (lanes.lanes * options.chunk * shape.hidden) },
      )
      carried = result.state
      if (targetCount === 0) continue
      const at = (epoch - 1 + chunk / chunks) / options.epochs
      const rate = learningRate(at, options.peakRate, options.lastRate, options.warmup)
      update(state, gained(result.gradients, gains), matrix, rate, options)
    }
    if (epoch % options.validateEvery !== 0) continue
    const weights = weightsOf(shape, gained(state.averaged, gains))
    const held = evaluate(current, weights, validation)
    const point = { epoch, updates: state.updates, train: mean(sums), validation: held.mean }
    curve.push(point)
    seen(point)
    sums = new Float64Array(sums.length)
    if (held.mean < lowest) {
      lowest = held.mean
      worse = 0
      best = { weights, degrees: current.curves.map((tail) => tail.nu), updates: state.updates, curve }
    } else worse++
    current = withDegreesOfFreedom(plan, degreesOf(current, evaluate(current, weights, clean).outputs, clean))
  }
  if (best === undefined) throw new RangeError('training never reached a finite validation likelihood')
  // the degrees of freedom once more, for the weights that are kept
  const degrees = degreesOf(plan, evaluate(plan, best.weights, clean).outputs, clean)
  return { ...best, degrees }
}

/** Mean surprise of every horizon and channel: [K C], and of all together; from a cold state. */
export function evaluate(
  plan: CellPlan,
  weights: Weights,
  lanes: Lanes,
): { mean: number; byTarget: Float64Array; outputs: Float32Array } {
  const { outputs } = outputsOf(plan.shape, weights, lanes.x, lanes.lanes, zeroState(plan.shape, lanes.lanes))
  const each = plan.curves.length
  const sums = new Float64Array(2 * each)
  cellLoss(plan, outputs, lanes.x, lanes.targets, 1, undefined, sums)
  return {
    mean: mean(sums),
    byTarget: Float64Array.from({ length: each }, (_, i) => sums[i]! / sums[each + i]!),
    outputs,
  }
}

function mean(sums: Float64Array): number {
  const each = sums.length / 2
  let [total, count] = [0, 0]
  for (let i = 0; i < each; i++) {
    total += sums[i]!
    count += sums[each + i]!
  }
  return total / count
}

/** [K C] likeliest degrees of freedom of the network's forecasts. */
function degreesOf(plan: CellPlan, outputs: Float32Array, lanes: Lanes): number[] {
  const { features, channels } = plan.shape
  const each = plan.curves.length
  const rows = outputs.length / (2 * each)
  return plan.curves.map((_, kc) => {
    const c = kc % channels
    const z: number[] = []
    const half: number[] = []
    for (let row = 0; row < rows; row++) {
      const target = lanes.targets[row * each + kc]!
      if (Number.isNaN(target)) continue
      const at = row * 2 * each + kc
      const sigma = plan.half[c]! + plan.scale[c]! * aboveFloor(outputs[at + each]!)
      const mu = plan.centre[c]! + plan.scale[c]! * (lanes.x[row * features + c]! + outputs[at]!)
      z.push((target - mu) / sigma)
      half.push(plan.half[c]! / sigma)
    }
    return fitDegrees({ z, half })
  })
}

/** Steps [from, from + steps) of all lanes. */
function chunkOf(
  lanes: Lanes,
  shape: NetworkShape,
  from: number,
  steps: number,
): { x: Float32Array; targets: Float32Array } {
  const to = Math.min(lanes.steps, from + steps)
  const wide = lanes.lanes * shape.features
  const each = lanes.lanes * shape.horizons * shape.channels
  return { x: lanes.x.subarray(from * wide, to * wide), targets: lanes.targets.subarray(from * each, to * each) }
}

function dropoutMasks(shape: NetworkShape, lanes: number, share: number, random: Random): DropoutMasks | undefined {
  if (share === 0) return undefined
  const kept = 1 / (1 - share)
  const mask = () => Float32Array.from({ length: lanes * shape.hidden }, () => (random.uniform() < share ? 0 : kept))
  return { above: Array.from({ length: shape.layers }, mask) }
}

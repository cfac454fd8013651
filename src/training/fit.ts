import { setImmediate } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { learningRate, type OptimiserOptions, optimiser, update } from './adamw.ts'
import { type DropoutMasks, outputsOf, type ThroughChunk, throughChunk, zeroState } from './bptt.ts'
import { type CellPlan, cellLoss, countTargets, withDegreesOfFreedom } from './cell-loss.ts'
import { type Checkpoints, type FitState, NO_CHECKPOINTS } from './checkpoint.ts'
import type { Lanes } from './dataset.ts'
import { fitDegrees } from './degrees.ts'
import { type Gains, gainArrays, gained, ungained } from './gains.ts'
import { aboveFloor } from './head.ts'
import type { LearningPoint } from './learning-curve.ts'
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

export interface Fitted {
  /** averaged weights of the best validation */
  readonly weights: Weights
  /** [K C] */
  readonly degrees: readonly number[]
  readonly updates: number
  readonly curve: readonly LearningPoint[]
  /** updates left out because loss or gradient was not finite */
  readonly skipped: number
}

/** The lanes of an epoch, part by part: what of the data is in memory at once. */
export interface Epoch {
  readonly parts: number
  lanes(part: number): Lanes | Promise<Lanes>
}

/** What a network is fitted to. */
export interface FitData {
  /** a new epoch; draws from the source of randomness that `fitNetwork` was given */
  draw(): Epoch
  readonly validation: Lanes
  /**
   * unvaried stays whose forecast errors set the degrees of freedom: training and validation together, so that the tails are
   * those of many patients
   */
  readonly clean: Lanes
}

/** Who follows a fit. */
export interface FitWatch {
  /** after every validation */
  validated(point: LearningPoint): void
  /** after every chunk; `at` is the share of the planned updates that is done, `steps` those of all lanes together */
  stepped?(chunk: { readonly at: number; readonly epoch: number; readonly steps: number; readonly loss: number }): void
}

/** Bias of the scales before training: aboveFloor(-1.64) = 0.05 normalised units above the floor. */
const FIRST_SCALE_BIAS = -1.64
/** Steps that an evaluation takes at once. */
const MOST_STEPS = 512
/** Updates in a row that may be left out because loss or gradient was not finite. */
const MOST_SKIPPED = 5

/**
 * Fit the network by stateful truncated back-propagation: lanes are stays, chunks run through them in order, the state
 * is carried from chunk to chunk and detached. Degrees of freedom are fitted between epochs.
 * @param checkpoints where a fit is kept on its way, and the one that was ended goes on
 * @param through who works the chunks: this thread, or several
 * @throws RangeError when updates go on having no finite gradient, or no validation had a finite likelihood
 */
export async function fitNetwork(
  plan: CellPlan,
  options: FitOptions,
  data: FitData,
  random: Random,
  watch: FitWatch,
  checkpoints: Checkpoints = NO_CHECKPOINTS,
  through: ThroughChunk = throughChunk,
): Promise<Fitted> {
  const { shape } = plan
  const gains = gainArrays(shape, options.gains)
  const matrix = parameterShapes(shape).map((dims) => dims.length === 2)
  const from = options.from && ungained(parameterArrays(options.from), gains)
  const state = checkpoints.left ?? firstState(plan, random, from)
  if (checkpoints.left === undefined) state.epochMark = random.mark()
  const { optimiser: moved } = state
  let current = withDegreesOfFreedom(plan, state.degrees)
  for (const point of state.curve) watch.validated(point)

  /** One chunk: forward, back, update. Returns its loss, nats per target. */
  async function learn(lanes: Lanes, from: number, rate: number, masks: DropoutMasks | undefined): Promise<number> {
    const { x, targets } = chunkOf(lanes, shape, from, options.chunk)
    const count = countTargets(targets)
    const before = state.sums.slice()
    const weights = weightsOf(shape, gained(moved.parameters, gains))
    const cellPenalty = options.cellPenalty / (lanes.lanes * options.chunk * shape.hidden)
    const gradientOf = (outputs: Float32Array) => {
      const gradient = new Float32Array(outputs.length)
      cellLoss(current, outputs, x, targets, Math.max(1, count), gradient, state.sums)
      return gradient
    }
    const result = await through(shape, weights, x, lanes.lanes, state.carried, gradientOf, {
      dropout: masks,
      cellPenalty,
    })
    const loss = mean(state.sums.map((sum, i) => sum - before[i]!)) // NaN where there is no target
    const norm = count === 0 ? 0 : update(moved, gained(result.gradients, gains), matrix, rate, options)
    if (count > 0 && !(Number.isFinite(loss) && Number.isFinite(norm))) {
      state.skipped++
      state.skippedInRow++
      if (state.skippedInRow > MOST_SKIPPED) {
        throw new RangeError(`${state.skippedInRow} updates in a row had no finite loss or gradient`)
      }
      // what made the loss infinite must not be carried on
      state.carried = zeroState(shape, lanes.lanes)
      state.sums.set(before)
      return loss
    }
    state.carried = result.state
    if (count > 0) state.skippedInRow = 0
    return loss
  }

  async function validate(): Promise<void> {
    const weights = weightsOf(shape, gained(moved.averaged, gains))
    const held = await evaluate(current, weights, data.validation)
    const point = { epoch: state.epoch, updates: moved.updates, train: mean(state.sums), validation: held.mean }
    state.curve.push(point)
    watch.validated(point)
    state.sums.fill(0)
    if (held.mean < state.lowest) {
      state.lowest = held.mean
      state.worse = 0
      state.best = { weights, updates: moved.updates }
    } else state.worse++
    state.degrees = degreesOf(current, (await evaluate(current, weights, data.clean)).outputs, data.clean)
    current = withDegreesOfFreedom(plan, state.degrees)
  }

  for (; state.epoch <= options.epochs && state.worse < options.patience; state.epoch++) {
    random.goTo(state.epochMark)
    const { parts, lanes: lanesOf } = data.draw()
    for (; state.part < parts; state.part++) {
      if (state.partMark === undefined) state.partMark = random.mark()
      else random.goTo(state.partMark)
      const lanes = await lanesOf(state.part)
      const masks = dropoutMasks(shape, lanes.lanes, options.dropout, random)
      const chunks = Math.ceil(lanes.steps / options.chunk)
      if (state.chunk === 0) state.carried = zeroState(shape, lanes.lanes)
      while (state.chunk < chunks) {
        const at = (state.epoch - 1 + (state.part + state.chunk / chunks) / parts) / options.epochs
        const rate = learningRate(at, options.peakRate, options.lastRate, options.warmup)
        const loss = await learn(lanes, state.chunk * options.chunk, rate, masks)
        const steps = lanes.lanes * Math.min(options.chunk, lanes.steps - state.chunk * options.chunk)
        state.chunk++
        watch.stepped?.({ at, epoch: state.epoch, steps, loss })
        await setImmediate() // timers and signals have their turn
        if (state.chunk < chunks) checkpoints.keep(state)
      }
      state.chunk = 0
      state.partMark = undefined
    }
    state.part = 0
    state.epochMark = random.mark()
    if (state.epoch % options.validateEvery === 0) await validate()
  }
  const { best } = state
  if (best === undefined) throw new RangeError('training never reached a finite validation likelihood')
  // the degrees of freedom once more, for the weights that are kept
  const degrees = degreesOf(plan, (await evaluate(plan, best.weights, data.clean)).outputs, data.clean)
  return { ...best, degrees, curve: state.curve, skipped: state.skipped }
}

/** @param from what the optimiser moves; drawn when undefined */
function firstState(plan: CellPlan, random: Random, from: Float32Array[] | undefined): FitState {
  const { shape } = plan
  return {
    epoch: 1,
    part: 0,
    chunk: 0,
    epochMark: random.mark(),
    partMark: undefined,
    optimiser: optimiser(from ?? parameterArrays(firstWeights(shape, random, FIRST_SCALE_BIAS))),
    carried: zeroState(shape, 0),
    degrees: plan.curves.map(({ nu }) => nu),
    sums: new Float64Array(2 * plan.curves.length),
    curve: [],
    best: undefined,
    lowest: Number.POSITIVE_INFINITY,
    worse: 0,
    skipped: 0,
    skippedInRow: 0,
  }
}

/** Mean surprise of every horizon and channel: [K C], and of all together; from a cold state. */
export async function evaluate(
  plan: CellPlan,
  weights: Weights,
  lanes: Lanes,
): Promise<{ mean: number; byTarget: Float64Array; outputs: Float32Array }> {
  const outputs = await outputsOfAll(plan.shape, weights, lanes)
  const each = plan.curves.length
  const sums = new Float64Array(2 * each)
  cellLoss(plan, outputs, lanes.x, lanes.targets, 1, undefined, sums)
  return {
    mean: mean(sums),
    byTarget: Float64Array.from({ length: each }, (_, i) => sums[i]! / sums[each + i]!),
    outputs,
  }
}

/** Raw head outputs of all steps, [T B, 2 K C], in pieces that fit the engine's memory. */
async function outputsOfAll(shape: NetworkShape, weights: Weights, lanes: Lanes): Promise<Float32Array> {
  const all = new Float32Array(lanes.steps * lanes.lanes * weights.head.bias.length)
  let state = zeroState(shape, lanes.lanes)
  for (let from = 0; from < lanes.steps; from += MOST_STEPS) {
    const piece = await outputsOf(shape, weights, chunkOf(lanes, shape, from, MOST_STEPS).x, lanes.lanes, state)
    all.set(piece.outputs, from * lanes.lanes * weights.head.bias.length)
    state = piece.state
  }
  return all
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
export function degreesOf(plan: CellPlan, outputs: Float32Array, lanes: Pick<Lanes, 'x' | 'targets'>): number[] {
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

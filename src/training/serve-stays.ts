import { openStepGraph } from '../inference/engine.ts'
import { type GraphShape, stateSize } from '../inference/graph-shape.ts'
import { inProcessEngine } from '../inference/in-process.ts'
import { learnSpread } from '../scoring/own-spread.ts'
import { Page } from '../scoring/page.ts'
import { rememberForecast, resetScore, type Scored, type ScorePlan, scored, scoreFrame } from '../scoring/score.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { FramedStay } from './dataset.ts'

/** The exported graph on the calling thread, as it serves. */
export async function openExported(onnx: Uint8Array, shape: GraphShape, maxBatch: number): Promise<StepEngine> {
  return inProcessEngine(await openStepGraph(onnx, shape, { provider: 'cpu', threads: 1, maxBatch }))
}

/**
 * Called for every frame after it was scored, before anything is learnt from it and its own forecast replaces the one it
 * was scored against. Returns whether nothing may be learnt from it.
 */
export type ScoredVisit = (frame: number, scored: Scored, state: Page) => boolean

/**
 * A stay exactly as serving scores it.
 * @param plan its calibration may still be a blank one
 * @param forecasts of every frame, [N, K 2 C]
 */
export function serveStay(
  plan: ScorePlan,
  stay: FramedStay,
  warmupSteps: number,
  forecasts: Float32Array,
  visit: ScoredVisit,
): void {
  const state = new Page(plan.stateSize)
  const out = scored(plan)
  const width = forecasts.length / stay.frames.count
  resetScore(plan, state, 0)
  for (let i = 0; i < stay.frames.count; i++) {
    scoreFrame(plan, state, 0, stay.frames, i, out)
    if (!visit(i, out, state)) learnSpread(plan, state, 0, stay.frames, i, out)
    rememberForecast(plan, state, 0, stay.frames.ticks[i]!, forecasts, i * width, i < warmupSteps)
  }
}

/** stays that are stepped together */
const TOGETHER = 64

/**
 * Forecasts of every frame of some stays, statefully from a zero state: [stays] of [N, K 2 C]. They are stepped side by
 * side, and a stay's are the same bits alone.
 */
export async function forecastStays(engine: StepEngine, stays: readonly FramedStay[]): Promise<Float32Array[]> {
  const all: Float32Array[] = []
  for (let from = 0; from < stays.length; from += TOGETHER) {
    all.push(...(await sideBySide(engine, stays.slice(from, from + TOGETHER))))
  }
  return all
}

async function sideBySide(engine: StepEngine, stays: readonly FramedStay[]): Promise<Float32Array[]> {
  const width = engine.forecastSize
  const made = stays.map((stay) => new Float32Array(stay.frames.count * width))
  const first = stays.find((stay) => stay.frames.count > 0)
  if (first === undefined) return made
  const features = first.x.length / first.frames.count
  const slots = new Int32Array(stays.length)
  const x = new Float32Array(stays.length * features)
  stays.forEach((_, slot) => void engine.reset(slot))
  const longest = Math.max(...stays.map((stay) => stay.frames.count))
  for (let i = 0; i < longest; i++) {
    let count = 0
    for (let slot = 0; slot < stays.length; slot++) {
      if (i >= stays[slot]!.frames.count) continue
      slots[count] = slot
      x.set(stays[slot]!.x.subarray(i * features, (i + 1) * features), count * features)
      count++
    }
    const forecast = await engine.step(slots, x, count)
    for (let row = 0; row < count; row++) {
      made[slots[row]!]!.set(forecast.subarray(row * width, (row + 1) * width), i * width)
    }
  }
  return made
}

/** Runs of each graph under the stopwatch: at least so many, and then no more once this time has passed. */
const LEAST_TURNS = 5
const MOST_MS = 400

/**
 * Frames a second of each of some graphs at a batch size: the best of their runs, taken in turns, so that whatever else
 * the machine does slows all of them.
 */
export async function stepsPerSecond(
  graphs: readonly Uint8Array[],
  shape: GraphShape,
  batch: number,
): Promise<number[]> {
  const options = { provider: 'cpu', threads: 1, maxBatch: batch }
  const open = await Promise.all(graphs.map((onnx) => openStepGraph(onnx, shape, options)))
  try {
    const best = new Float64Array(open.length).fill(Number.POSITIVE_INFINITY)
    for (const graph of open) graph.x.fill(0.1)
    const began = performance.now()
    for (let turn = 0; turn < 100 && (turn < LEAST_TURNS || performance.now() - began < MOST_MS); turn++) {
      for (const [i, graph] of open.entries()) {
        const from = performance.now()
        await graph.run(batch)
        best[i] = Math.min(best[i]!, performance.now() - from)
      }
    }
    return Array.from(best, (ms) => (batch * 1000) / ms)
  } finally {
    await Promise.all(open.map((graph) => graph.close()))
  }
}

/** Largest absolute difference between the exported graph and given outputs, step by step from a zero state. */
export async function parity(
  onnx: Uint8Array,
  shape: GraphShape,
  x: Float32Array,
  wanted: {
    readonly forecast: readonly (readonly number[])[]
    readonly h: readonly (readonly number[])[]
    readonly c: readonly (readonly number[])[]
  },
): Promise<number> {
  const engine = await openExported(onnx, shape, 1)
  try {
    engine.reset(0)
    let largest = 0
    const compare = (found: ArrayLike<number>, at: number, row: readonly number[]) => {
      row.forEach((value, i) => {
        // a NaN must not pass for equal
        const difference = Math.abs(found[at + i]! - value)
        largest = difference <= largest ? largest : difference
      })
    }
    for (const [t, row] of wanted.forecast.entries()) {
      const forecast = await engine.step(Int32Array.of(0), x.subarray(t * shape.features, (t + 1) * shape.features), 1)
      compare(forecast, 0, row)
    }
    const state = new Float32Array(stateSize(shape))
    engine.readState(0, state)
    for (let layer = 0; layer < shape.layers; layer++) {
      compare(state, layer * 2 * shape.hidden, wanted.h[layer]!)
      compare(state, (layer * 2 + 1) * shape.hidden, wanted.c[layer]!)
    }
    return largest
  } finally {
    await engine.close()
  }
}

import { openStepGraph } from '../inference/engine.ts'
import { type FeaturePlan, featurePlan } from '../inference/features.ts'
import { graphShape } from '../inference/graph-shape.ts'
import { inProcessEngine } from '../inference/in-process.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { type ScorePlan, scorePlan } from '../scoring/score.ts'
import type { StepEngine } from '../stream/ports.ts'
import { type FramedStay, frameStay, type Stay } from '../training/dataset.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'

/** One of the two models in the gate, as it would serve. */
export interface Contestant {
  readonly manifest: ModelManifest
  readonly table: ChannelTable
  readonly features: FeaturePlan
  readonly plan: ScorePlan
  readonly engine: StepEngine
}

/** A stay as a contestant meets it, with the forecasts it makes: [N, K 2 C], statefully from a zero state. */
export interface Foreseen {
  readonly stay: FramedStay
  readonly forecasts: Float32Array
}

/** stays that are stepped together */
const TOGETHER = 256

/** The caller closes its engine. */
export async function openContestant(
  { manifest, onnx }: Pick<ModelBundle, 'manifest' | 'onnx'>,
  table: ChannelTable,
): Promise<Contestant> {
  const options = { provider: 'cpu', threads: 1, maxBatch: TOGETHER }
  return {
    manifest,
    table,
    features: featurePlan(manifest, table),
    plan: scorePlan(manifest, table),
    engine: inProcessEngine(await openStepGraph(onnx, graphShape(manifest), options)),
  }
}

/** Forecasts of every frame of some stays, side by side: a patient's are the same bits alone. */
export async function foresee(contestant: Contestant, stays: readonly Stay[]): Promise<Foreseen[]> {
  const { manifest, table, features } = contestant
  const all: Foreseen[] = []
  for (let from = 0; from < stays.length; from += TOGETHER) {
    const framed = stays
      .slice(from, from + TOGETHER)
      .map((stay) => frameStay(stay, table, manifest.grid.cadenceSeconds, features, manifest.horizons))
    all.push(...(await together(contestant, framed)))
  }
  return all
}

async function together({ engine, manifest }: Contestant, stays: readonly FramedStay[]): Promise<Foreseen[]> {
  const F = manifest.graph.features
  const width = engine.forecastSize
  const made = stays.map((stay) => ({ stay, forecasts: new Float32Array(stay.frames.count * width) }))
  const slots = new Int32Array(stays.length)
  const x = new Float32Array(stays.length * F)
  stays.forEach((_, slot) => void engine.reset(slot))
  const longest = Math.max(0, ...stays.map((stay) => stay.frames.count))
  for (let i = 0; i < longest; i++) {
    let count = 0
    for (let slot = 0; slot < stays.length; slot++) {
      if (i >= stays[slot]!.frames.count) continue
      slots[count] = slot
      x.set(stays[slot]!.x.subarray(i * F, (i + 1) * F), count * F)
      count++
    }
    const forecast = await engine.step(slots, x, count)
    for (let row = 0; row < count; row++) {
      made[slots[row]!]!.forecasts.set(forecast.subarray(row * width, (row + 1) * width), i * width)
    }
  }
  return made
}

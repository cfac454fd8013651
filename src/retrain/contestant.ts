import { openStepGraph } from '../inference/engine.ts'
import { type FeaturePlan, featurePlan } from '../inference/features.ts'
import { graphShape } from '../inference/graph-shape.ts'
import { inProcessEngine } from '../inference/in-process.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import { type ScorePlan, scorePlan } from '../scoring/score.ts'
import type { StepEngine } from '../stream/ports.ts'
import { type FramedStay, frameStay, type Stay } from '../training/dataset.ts'
import { forecastStays } from '../training/serve-stays.ts'
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

/** The caller closes its engine. */
export async function openContestant(
  { manifest, onnx }: Pick<ModelBundle, 'manifest' | 'onnx'>,
  table: ChannelTable,
): Promise<Contestant> {
  const options = { provider: 'cpu', threads: 1, maxBatch: 64 }
  return {
    manifest,
    table,
    features: featurePlan(manifest, table),
    plan: scorePlan(manifest, table),
    engine: inProcessEngine(await openStepGraph(onnx, graphShape(manifest), options)),
  }
}

/** Some stays through a contestant's features and network. */
export async function foresee(contestant: Contestant, stays: readonly Stay[]): Promise<Foreseen[]> {
  const { manifest, table, features, engine } = contestant
  const framed = stays.map((stay) => frameStay(stay, table, manifest.grid.cadenceSeconds, features, manifest.horizons))
  const forecasts = await forecastStays(engine, framed)
  return framed.map((stay, i) => ({ stay, forecasts: forecasts[i]! }))
}

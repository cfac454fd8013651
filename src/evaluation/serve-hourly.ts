import { openStepGraph } from '../inference/engine.ts'
import { verifyGolden } from '../inference/golden.ts'
import { classifierShape } from '../inference/graph-shape.ts'
import { scaleInputs } from '../inference/hourly/inputs.ts'
import { HOURLY_INPUTS } from '../inference/hourly/kinds.ts'
import { inProcessEngine } from '../inference/in-process.ts'
import type { ModelBundle } from '../inference/model-store.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { HourlyStay } from '../training/cohorts/stay.ts'
import { sigmoid } from '../training/head.ts'
import type { ClassifierManifest } from '../vitals/classifier-manifest.ts'

/** A stay with what the model said at each of its rows. */
export interface ScoredStay {
  readonly stay: HourlyStay
  /** [rows] */
  readonly logits: Float64Array
}

/** Stays stepped together: one hour of all of them is one call. */
const SIDE = 512

/**
 * Score stays as a ward would: hour by hour, each through its own state row, whatever comes later unread. Every stay is
 * stepped beside others and gets the same bits as alone. Memory holds `side` stays at a time.
 */
export async function* scoreHourly(
  bundle: ModelBundle<ClassifierManifest>,
  stays: AsyncIterable<HourlyStay>,
  side = SIDE,
): AsyncGenerator<ScoredStay> {
  const shape = classifierShape(bundle.manifest)
  const engine = inProcessEngine(
    await openStepGraph(bundle.onnx, shape, { provider: 'cpu', threads: 1, maxBatch: side }),
  )
  try {
    await verifyGolden(engine, bundle)
    let waiting: HourlyStay[] = []
    for await (const stay of stays) {
      waiting.push(stay)
      if (waiting.length < side) continue
      yield* await together(engine, bundle.manifest, waiting)
      waiting = []
    }
    if (waiting.length > 0) yield* await together(engine, bundle.manifest, waiting)
  } finally {
    await engine.close()
  }
}

async function together(
  engine: StepEngine,
  { inputs: scale }: ClassifierManifest,
  stays: readonly HourlyStay[],
): Promise<ScoredStay[]> {
  const { inputs } = HOURLY_INPUTS[scale.kind]
  const features = inputs.names.length
  const states = new Float64Array(stays.length * inputs.stateSize)
  const raw = new Float64Array(features)
  const x = new Float32Array(stays.length * features)
  const slots = new Int32Array(stays.length)
  const scored = stays.map((stay) => ({ stay, logits: new Float64Array(stay.from.length - 1) }))
  for (let slot = 0; slot < stays.length; slot++) {
    inputs.reset(states, slot * inputs.stateSize)
    engine.reset(slot)
  }
  const steps = Math.max(...scored.map(({ logits }) => logits.length))
  for (let t = 0; t < steps; t++) {
    let count = 0
    for (let slot = 0; slot < stays.length; slot++) {
      const { from, channels, values } = stays[slot]!
      if (t >= from.length - 1) continue
      const at = slot * inputs.stateSize
      for (let i = from[t]!; i < from[t + 1]!; i++) inputs.take(states, at, channels[i]!, values[i]!)
      inputs.close(states, at, raw, 0)
      scaleInputs(scale, raw, 0, x, count * features)
      slots[count++] = slot
    }
    const logits = await engine.step(slots, x, count)
    for (let row = 0; row < count; row++) scored[slots[row]!]!.logits[t] = logits[row]!
  }
  return scored
}

/** Probability of the outcome, calibrated on patients a network had not seen. */
export function probabilityOf({ outcome }: ClassifierManifest, logit: number): number {
  return sigmoid(outcome.slope * logit + outcome.intercept)
}

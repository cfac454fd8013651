import { describe, expect, it } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { featurePlan } from '../../src/inference/features.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { random } from '../../src/random.ts'
import { modelDrift, modelDriftPlan, tallyFrame } from '../../src/scoring/model-drift.ts'
import { scorePlan } from '../../src/scoring/score.ts'
import type { Stay } from '../../src/training/dataset.ts'
import { frameStay } from '../../src/training/dataset.ts'
import { referenceOf } from '../../src/training/reference.ts'
import { forecastStays, serveStay } from '../../src/training/serve-stays.ts'
import { testManifest, testModel } from '../inference/test-model.ts'
import { madeReading, TABLE } from '../training/made-stays.ts'

const SHAPE = { features: 8, hidden: 6, layers: 1, channels: 2, horizons: 2 }
const model = testModel(SHAPE)
const manifest = {
  ...testManifest(SHAPE, model.onnx),
  channels: ['hr', 'spo2'],
  normaliser: { centre: [80, 97], scale: [10, 2], clip: 8 },
}

/** A patient whose heart rate wanders around a level, and whose saturation is missing now and then. */
function wandering(seed: number, level: number, missing: number): Stay {
  const rng = random(seed)
  let hr = level
  const readings = Array.from({ length: 1500 }, (_, second) => {
    hr += 0.05 * (level - hr) + rng.normal()
    return madeReading(second, Math.round(hr), rng.uniform() < missing ? Number.NaN : 97 + Math.round(rng.uniform()))
  })
  return { name: `p${seed}`, readings }
}

async function tallied(stays: readonly Stay[], reference: readonly Stay[]) {
  const engine = inProcessEngine(
    await openStepGraph(model.onnx, model.shape, { provider: 'cpu', threads: 1, maxBatch: 64 }),
  )
  const features = featurePlan(manifest, TABLE)
  const framed = (of: readonly Stay[]) => of.map((stay) => frameStay(stay, TABLE, 1, features, manifest.horizons))
  try {
    const known = { ...manifest, reference: await referenceOf(engine, manifest, TABLE, framed(reference)) }
    const score = scorePlan(known, TABLE)
    const plan = modelDriftPlan(known, score)
    const tally = new Float64Array(plan.size)
    const seen = framed(stays)
    const forecasts = await forecastStays(engine, seen)
    for (const [i, stay] of seen.entries()) {
      serveStay(score, stay, known.warmupSteps, forecasts[i]!, (frame, scored) => {
        tallyFrame(plan, tally, stay.frames, frame, scored)
        return false
      })
    }
    return { known, drift: modelDrift(plan, tally), bare: modelDrift(modelDriftPlan(manifest, score), tally) }
  } finally {
    await engine.close()
  }
}

const ward = (from: number, level: number, missing: number) =>
  Array.from({ length: 8 }, (_, i) => wandering(from + i, level + 2 * i, missing))

describe("a model's drift", () => {
  it('is small in a ward like the one it was made with', async () => {
    const { drift, known } = await tallied(ward(100, 75, 0.1), ward(1, 75, 0.1))
    expect(drift.frames).toBe(12_000)
    for (const { channel, stability, missing, missingThen } of drift.channels) {
      expect(stability).toBeLessThan(0.1)
      expect(missing).toBeCloseTo(channel === 'hr' ? 0 : 0.1, 1)
      expect(missingThen).toBeCloseTo(missing, 1)
    }
    expect(drift.scoreStability).toBeLessThan(0.1)
    expect(drift.exceedanceThen).toEqual(known.reference.exceedance)
  })

  it('names the channel that moved, and the one that is missing', async () => {
    const { drift } = await tallied(ward(100, 105, 0.6), ward(1, 75, 0.1))
    const [hr, spo2] = drift.channels
    expect(hr!.stability).toBeGreaterThan(0.25)
    expect(spo2!.stability).toBeLessThan(0.1)
    expect(spo2!.missing - spo2!.missingThen!).toBeGreaterThan(0.4)
  })

  it('has no stability index without a reference, and all else', async () => {
    const { bare } = await tallied(ward(100, 75, 0.1), ward(1, 75, 0.1))
    expect(bare.channels.map(({ stability }) => stability)).toEqual([undefined, undefined])
    expect(bare.scoreStability).toBeUndefined()
    expect(bare.channels[0]!.pit!.n).toBeGreaterThan(11_000)
    expect(bare.exceedance).toHaveLength(2)
  })
})

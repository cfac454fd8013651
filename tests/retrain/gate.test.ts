import { describe, expect, it } from 'vitest'
import { type ModelBundle, openModel } from '../../src/inference/model-store.ts'
import { encodeModel } from '../../src/onnx/proto.ts'
import { readOnnx } from '../../src/onnx/read.ts'
import { random } from '../../src/random.ts'
import { judge } from '../../src/retrain/gate.ts'
import type { Weights } from '../../src/training/network.ts'
import { stepGraph } from '../../src/training/onnx/graph.ts'
import { graphWeights } from '../../src/training/onnx/weights.ts'
import { GateVerdict } from '../../src/vitals/gate-verdict.ts'
import { collected, TABLE, windowOf } from './wards.ts'

type Model = Pick<ModelBundle, 'manifest' | 'onnx'>

const shipped = await openModel('models', 'bedside')
const { stays } = windowOf(collected('evaluation', 5, { beds: 36, hours: 0.3 }))

/** The shipped network with weights of its layers, or of its head, off by a factor: a model that is truly worse. */
function worse({ manifest, onnx }: Model, by: number, headBy = 0): Model {
  const { graph, channels, horizons } = manifest
  const shape = { ...graph, channels: channels.length, horizons: horizons.length }
  const weights = graphWeights(shape, graph.form, readOnnx(onnx))
  const { normal } = random(3)
  const off = (values: Float32Array, spread: number) => values.map((value) => value * (1 + spread * normal()))
  const changed: Weights = {
    layers: weights.layers.map(({ kernel, bias }) => ({ kernel: off(kernel, by), bias })),
    head: { ...weights.head, kernel: off(weights.head.kernel, headBy) },
  }
  const floor = Float32Array.from(channels, (name, c) => {
    const { resolution } = TABLE.channels[TABLE.index.get(name)!]!
    return resolution / 2 / manifest.normaliser.scale[c]!
  })
  const about = { name: 'off', producer: 'vigil tests', metadata: {} }
  return { manifest, onnx: encodeModel(stepGraph(shape, changed, floor, graph.form, about)) }
}

const judged = (champion: Model, challenger: Model) => judge(champion, challenger, stays, TABLE, () => {})

describe('the gate', () => {
  it('refuses the champion itself, only because nothing is better: no other condition is hurt', async () => {
    const { decision, reasons, primary, conditions } = await judged(shipped, shipped)
    expect(decision).toBe('refused')
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toContain('not shown to be better: 0 nats')
    expect(primary).toMatchObject({ difference: 0, interval: [0, 0], passes: false })
    for (const { name, worse: by, passes } of conditions) {
      expect({ name, passes }).toEqual({ name, passes: true })
      if (name !== 'step time' && !name.startsWith('calibration')) expect(by).toBe(0)
    }
  })

  it('passes a network that foresees better, and refuses it the other way round, with the figures of both', async () => {
    const off = worse(shipped, 2)
    const better = await judged(off, shipped)
    expect(better).toMatchObject({ decision: 'passed', reasons: [] })
    expect(better.primary.interval[1]).toBeLessThan(0)
    const back = await judged(shipped, off)
    expect(back.decision).toBe('refused')
    expect(back.primary.difference).toBeCloseTo(-better.primary.difference, 12)
    expect(back.primary.champion).toBe(better.primary.challenger)
    expect(back.reasons.some((reason) => reason.startsWith('likelihood of '))).toBe(true)
    expect(GateVerdict.shape.primary.parse(back.primary)).toEqual(back.primary)
    expect(GateVerdict.shape.conditions.parse(back.conditions)).toEqual(back.conditions)
  })

  it('refuses a network whose forecasts are no numbers', async () => {
    const off = worse(shipped, 0, 1e30)
    const { decision, reasons } = await judged(shipped, off)
    expect(decision).toBe('refused')
    expect(reasons.join()).toContain('no finite number')
  })
})

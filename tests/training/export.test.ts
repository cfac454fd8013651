import { describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'
import { goldenSteps } from '../../src/training/golden.ts'
import { firstWeights } from '../../src/training/network.ts'
import { exportGraph } from '../../src/training/onnx/export.ts'
import { GRAPH_FORMS } from '../../src/training/onnx/graph.ts'

const SHAPE = { features: 8, hidden: 6, layers: 2, channels: 2, horizons: 2 }

describe('the form of an exported graph', () => {
  it.each(GRAPH_FORMS)('is the one that was asked for, whatever is faster here: %s', async (form) => {
    await openTrainingEngine('cpu')
    const { normal, ...rest } = random(3)
    const weights = firstWeights(SHAPE, { normal, ...rest }, 0)
    const floor = new Float32Array(SHAPE.channels).fill(0.03)
    const x = Float32Array.from({ length: 20 * SHAPE.features }, () => normal())
    const golden = await goldenSteps(SHAPE, weights, floor, x, 20)
    const exported = await exportGraph(SHAPE, weights, floor, x, golden, { name: 'small' }, form)
    expect(exported.form).toBe(form)
    expect(Object.keys(exported.stepsPerSecond)).toEqual([`${form}@64`, `${form}@1024`])
    expect(exported.parity).toBeLessThanOrEqual(golden.tolerance)
  })
})

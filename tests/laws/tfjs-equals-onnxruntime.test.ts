import { beforeAll, describe, expect, it } from 'vitest'
import { encodeModel } from '../../src/onnx/proto.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'
import { goldenSteps } from '../../src/training/golden.ts'
import type { NetworkShape } from '../../src/training/network.ts'
import { type GraphForm, stepGraph } from '../../src/training/onnx/graph.ts'
import { parity } from '../../src/training/serve-stays.ts'
import { noise, smallWeights } from '../training/small-network.ts'

const STEPS = 200
const SHAPES: readonly [string, NetworkShape][] = [
  ['the bedside network', { features: 16, hidden: 64, layers: 2, channels: 4, horizons: 3 }],
  ['one layer, one channel, one horizon', { features: 4, hidden: 5, layers: 1, channels: 1, horizons: 1 }],
  ['three layers', { features: 8, hidden: 7, layers: 3, channels: 2, horizons: 2 }],
]
const about = { name: 'law', producer: 'vigil', metadata: {} }

describe.each(SHAPES)('%s', (_, shape) => {
  beforeAll(() => openTrainingEngine('wasm'))

  const weights = smallWeights(shape, 21)
  const x = noise(STEPS * shape.features, 22)
  const floor = new Float32Array(shape.channels).fill(0.03)
  const graph = { ...shape, outputs: shape.horizons * 2 * shape.channels }
  const onnx = (form: GraphForm) => encodeModel(stepGraph(shape, weights, floor, form, about))

  it.each(['lstm-operator', 'plain-products'] as const)(
    'as %s is the trained network to 1e-5, step by step',
    async (form) => {
      const golden = await goldenSteps(shape, weights, floor, x, STEPS)
      expect(await parity(onnx(form), graph, x, golden)).toBeLessThanOrEqual(1e-5)
    },
  )

  it('with two gates exchanged is far from it', async () => {
    const golden = await goldenSteps(shape, weights, floor, x, STEPS)
    const wrong = smallWeights(shape, 21)
    for (const { kernel } of wrong.layers) {
      const width = 4 * shape.hidden
      for (let row = 0; row < kernel.length; row += width) {
        const input = kernel.slice(row, row + shape.hidden)
        kernel.copyWithin(row, row + shape.hidden, row + 2 * shape.hidden)
        kernel.set(input, row + shape.hidden)
      }
    }
    const bytes = encodeModel(stepGraph(shape, wrong, floor, 'lstm-operator', about))
    expect(await parity(bytes, graph, x, golden)).toBeGreaterThan(1e-2)
  })
})

import { describe, expect, it } from 'vitest'
import { random } from '../../../src/random.ts'
import { type ClassifierShape, classifierArrays, firstClassifier } from '../../../src/training/classifier/shape.ts'
import { exportClassifier } from '../../../src/training/onnx/export-classifier.ts'

const SHAPES: Record<string, ClassifierShape> = {
  'tanh, three classes': { inputs: 9, sequence: 9, front: 0, cell: 'tanh', hidden: 7, back: 0, outputs: 3 },
  'ReLU behind a front, with a summary': { inputs: 11, sequence: 8, front: 6, cell: 'relu', hidden: 6, back: 5 },
  'GRU, three classes with a summary': { inputs: 11, sequence: 8, front: 0, cell: 'gru', hidden: 6, back: 5, outputs: 3 },
  'an LSTM that fades': { inputs: 14, sequence: 14, front: 0, cell: 'lstm', hidden: 6, back: 0, decay: 4 },
  'an LSTM that fades, behind a front, with a summary': { inputs: 16, sequence: 14, front: 5, cell: 'lstm', hidden: 6, back: 3, decay: 4 },
} // biome-ignore format: one shape a line

describe('a classifier as one graph', () => {
  it.each(Object.entries(SHAPES))('%s: golden steps of the equations in doubles, alone and in company', async (_, shape) => {
    const members = [1, 2].map((seed) => {
      const weights = firstClassifier(shape, 1, random(seed))
      const { normal } = random(seed + 9)
      for (const array of classifierArrays(weights)) array.set(array.map((value) => value + 0.1 * normal()))
      return weights
    })
    const x = Float32Array.from({ length: 20 * shape.inputs }, random(3).normal)
    const { golden } = await exportClassifier(shape, members, x, 20, { name: 'made' })
    expect(golden.forecast[0]).toHaveLength(shape.outputs ?? 1)
    expect(golden.c).toHaveLength(shape.cell === 'lstm' ? 2 : 0)
  }) // biome-ignore format: one line a weight

  it('without memory has no step graph', async () => {
    const shape: ClassifierShape = { inputs: 3, sequence: 3, front: 0, cell: 'none', hidden: 3, back: 0 }
    const weights = firstClassifier(shape, 1, random(1))
    await expect(exportClassifier(shape, [weights], new Float32Array(12), 4, {})).rejects.toThrow('no step graph')
  })
})

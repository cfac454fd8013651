import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { benchTrain } from '../../src/training/bench-train.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'

describe('the training engine', () => {
  it.each(['cpu', 'wasm'] as const)('%s is the one that was named', async (name) => {
    expect((await openTrainingEngine(name)).name).toBe(name)
    expect(tf.getBackend()).toBe(name)
  })

  it('under auto is the first that works, and says why others did not', async () => {
    const { name, refused } = await openTrainingEngine('auto')
    expect(['tensorflow', 'wasm']).toContain(name)
    if (name === 'wasm') expect(refused).toEqual([{ name: 'tensorflow', reason: expect.stringMatching(/\w/) }])
  })

  it('that is not installed is refused by name, with the reason', async () => {
    await expect(openTrainingEngine('webgpu')).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('@tensorflow/tfjs-backend-webgpu is not installed'),
    })
  })

  it('is measured in patient-timesteps a second', async () => {
    const sizes = { hidden: 8, layers: 2, features: 8, batch: 4, chunk: 16 }
    const found = await benchTrain({ engine: 'wasm', ...sizes, seconds: 0.3 })
    expect(found).toMatchObject({ engine: 'wasm', ...sizes })
    expect(found.stepsPerSecond).toBeGreaterThan(100)
  })
})

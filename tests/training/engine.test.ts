import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { benchTrain } from '../../src/training/bench-train.ts'
import { introduced, openTrainingEngine } from '../../src/training/engine.ts'
import { engineMissing } from '../setup/engines.ts'

describe('the training engine', () => {
  it.each(['cpu', 'wasm'] as const)('%s is the one that was named', async (name) => {
    expect((await openTrainingEngine(name)).name).toBe(name)
    expect(tf.getBackend()).toBe(name)
  })

  it('under auto is the fastest of a probe, and says why others were not taken', async () => {
    const engine = await openTrainingEngine('auto')
    expect(tf.getBackend()).toBe(engine.name)
    expect([engine.name, ...engine.refused.map(({ name }) => name)].sort()).toEqual(['tensorflow', 'wasm', 'webgpu'])
    for (const { reason } of engine.refused) expect(reason).toMatch(/\w/)
    const lines = introduced(engine)
    expect(lines).toHaveLength(3)
    expect(lines[2]).toBe(`training engine: ${engine.name}`)
  })

  it('under auto is never a software GPU', async () => {
    const { name, refused } = await openTrainingEngine('auto')
    if (name === 'webgpu') return // a real GPU is here
    expect(refused.find((it) => it.name === 'webgpu')?.reason).toMatch(
      /not installed|no GPU|no WebGPU adapter|software GPU|times as fast/,
    )
  })

  it('is refused by name where a network reads its sums at once, which a GPU cannot', async () => {
    await expect(openTrainingEngine('webgpu', { readsAtOnce: true })).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('reads its sums at once'),
    })
  })

  it.skipIf(engineMissing('webgpu'))('that is a software GPU is taken by its name, with a warning', async () => {
    const engine = await openTrainingEngine('webgpu')
    expect(tf.getBackend()).toBe('webgpu')
    if (engine.warning !== undefined) expect(introduced(engine)).toContain(`WARNING: ${engine.warning}`)
  })

  it('is measured in patient-timesteps a second', async () => {
    const sizes = { hidden: 8, layers: 2, features: 8, batch: 4, chunk: 16, threads: 1 }
    const found = await benchTrain({ engine: 'wasm', ...sizes, seconds: 0.3 })
    expect(found).toMatchObject({ engine: 'wasm', ...sizes })
    expect(found.stepsPerSecond).toBeGreaterThan(100)
  })
})

import { describe, expect, it } from 'vitest'
import { type DropoutMasks, outputsOf, throughChunk, zeroState } from '../../src/training/bptt.ts'
import { openTrainingEngine, type TrainingEngineName } from '../../src/training/engine.ts'
import { engineMissing } from '../setup/engines.ts'
import { lossCurve } from './loss-curve.ts'
import { largestDifference, noise, SMALL, smallWeights } from './small-network.ts'

const LENGTH = { lanes: 4, steps: 12, updates: 200 }
const SHORT = { lanes: 2, steps: 4, updates: 10 }
const ENGINES = ['tensorflow', 'webgpu', 'wasm'] as const

describe('the same seed', () => {
  const shape = { features: 2, hidden: 8, layers: 2, channels: 1, horizons: 1 }

  it.skipIf(engineMissing('tensorflow'))(
    'gives the same loss curve natively and on wasm, to 1e-3 over 200 updates',
    async () => {
      const [native, wasm] = [await lossCurve('tensorflow', shape, LENGTH), await lossCurve('wasm', shape, LENGTH)]
      expect(largestDifference(native, wasm)).toBeLessThan(1e-3)
      expect(native.at(-1)).toBeLessThan(native[0]! / 4) // and it is a curve of something learnt
    },
    60_000,
  )

  it('gives the same loss curve on wasm and on the plain processor, to 1e-3 over 200 updates', async () => {
    const [wasm, cpu] = [await lossCurve('wasm', shape, LENGTH), await lossCurve('cpu', shape, LENGTH)]
    expect(largestDifference(wasm, cpu)).toBeLessThan(1e-3)
  }, 60_000)

  // 200 updates of it: tests/long/engines.test.ts
  it.skipIf(engineMissing('webgpu'))(
    'gives the same loss curve on WebGPU and on wasm, to 1e-3, as far as a software GPU comes',
    async () => {
      const tiny = { features: 2, hidden: 4, layers: 1, channels: 1, horizons: 1 }
      const gpu = await lossCurve('webgpu', tiny, SHORT)
      expect(largestDifference(gpu, await lossCurve('wasm', tiny, SHORT))).toBeLessThan(1e-3)
    },
    120_000,
  )
})

describe.each(ENGINES)('a chunk on %s', (engine) => {
  it.skipIf(engine !== 'wasm' && engineMissing(engine))(
    'has the outputs, states and gradients of the plain processor, dropout and penalty and all',
    async () => {
      const [steps, lanes] = [5, 3]
      const weights = smallWeights(SMALL, 21)
      const x = noise(steps * lanes * SMALL.features, 22)
      const state = zeroState(SMALL, lanes)
      for (const rows of [...state.h, ...state.c]) rows.set(noise(rows.length, 23))
      const dropout: DropoutMasks = {
        above: [24, 25].map((seed) => noise(lanes * SMALL.hidden, seed).map((value) => (value < -0.5 ? 0 : 1.5))),
      }
      const on = async (name: TrainingEngineName) => {
        await openTrainingEngine(name)
        const { outputs } = await outputsOf(SMALL, weights, x, lanes, state)
        const chunk = await throughChunk(SMALL, weights, x, lanes, state, (found) => found.slice(), {
          dropout,
          cellPenalty: 0.1,
        })
        return [outputs, ...chunk.state.h, ...chunk.state.c, ...chunk.gradients]
      }
      const [found, plain] = [await on(engine), await on('cpu')]
      for (const [i, array] of plain.entries()) {
        const size = Math.max(1, ...array.map(Math.abs))
        expect(largestDifference(found[i]!, array) / size).toBeLessThan(1e-5)
      }
    },
    120_000,
  )
})

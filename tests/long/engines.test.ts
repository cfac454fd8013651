import { describe, expect, it } from 'vitest'
import { engineMissing } from '../setup/engines.ts'
import { lossCurve } from '../training/loss-curve.ts'
import { largestDifference } from '../training/small-network.ts'

describe('the same seed', () => {
  it.skipIf(engineMissing('webgpu'))(
    'gives the same loss curve on WebGPU and on wasm, to 1e-3 over 200 updates',
    async () => {
      const shape = { features: 2, hidden: 4, layers: 1, channels: 1, horizons: 1 }
      const length = { lanes: 2, steps: 4, updates: 200 }
      const gpu = await lossCurve('webgpu', shape, length)
      expect(largestDifference(gpu, await lossCurve('wasm', shape, length))).toBeLessThan(1e-3)
    },
  )
})

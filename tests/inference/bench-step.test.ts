import { expect, test } from 'vitest'
import { benchStep } from '../../src/inference/bench-step.ts'
import { testModel } from './test-model.ts'

const { onnx, shape } = testModel()
const options = { onnx, shape, batch: 16, threads: 1, provider: 'cpu', seconds: 0.3 }

test('the bench prints the shape it ran and its anchor of the same run', async () => {
  const result = await benchStep(options)
  expect(result).toMatchObject({
    batch: 16,
    patients: 16,
    features: 16,
    hidden: 64,
    layers: 2,
    threads: 1,
    provider: 'cpu',
  })
  expect(result.ratio).toBeCloseTo(result.stepsPerSecond / result.bareStepsPerSecond, 2)
  expect(result.workerStepsPerSecond).toBeGreaterThan(0)
  expect(result.eventLoopDelayP99Ms).toBeGreaterThan(0)
})

test.each([{ batch: 0 }, { patients: 15 }, { threads: 0 }, { provider: 'abacus' }])('%j is refused', async (change) => {
  await expect(benchStep({ ...options, ...change })).rejects.toMatchObject({ code: 'config-invalid' })
})

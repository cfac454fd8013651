import { expect, test } from 'vitest'
import { stepBatches } from '../../src/bench/step-batches.ts'
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

test('numbers of workers are compared within one run, with the first', async () => {
  const { workers, workerStepsPerSecond } = await benchStep({ ...options, workers: [1, 2] })
  expect(workers!.map((each) => each.workers)).toEqual([1, 2])
  expect(workers![0]).toMatchObject({ stepsPerSecond: workerStepsPerSecond, speedup: 1 })
  expect(workers![1]!.speedup).toBeCloseTo(workers![1]!.stepsPerSecond / workerStepsPerSecond, 2)
  expect(await benchStep(options)).not.toHaveProperty('workers')
})

test.each([{ batch: 0 }, { workers: [1, 0] }, { patients: 15 }, { threads: 0 }, { provider: 'abacus' }])(
  '%j is refused',
  async (change) => {
    await expect(benchStep({ ...options, ...change })).rejects.toMatchObject({ code: 'config-invalid' })
  },
)

test('several batches are measured one after the other, and each is told of as soon as it is there', async () => {
  const told: number[] = []
  const wanted = { ...options, batch: [8, 16], seconds: 0.1, model: 'a model', patients: undefined }
  const found = await stepBatches(wanted, (soFar) => told.push((soFar as { batches: object[] }).batches.length))
  expect(told).toEqual([1, 2])
  expect(found).toMatchObject({ batch: 8, model: 'a model', batches: [{ batch: 8 }, { batch: 16, patients: 16 }] })
  expect(await stepBatches({ ...wanted, batch: [4] }, () => {})).not.toHaveProperty('batches')
})

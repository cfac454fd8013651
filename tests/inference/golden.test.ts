import { expect, test } from 'vitest'
import { openStepGraph } from '../../src/inference/engine.ts'
import { verifyGolden } from '../../src/inference/golden.ts'
import { inProcessEngine } from '../../src/inference/in-process.ts'
import { softplusScales } from './softplus.ts'
import { features, ODD, testBundle, testModel } from './test-model.ts'

const model = testModel()

test('verifying leaves the state rows of the engine as they were, passed or not', async () => {
  const bundle = testBundle(model, 30)
  const engine = inProcessEngine(
    await openStepGraph(model.onnx, model.shape, { provider: 'cpu', threads: 1, maxBatch: 8 }),
  )
  const rows = Array.from({ length: 9 }, (_, slot) => features(1, engine.stateSize, slot + 1))
  for (const [slot, row] of rows.entries()) engine.writeState(slot, row)
  const unchanged = () => {
    for (const [slot, row] of rows.entries()) {
      const found = new Float32Array(engine.stateSize)
      engine.readState(slot, found)
      expect(found).toEqual(row)
    }
  }
  await verifyGolden(engine, bundle)
  unchanged()
  bundle.golden.forecast[29]![23] = Number.NaN
  await expect(verifyGolden(engine, bundle)).rejects.toMatchObject({
    code: 'golden-mismatch',
    message: expect.stringContaining('step 29, forecast[23], alone'),
  })
  unchanged()
  await engine.close()
})

test('a row that differs in a batch by one unit in the last place is refused, far inside the tolerance', async () => {
  const odd = testModel(ODD)
  const engine = inProcessEngine(
    await openStepGraph(softplusScales(odd), odd.shape, { provider: 'cpu', threads: 1, maxBatch: 8 }),
  )
  const bundle = testBundle(odd)
  // its own golden steps: what it computes for a row alone
  const forecast: number[][] = []
  for (const x of bundle.golden.x) {
    const row = await engine.step(Int32Array.of(0), Float32Array.from(x), 1)
    forecast.push(Array.from(row.subarray(0, engine.forecastSize)))
  }
  await expect(verifyGolden(engine, { ...bundle, golden: { ...bundle.golden, forecast } })).rejects.toMatchObject({
    code: 'golden-mismatch',
    message: expect.stringMatching(/^forecasts\[\d+\]: a row gives .* alone and .* in a batch of 7$/),
  })
  await engine.close()
})

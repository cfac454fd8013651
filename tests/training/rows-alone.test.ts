import { expect, test } from 'vitest'
import { unlikeAlone } from '../../src/training/onnx/rows-alone.ts'
import { softplusScales } from '../inference/softplus.ts'
import { BEDSIDE, ODD, testModel } from '../inference/test-model.ts'

test.each(['lstm-operator', 'plain-products'] as const)(
  'the rows of %s are the same alone and in a batch',
  async (form) => {
    for (const network of [BEDSIDE, ODD]) {
      const { onnx, shape } = testModel(network, form)
      expect(await unlikeAlone(onnx, shape)).toBeUndefined()
    }
  },
)

test('an operator that rounds by place is found, and said where', async () => {
  const odd = testModel(ODD)
  expect(await unlikeAlone(softplusScales(odd), odd.shape)).toMatch(/^row \d+ of 67 \(threads: 1\)$/)
})

import { describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { firstTranslator } from '../../src/training/encdec/models.ts'
import { exportTranslator } from '../../src/training/onnx/export-translator.ts'

const shape = { channels: 3, window: 12, stride: 4, hidden: 9 }

/** frames of values and masks, some without a value */
function madeFrames(count: number, seed: number): Float64Array[] {
  const { normal, uniform } = random(seed)
  return Array.from({ length: count }, () => {
    const row = new Float64Array(2 * shape.channels)
    for (let c = 0; c < shape.channels; c++) {
      row[c] = Math.fround(normal())
      row[shape.channels + c] = uniform() < 0.2 ? 0 : 1
    }
    return row
  })
}

describe('an encoder-decoder as one graph', () => {
  it('gives the errors of the equations in doubles, alone and in company, call after call from an empty window', async () => {
    const translator = firstTranslator('lstm', shape.channels, shape.hidden, random(4))
    // every weight matters: the first biases are zeros
    for (const part of ['encoder', 'decoder', 'head'] as const) {
      const { normal } = random(part.length)
      for (const numbers of translator[part].parameters) numbers.set(numbers.map((value) => value + 0.2 * normal()))
    }
    const { onnx, golden } = await exportTranslator(shape, translator, madeFrames(40, 5), { name: 'made' })
    expect(golden.x).toHaveLength(10)
    expect(golden.forecast[0]!.filter((error) => error === -1).length).toBeGreaterThanOrEqual(8 * shape.channels)
    expect(onnx.length).toBeLessThan(20_000)
  })

  it('is refused where it computes something else', async () => {
    const translator = firstTranslator('lstm', shape.channels, shape.hidden, random(4))
    const wrong = { ...translator, decoder: { ...translator.decoder, step: translator.decoder.step } }
    const other = firstTranslator('lstm', shape.channels, shape.hidden, random(5)).decoder
    // the equations of one decoder, the weights of another
    const mixed = { ...wrong, decoder: { ...other, parameters: translator.decoder.parameters } }
    await expect(exportTranslator(shape, mixed, madeFrames(40, 5), { name: 'made' })).rejects.toMatchObject({
      code: 'training-failed',
    })
  })
})

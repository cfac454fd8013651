import type { Translator } from '../cells/encoder-decoder.ts'
import { GATES } from '../gates.ts'
import type { LayerWeights } from '../network.ts'

/** Sizes of an exported translator: C channels, windows of W frames, a call every S frames, H units. */
export interface TranslatorShape {
  readonly channels: number
  readonly window: number
  readonly stride: number
  readonly hidden: number
}

/** float32, as they are exported. */
export interface TranslatorWeights {
  /** kernel [2C + H, 4H] */
  readonly encoder: LayerWeights
  /** kernel [C + H, 4H] */
  readonly decoder: LayerWeights
  /** kernel [H, C] */
  readonly head: LayerWeights
}

export function weightsOf({ encoder, decoder, head }: Translator): TranslatorWeights {
  const layer = ([kernel, bias]: readonly Float64Array[]) => ({ kernel: Float32Array.from(kernel!), bias: Float32Array.from(bias!) }) // biome-ignore format: one line
  return { encoder: layer(encoder.parameters), decoder: layer(decoder.parameters), head: layer(head.parameters) }
}

/**
 * The decoder without an input: what it reads is its own answer h Wo + bo, a product with its own state, so both fold into
 * the recurrent kernel: Kr + Wo Ki, b + bo Ki. Kernel [C + H, 4H] whose input rows are zero.
 */
export function foldedDecoder({ channels, hidden }: TranslatorShape, { decoder, head }: TranslatorWeights): LayerWeights {
  const width = GATES.length * hidden
  const kernel = decoder.kernel.slice().fill(0, 0, channels * width)
  const bias = Float64Array.from(decoder.bias)
  for (let column = 0; column < width; column++) {
    for (let c = 0; c < channels; c++) bias[column]! += head.bias[c]! * decoder.kernel[c * width + column]!
    for (let unit = 0; unit < hidden; unit++) {
      const at = (channels + unit) * width + column
      let sum = decoder.kernel[at]!
      for (let c = 0; c < channels; c++) sum += head.kernel[unit * channels + c]! * decoder.kernel[c * width + column]!
      kernel[at] = sum
    }
  }
  return { kernel, bias: Float32Array.from(bias) }
} // biome-ignore format: the signature

export function translatorParameters({ encoder, decoder, head }: TranslatorWeights): number {
  return [encoder, decoder, head].reduce((sum, { kernel, bias }) => sum + kernel.length + bias.length, 0)
}

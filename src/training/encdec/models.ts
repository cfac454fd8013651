import type { Random } from '../../random.ts'
import { type Cell, zerosBeside } from '../cells/cell.ts'
import { type Feed, reconstruct, type Translator, throughTranslation } from '../cells/encoder-decoder.ts'
import { gruCell } from '../cells/gru-cell.ts'
import { firstKernel, firstMatrix } from '../cells/initialise.ts'
import { namedCell } from '../cells/named-cells.ts'
import { perceptron } from '../cells/perceptron.ts'
import type { Window } from './windows.ts'

/** Something that learns to reconstruct a window. */
export interface WindowModel {
  /** changed in place by an optimiser */
  readonly parameters: readonly Float64Array[]
  /** [P] which of them are matrices: weight decay is for those */
  readonly matrices: readonly boolean[]
  /** x [W] of [2C] -> [W] of [C] */
  reconstruct(x: Window['x']): readonly Float64Array[]
  /** half the squared error of all observed values; gradients beside `parameters`, added to */
  learn(window: Window, gradients: readonly Float64Array[]): number
}

export const TRANSLATOR_CELLS = ['tanh', 'relu-identity', 'lstm', 'gru'] as const
export type TranslatorCell = (typeof TRANSLATOR_CELLS)[number]

/** An encoder and a decoder of H units for windows of C channels. */
export function firstTranslator(cell: TranslatorCell, channels: number, hidden: number, random: Random): Translator {
  const made = (inputs: number): Cell => {
    if (cell === 'lstm') return namedCell('lstm-bf1', inputs, hidden, random)
    if (cell !== 'gru') return namedCell(cell, inputs, hidden, random)
    const starts = { input: 'lecun', recurrent: 'orthogonal' } as const
    return gruCell(firstKernel({ inputs, hidden, gates: 3 }, starts, random), new Float64Array(6 * hidden))
  }
  const [encoder, decoder] = [made(2 * channels), made(channels)]
  const kernel = firstMatrix('glorot', hidden, channels, random)
  return { encoder, decoder, head: perceptron({ kernel, bias: new Float64Array(channels) }, 'linear') }
}

export function translatorModel(translator: Translator, feed: Feed, channels: number): WindowModel {
  const { encoder, decoder, head } = translator
  const parameters = [...encoder.parameters, ...decoder.parameters, ...head.parameters]
  const [e, d] = [encoder.parameters.length, decoder.parameters.length]
  return {
    parameters,
    matrices: parameters.map((_, p) => p % 2 === 0), // kernel, bias, kernel, ...
    reconstruct: (x) => reconstruct(translator, x),
    learn({ x, wanted }, gradients) {
      const parts = { encoder: gradients.slice(0, e), decoder: gradients.slice(e, e + d), head: gradients.slice(e + d) }
      const truth = feed === 'truth' ? x.map((row) => row.subarray(0, channels)) : undefined
      return throughTranslation(translator, x, wanted, truth, parts)
    },
  }
}

/** A perceptron in the translator's place: the whole window as a linear function of its newest frame alone. */
export function newestFrameModel(channels: number, length: number, random: Random): WindowModel {
  const outputs = channels * length
  const kernel = firstMatrix('glorot', 2 * channels, outputs, random)
  const head = perceptron({ kernel, bias: new Float64Array(outputs) }, 'linear')
  return {
    parameters: head.parameters,
    matrices: [true, false],
    reconstruct(x) {
      const y = head.output(x.at(-1)!)
      return x.map((_, i) => y.subarray(i * channels, (i + 1) * channels))
    },
    learn({ x, wanted }, gradients) {
      const y = head.output(x.at(-1)!)
      const goal = y.map((value, n) => {
        const it = wanted[Math.floor(n / channels)]![n % channels]!
        return Number.isNaN(it) ? value : it
      })
      head.back(x.at(-1)!, y, goal, gradients)
      return head.loss(y, goal)
    },
  }
}

export const gradientsBeside = ({ parameters }: WindowModel): Float64Array[] => zerosBeside(parameters)

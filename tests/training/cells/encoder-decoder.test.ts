import { describe, expect, it } from 'vitest'
import { zerosBeside } from '../../../src/training/cells/cell.ts'
import { reconstruct, type Translator, throughTranslation } from '../../../src/training/cells/encoder-decoder.ts'
import { perceptron } from '../../../src/training/cells/perceptron.ts'
import { largestDifference } from '../small-network.ts'
import { centralDifferences } from './central-differences.ts'
import { KINDS, type Kind, madeCell, normals } from './made-cells.ts'

const [INPUTS, VALUES, HIDDEN, WINDOW] = [3, 2, 3, 5]

function madeTranslator(kind: Kind, seed: number): Translator {
  return {
    encoder: madeCell(kind, INPUTS, HIDDEN, seed),
    decoder: madeCell(kind, VALUES, HIDDEN, seed + 5),
    head: perceptron({ kernel: normals(HIDDEN * VALUES, seed + 9), bias: normals(VALUES, seed + 11) }, 'linear'),
  }
}

const rows = (width: number, seed: number) => Array.from({ length: WINDOW }, (_, t) => normals(width, seed + t))

describe.each(KINDS)('translation by %s cells', (kind) => {
  it.each(['own', 'truth'] as const)('differentiates where the decoder reads its %s', (feed) => {
    const translator = madeTranslator(kind, 20)
    const x = rows(INPUTS, 40)
    const wanted = rows(VALUES, 60)
    wanted[1]![0] = Number.NaN
    wanted[WINDOW - 1]![1] = Number.NaN
    const truth = feed === 'truth' ? rows(VALUES, 80) : undefined
    const none = () => ({
      encoder: zerosBeside(translator.encoder.parameters),
      decoder: zerosBeside(translator.decoder.parameters),
      head: zerosBeside(translator.head.parameters),
    })
    const gradients = none()
    throughTranslation(translator, x, wanted, truth, gradients)
    const loss = () => throughTranslation(translator, x, wanted, truth, none())
    for (const part of ['encoder', 'decoder', 'head'] as const) {
      translator[part].parameters.forEach((numbers, p) => {
        expect(largestDifference(gradients[part][p]!, centralDifferences(numbers, loss))).toBeLessThan(1e-6)
      })
    }
  })
})

describe('a translator', () => {
  it('gives the newest value first: with a decoder that keeps its state still, every answer is that of the last state', () => {
    const translator = madeTranslator('tanh', 3)
    const still: Translator = {
      ...translator,
      decoder: { ...translator.decoder, step: (x, before) => ({ x, before, state: before }) },
    }
    const x = rows(INPUTS, 5)
    const [oldest, newest] = [reconstruct(still, x)[0]!, reconstruct(still, x).at(-1)!]
    expect(Array.from(oldest)).toEqual(Array.from(newest))
    // and the newest answer of any decoder is the head's on the encoder's last state
    expect(Array.from(reconstruct(translator, x).at(-1)!)).toEqual(Array.from(newest))
    expect(Array.from(reconstruct(translator, x)[0]!)).not.toEqual(Array.from(newest))
  })
})

import { describe, expect, it } from 'vitest'
import { CORNERS, learn, QUESTIONS } from '../../src/training/xor.ts'
import { xorFigure } from '../../src/training/xor-figure.ts'

describe('what can be separated', () => {
  it.each([1, 2, 3])('a perceptron learns AND, seed %i', (seed) => {
    const yes = learn('and', 0, seed)
    for (const [a, b] of CORNERS) expect(yes(a, b)).toBeCloseTo(QUESTIONS.and(a, b), 1)
  })

  it('a perceptron ends undecided about XOR: no line has two opposite corners on one side', () => {
    const yes = learn('xor', 0, 1)
    for (const [a, b] of CORNERS) expect(yes(a, b)).toBeCloseTo(0.5, 3)
  })

  it.each([1, 2, 3])('a hidden layer of four learns XOR, seed %i', (seed) => {
    const yes = learn('xor', 4, seed)
    for (const [a, b] of CORNERS) expect(yes(a, b)).toBeCloseTo(QUESTIONS.xor(a, b), 1)
  })

  it('the figure of the documentation is the one that is drawn', async () => {
    await expect(xorFigure()).toMatchFileSnapshot('../../docs/images/xor.svg')
  })
})

import { describe, expect, it } from 'vitest'
import { random } from '../../../src/random.ts'
import { classifierHalfLives } from '../../../src/training/classifier/half-lives.ts'
import { type ClassifierShape, firstClassifier } from '../../../src/training/classifier/shape.ts'
import { GATES } from '../../../src/training/gates.ts'

describe('how long a unit remembers', () => {
  it.each(['lstm', 'gru'] as const)('%s: as long as its keeping gate says', (cell) => {
    const shape: ClassifierShape = { inputs: 3, sequence: 3, front: 2, cell, hidden: 4, back: 0 }
    const weights = firstClassifier(shape, 1, random(1))
    // gates that stand still: no weights, only a bias
    weights.cell.kernel.fill(0)
    const gate = cell === 'lstm' ? GATES.indexOf('forget') : 1
    weights.cell.bias.fill(Math.log(9), gate * 4, (gate + 1) * 4)
    const x = Float32Array.from({ length: 3 * 6 }, random(2).normal)
    const [lives] = classifierHalfLives(shape, [weights], x)
    for (const life of lives!) expect(life).toBeCloseTo(Math.LN2 / -Math.log(0.9), 5)
  })

  it('is not told of a cell that has no such gate', () => {
    const shape: ClassifierShape = { inputs: 3, sequence: 3, front: 0, cell: 'tanh', hidden: 4, back: 0 }
    expect(() => classifierHalfLives(shape, [firstClassifier(shape, 1, random(1))], new Float32Array(9))).toThrow(
      'tanh',
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { addingProblem, trainAdding } from '../../src/training/adding.ts'

describe('the adding problem', () => {
  it('marks one number in each half and asks for their sum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(1e6), (steps, seed) => {
        const { x, wanted } = addingProblem(steps, random(seed))
        const marked = x.flatMap(([, marker], t) => (marker === 1 ? [t] : []))
        expect(x).toHaveLength(steps)
        expect(marked).toHaveLength(2)
        expect(marked[0]).toBeLessThan(steps >> 1)
        expect(marked[1]).toBeGreaterThanOrEqual(steps >> 1)
        expect(wanted).toBe(x[marked[0]!]![0]! + x[marked[1]!]![0]!)
      }),
    )
  })

  it('an LSTM learns it where a tanh network still answers little better than always 1', { timeout: 90_000 }, () => {
    const lstm = trainAdding('lstm-bf1', { steps: 16, updates: 300, seed: 1 })
    const tanh = trainAdding('tanh', { steps: 16, updates: 300, seed: 1 })
    expect(lstm.alwaysOne).toBe(tanh.alwaysOne)
    expect(lstm.alwaysOne).toBeGreaterThan(0.12)
    expect(lstm.alwaysOne).toBeLessThan(0.21)
    expect(lstm.meanSquaredError).toBeLessThan(0.02)
    expect(tanh.meanSquaredError).toBeGreaterThan(0.08)
  })

  it('the same seed gives the same result, and progress says it on the way', () => {
    const said: number[] = []
    const options = { steps: 4, updates: 120, seed: 2 }
    const first = trainAdding('relu', { ...options, onProgress: (update) => said.push(update) })
    expect(trainAdding('relu', options)).toEqual(first)
    expect(said).toEqual([100, 120])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../../src/random.ts'
import { firstKernel, firstLstmBias, firstMatrix, type Start } from '../../../src/training/cells/initialise.ts'
import { GATES } from '../../../src/training/gates.ts'

const variance = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length

/** Q [n, n] -> largest distance of Q Q' from the identity */
function distanceFromRotation(q: (row: number, column: number) => number, n: number): number {
  let largest = 0
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      let dot = 0
      for (let k = 0; k < n; k++) dot += q(a, k) * q(b, k)
      largest = Math.max(largest, Math.abs(dot - (a === b ? 1 : 0)))
    }
  }
  return largest
}

describe('first weights', () => {
  it.each<[Start, number]>([
    ['standard-normal', 1],
    ['lecun', 1 / 60],
    ['glorot', 2 / (60 + 100)],
  ])('%s has its variance', (start, expected) => {
    const found = variance(firstMatrix(start, 60, 100, random(1)))
    expect(found / expected).toBeGreaterThan(0.95)
    expect(found / expected).toBeLessThan(1.05)
  })

  it('glorot stays inside its bound', () => {
    const bound = Math.sqrt(6 / 50)
    expect(firstMatrix('glorot', 20, 30, random(2)).every((value) => Math.abs(value) <= bound)).toBe(true)
  })

  it('orthogonal turns without stretching, in each gate by itself', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(1e6),
        (hidden, gates, seed) => {
          const inputs = 3
          const kernel = firstKernel(
            { inputs, hidden, gates },
            { input: 'glorot', recurrent: 'orthogonal' },
            random(seed),
          )
          expect(kernel).toHaveLength((inputs + hidden) * gates * hidden)
          for (let gate = 0; gate < gates; gate++) {
            const of = (row: number, column: number) => kernel[((inputs + row) * gates + gate) * hidden + column]!
            expect(distanceFromRotation(of, hidden)).toBeLessThan(1e-12)
          }
        },
      ),
    )
  })

  it('identity remembers exactly; what must be square says so', () => {
    expect(Array.from(firstMatrix('identity', 3, 3, random(1)))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
    for (const start of ['identity', 'orthogonal'] as const) {
      expect(() => firstMatrix(start, 2, 3, random(1))).toThrow(`${start}: 2 x 3 is not square`)
    }
  })

  it('the forget bias stands on the forget gates and nowhere else', () => {
    const bias = firstLstmBias(4, 3, random(1))
    const expected = GATES.flatMap((gate) => new Array(4).fill(gate === 'forget' ? 3 : 0))
    expect(Array.from(bias)).toEqual(expected)
  })

  it('chrono spreads the memories from one step to the longest', () => {
    const [hidden, longest] = [500, 600]
    const bias = firstLstmBias(hidden, { longest }, random(3))
    const block = (gate: (typeof GATES)[number]) =>
      Array.from(bias.subarray(GATES.indexOf(gate) * hidden, (GATES.indexOf(gate) + 1) * hidden))
    const forget = block('forget')
    expect(block('input')).toEqual(forget.map((value) => -value))
    const steps = forget.map(Math.exp)
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...steps)).toBeLessThan(longest - 1)
    expect(steps.reduce((sum, value) => sum + value, 0) / hidden / (longest / 2)).toBeCloseTo(1, 1)
  })
})

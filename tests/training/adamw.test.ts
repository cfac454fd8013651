import { describe, expect, it } from 'vitest'
import { learningRate, optimiser, update } from '../../src/training/adamw.ts'

const options = { weightDecay: 0, clipNorm: 1e9, averaging: 0.999 }

describe('AdamW', () => {
  it('moves every parameter by the rate at first, against its gradient', () => {
    const state = optimiser([Float32Array.of(1, 1, 1)])
    update(state, [Float32Array.of(0.01, -5, 0)], [false], 0.1, options)
    const [down, up, still] = state.parameters[0]!
    expect([down, up]).toEqual([expect.closeTo(0.9, 5), expect.closeTo(1.1, 5)])
    expect(still).toBe(1)
  })

  it('finds the bottom of a bowl', () => {
    const state = optimiser([Float32Array.of(5, -3)])
    for (let i = 0; i < 2000; i++) update(state, [Float32Array.from(state.parameters[0]!)], [false], 0.01, options)
    for (const value of state.parameters[0]!) expect(Math.abs(value)).toBeLessThan(0.01)
  })

  it('decays matrices and leaves biases alone', () => {
    const state = optimiser([Float32Array.of(2), Float32Array.of(2)])
    update(state, [Float32Array.of(0), Float32Array.of(0)], [true, false], 0.1, { ...options, weightDecay: 0.5 })
    expect(state.parameters[0]![0]).toBeCloseTo(1.9, 6)
    expect(state.parameters[1]![0]).toBe(2)
  })

  it('changes nothing on a gradient that is not finite, and says so', () => {
    const state = optimiser([Float32Array.of(2, 3)])
    expect(update(state, [Float32Array.of(Number.NaN, 1)], [true], 0.1, options)).toBeNaN()
    expect(Array.from(state.parameters[0]!)).toEqual([2, 3])
    expect(state.updates).toBe(0)
  })

  it('clips by the norm of all gradients together and reports it unclipped', () => {
    const [clipped, scaled] = [
      optimiser([Float32Array.of(0), Float32Array.of(0)]),
      optimiser([Float32Array.of(0), Float32Array.of(0)]),
    ]
    expect(
      update(clipped, [Float32Array.of(30), Float32Array.of(40)], [false, false], 0.1, { ...options, clipNorm: 1 }),
    ).toBe(50)
    update(scaled, [Float32Array.of(0.6), Float32Array.of(0.8)], [false, false], 0.1, options)
    expect(clipped.second.map((v) => v[0])).toEqual([
      expect.closeTo(scaled.second[0]![0]!, 9),
      expect.closeTo(scaled.second[1]![0]!, 9),
    ])
  })

  it('averages the weights it leaves behind', () => {
    const state = optimiser([Float32Array.of(0)])
    let average = 0
    for (let i = 1; i <= 50; i++) {
      update(state, [Float32Array.of(Math.sin(i))], [false], 0.1, { ...options, averaging: 0.9 })
      // short memory at first, so that the first weights are soon forgotten
      const keep = Math.min(0.9, (i + 1) / (i + 10))
      average = keep * average + (1 - keep) * state.parameters[0]![0]!
      expect(state.averaged[0]![0]).toBeCloseTo(average, 6)
    }
  })
})

describe('the learning rate', () => {
  it('rises to its peak, then falls along a cosine to its last value', () => {
    const rate = (at: number) => learningRate(at, 1e-2, 1e-5, 0.1)
    expect(rate(0)).toBeLessThan(2e-4)
    expect(rate(0.1)).toBeCloseTo(1e-2, 6)
    expect(rate(0.55)).toBeCloseTo((1e-2 + 1e-5) / 2, 6)
    expect(rate(1)).toBeCloseTo(1e-5, 9)
  })
})

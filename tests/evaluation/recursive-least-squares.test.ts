import { describe, expect, it } from 'vitest'
import { Readout } from '../../src/evaluation/recursive-least-squares.ts'
import { random } from '../../src/random.ts'

const TRUE = [0.5, -2, 3]

function observations(count: number, noise: number): { x: Float64Array; y: number }[] {
  const { normal } = random(4)
  return Array.from({ length: count }, () => {
    const x = Float64Array.of(normal(), normal(), 1)
    return { x, y: x.reduce((sum, value, i) => sum + value * TRUE[i]!, 0) + noise * normal() }
  })
}

describe('a readout that learns by recursive least squares', () => {
  it('finds the weights of a linear rule', () => {
    const readout = new Readout(3, { forgetting: 1, uncertainty: 1e6 })
    for (const { x, y } of observations(50, 0)) readout.learn(x, y - readout.predict(x))
    readout.weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(TRUE[i]!, 5)
    })
  })

  it('has the weights of weighted least squares over all it has seen (normal equations, solved to the gradient)', () => {
    const [forgetting, uncertainty] = [0.98, 10]
    const readout = new Readout(3, { forgetting, uncertainty })
    const all = observations(80, 0.5)
    for (const { x, y } of all) readout.learn(x, y - readout.predict(x))
    // gradient of sum_t forgetting^(n-t) (y - w x)^2 + forgetting^n / uncertainty |w|^2
    for (let i = 0; i < 3; i++) {
      let slope = (-(forgetting ** all.length) / uncertainty) * readout.weights[i]!
      all.forEach(({ x, y }, t) => {
        slope += forgetting ** (all.length - 1 - t) * (y - readout.predict(x)) * x[i]!
      })
      expect(slope).toBeCloseTo(0, 8)
    }
  })

  it('stays finite when nothing new comes for a long time', () => {
    const readout = new Readout(2, { forgetting: 0.9, uncertainty: 1 })
    for (let t = 0; t < 20_000; t++) readout.learn(Float64Array.of(0, 1), 0.1)
    readout.learn(Float64Array.of(1, 1), 1)
    expect(readout.weights.every(Number.isFinite)).toBe(true)
  })
})

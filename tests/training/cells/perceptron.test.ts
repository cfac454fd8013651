import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zerosBeside } from '../../../src/training/cells/cell.ts'
import { ACTIVATIONS, type ActivationName } from '../../../src/training/cells/hidden-layer.ts'
import { perceptron } from '../../../src/training/cells/perceptron.ts'
import { descend, sgd } from '../../../src/training/cells/sgd.ts'
import { normals } from './made-cells.ts'

describe('a perceptron', () => {
  it('answers with the weighted sum, a probability each, or probabilities that sum to one', () => {
    const layer = { kernel: Float64Array.of(1, 2, 3, 4), bias: Float64Array.of(0.5, -0.5) }
    const v = Float64Array.of(1, -1)
    expect(Array.from(perceptron(layer, 'linear').output(v))).toEqual([-1.5, -2.5])
    expect(perceptron(layer, 'logistic').output(v)[0]).toBeCloseTo(1 / (1 + Math.exp(1.5)), 12)
    const [one, two] = perceptron(layer, 'softmax').output(v)
    expect(one! + two!).toBeCloseTo(1, 12)
    expect(one! / two!).toBeCloseTo(Math.E, 12)
  })

  it('keeps finite answers, losses and gradients under sums of any size', () => {
    const inputs = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(inputs, fc.constantFrom('logistic' as const, 'softmax' as const), (v, answer) => {
        const head = perceptron({ kernel: normals(6, 1), bias: normals(2, 2) }, answer)
        const x = Float64Array.from(v)
        const y = head.output(x)
        expect([...y, head.loss(y, [1, 0]), ...head.back(x, y, [1, 0])].every(Number.isFinite)).toBe(true)
        expect(head.loss(y, [1, 0])).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('learns a line that parts two clouds, one example at a time', () => {
    const head = perceptron({ kernel: new Float64Array(2), bias: new Float64Array(1) }, 'logistic')
    const gradients = zerosBeside(head.parameters)
    const descent = sgd(head.parameters, 0.1, 0)
    const clouds = Array.from({ length: 200 }, (_, i) => {
      const side = i % 2
      return { x: normals(2, i, 0.5).map((value) => value + (side === 1 ? 2 : -2)), side }
    })
    for (const { x, side } of clouds) {
      head.back(x, head.output(x), [side], gradients)
      descend(descent, gradients)
    }
    for (const { x, side } of clouds) expect(Math.round(head.output(x)[0]!)).toBe(side)
  })
})

describe('an activation', () => {
  it.each(Object.keys(ACTIVATIONS) as ActivationName[])(
    '%s has the slope it says, written in its own answer',
    (name) => {
      const { of, slope } = ACTIVATIONS[name]
      for (const z of [-3, -0.7, -0.01, 0.02, 0.5, 2.5]) {
        expect(slope(of(z))).toBeCloseTo((of(z + 1e-5) - of(z - 1e-5)) / 2e-5, 8)
      }
    },
  )
})

describe('gradient descent', () => {
  it('without momentum takes the rate times the gradient, and leaves the gradient at zero', () => {
    const [parameters, gradients] = [[Float64Array.of(1, 2)], [Float64Array.of(10, -10)]]
    descend(sgd(parameters, 0.1, 0), gradients)
    expect(Array.from(parameters[0]!)).toEqual([0, 3])
    expect(Array.from(gradients[0]!)).toEqual([0, 0])
  })

  it('with momentum m goes 1 / (1 - m) times as far a step along a steady slope', () => {
    const parameters = [Float64Array.of(0)]
    const descent = sgd(parameters, 0.01, 0.9)
    let last = 0
    for (let i = 0; i < 300; i++) {
      last = parameters[0]![0]!
      descend(descent, [Float64Array.of(1)])
    }
    expect(parameters[0]![0]! - last).toBeCloseTo(-0.1, 9)
  })
})

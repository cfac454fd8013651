import { random } from '../random.ts'
import { zerosBeside } from './cells/cell.ts'
import { hiddenLayer, hiddenLayerBack } from './cells/hidden-layer.ts'
import { firstMatrix } from './cells/initialise.ts'
import { perceptron } from './cells/perceptron.ts'
import { descend, sgd } from './cells/sgd.ts'

/** The four corners, and what is asked of them. */
export const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const
export const QUESTIONS = {
  and: (a: number, b: number) => a * b,
  xor: (a: number, b: number) => (a + b) % 2,
}

const UPDATES = 2000

/**
 * Learn a question of two bits by gradient descent: a perceptron alone, whose line cannot part XOR's corners (Minsky and
 * Papert 1969), or one that reads a hidden layer, which can (Rumelhart, Hinton and Williams 1986).
 * @param hidden tanh units, 0 = the perceptron reads the bits themselves
 * @returns the probability of yes at a place of the plane
 */
export function learn(
  question: keyof typeof QUESTIONS,
  hidden: number,
  seed: number,
): (a: number, b: number) => number {
  const source = random(seed)
  const layer = { kernel: firstMatrix('standard-normal', 2, hidden, source), bias: new Float64Array(hidden) }
  const width = hidden === 0 ? 2 : hidden
  const head = perceptron({ kernel: firstMatrix('glorot', width, 1, source), bias: new Float64Array(1) }, 'logistic')
  const parameters = [...head.parameters, layer.kernel, layer.bias]
  const gradients = zerosBeside(parameters)
  const descent = sgd(parameters, 0.1, 0.9)
  for (let i = 0; i < UPDATES; i++) {
    for (const [a, b] of CORNERS) {
      const x = Float64Array.of(a, b)
      const y = hidden === 0 ? x : hiddenLayer(layer, 'tanh', x)
      const dy = head.back(y, head.output(y), [QUESTIONS[question](a, b)], gradients)
      if (hidden > 0) hiddenLayerBack(layer, 'tanh', x, y, dy, gradients.slice(2))
    }
    descend(descent, gradients)
  }
  return (a, b) => {
    const x = Float64Array.of(a, b)
    return head.output(hidden === 0 ? x : hiddenLayer(layer, 'tanh', x))[0]!
  }
}

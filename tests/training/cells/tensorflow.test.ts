import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Cell, zerosBeside } from '../../../src/training/cells/cell.ts'
import { perceptron } from '../../../src/training/cells/perceptron.ts'
import { stackedCell } from '../../../src/training/cells/stacked.ts'
import { throughTime } from '../../../src/training/cells/through-time.ts'
import { openTrainingEngine } from '../../../src/training/engine.ts'
import { GATES } from '../../../src/training/gates.ts'
import { registerAutomaticGradients } from '../automatic-gradients.ts'
import { largestDifference } from '../small-network.ts'
import { KINDS, type Kind, madeCell, normals } from './made-cells.ts'

const STEPS = 6
const INPUTS = 2
const HIDDEN = 3
const LAYERS = 2
const ANSWERS = { sigmoid: tf.sigmoid, tanh: tf.tanh, relu: tf.relu }

/** The same network in TensorFlow.js' own words, for its own differentiation: half the squared error at every step. */
function automatic(
  kind: Kind,
  parameters: readonly Float64Array[],
  x: readonly Float64Array[],
  wanted: readonly Float64Array[],
) {
  const width = { lstm: GATES.length, gru: 3, sigmoid: 1, tanh: 1, relu: 1 }[kind] * HIDDEN
  const inputs = (layer: number) => (layer === 0 ? INPUTS : HIDDEN)
  const dims = Array.from({ length: LAYERS }, (_, l) => [
    [inputs(l) + HIDDEN, width],
    [kind === 'gru' ? 2 * width : width],
  ])
  const shapes = [...dims.flat(), [HIDDEN, 1], [1]]
  const variables = parameters.map((array, p) => tf.variable(tf.tensor(Float32Array.from(array), shapes[p]!)))
  const { value, grads } = tf.variableGrads(() => {
    let h: tf.Tensor[] = Array.from({ length: LAYERS }, () => tf.zeros([1, HIDDEN]))
    let c = h
    let loss: tf.Tensor = tf.scalar(0)
    x.forEach((each, t) => {
      let below: tf.Tensor = tf.tensor2d(Float32Array.from(each), [1, INPUTS])
      const nextH: tf.Tensor[] = []
      const nextC: tf.Tensor[] = []
      for (let l = 0; l < LAYERS; l++) {
        const kernel = variables[2 * l] as tf.Tensor2D
        if (kind === 'gru') {
          nextH[l] = gatedStep(kernel, variables[2 * l + 1] as tf.Tensor1D, below as tf.Tensor2D, h[l]! as tf.Tensor2D)
          below = nextH[l]!
          continue
        }
        const read = tf.concat([below, h[l]!], 1) as tf.Tensor2D
        const z = tf.add(tf.matMul(read, kernel), variables[2 * l + 1]!)
        if (kind === 'lstm') {
          const parts = tf.split(z, GATES.length, 1)
          const gate = (name: (typeof GATES)[number]) => parts[GATES.indexOf(name)]!
          const kept = tf.mul(tf.sigmoid(gate('forget')), c[l]!)
          nextC[l] = tf.add(kept, tf.mul(tf.sigmoid(gate('input')), tf.tanh(gate('candidate'))))
          nextH[l] = tf.mul(tf.sigmoid(gate('output')), tf.tanh(nextC[l]!))
        } else nextH[l] = ANSWERS[kind](z)
        below = nextH[l]!
      }
      h = nextH
      c = nextC
      const output = tf.add(tf.matMul(below as tf.Tensor2D, variables.at(-2) as tf.Tensor2D), variables.at(-1)!)
      loss = tf.add(loss, tf.mul(tf.sum(tf.square(tf.sub(output, wanted[t]![0]!))), 0.5))
    })
    return loss as tf.Scalar
  })
  return { loss: value.dataSync()[0]!, gradients: variables.map((variable) => grads[variable.name]!.dataSync()) }
}

/** A gated recurrent unit: kernel [I + H, 3H], bias [2, 3H], columns reset, update, candidate. */
function gatedStep(kernel: tf.Tensor2D, bias: tf.Tensor1D, x: tf.Tensor2D, h: tf.Tensor2D): tf.Tensor {
  const [w, r] = tf.split(kernel, [x.shape[1], HIDDEN], 0) as [tf.Tensor2D, tf.Tensor2D]
  const [b, d] = tf.split(bias, 2) as [tf.Tensor1D, tf.Tensor1D]
  const [xReset, xUpdate, xCandidate] = tf.split(tf.add(tf.matMul(x, w), b), 3, 1) as tf.Tensor[]
  const [hReset, hUpdate, hCandidate] = tf.split(tf.add(tf.matMul(h, r), d), 3, 1) as tf.Tensor[]
  const reset = tf.sigmoid(tf.add(xReset!, hReset!))
  const update = tf.sigmoid(tf.add(xUpdate!, hUpdate!))
  const candidate = tf.tanh(tf.add(xCandidate!, tf.mul(reset, hCandidate!)))
  return tf.add(candidate, tf.mul(update, tf.sub(h, candidate)))
}

describe('the chain rule written out', () => {
  beforeAll(async () => {
    await openTrainingEngine('cpu')
    await registerAutomaticGradients()
  })

  it.each(KINDS)("gives the gradients of TensorFlow.js' automatic differentiation: two layers of %s", (kind) => {
    const cells: Cell[] = [madeCell(kind, INPUTS, HIDDEN, 1), madeCell(kind, HIDDEN, HIDDEN, 5)]
    const cell = stackedCell(cells)
    const head = perceptron({ kernel: normals(HIDDEN, 8), bias: normals(1, 9) }, 'linear')
    const x = Array.from({ length: STEPS }, (_, t) => normals(INPUTS, 20 + t))
    const wanted = x.map((_, t) => normals(1, 40 + t))
    const gradients = { cell: zerosBeside(cell.parameters), head: zerosBeside(head.parameters) }
    const { loss } = throughTime(cell, head, x, wanted, new Float64Array(cell.stateSize), gradients)
    const theirs = automatic(kind, [...cell.parameters, ...head.parameters], x, wanted)
    expect(theirs.loss).toBeCloseTo(loss, 4)
    const ours = [...gradients.cell, ...gradients.head]
    ours.forEach((gradient, p) => {
      const size = Math.max(1, ...gradient.map(Math.abs))
      expect(largestDifference(gradient, theirs.gradients[p]!) / size).toBeLessThan(1e-5)
    })
    expect(Math.max(...ours[0]!.map(Math.abs))).toBeGreaterThan(1e-3)
  })
})

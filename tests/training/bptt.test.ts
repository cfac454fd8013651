import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { type NetworkState, outputsOf, throughChunk, zeroState } from '../../src/training/bptt.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'
import { GATES } from '../../src/training/gates.ts'
import {
  inputSize,
  type NetworkShape,
  parameterArrays,
  parameterShapes,
  type Weights,
  weightsOf,
} from '../../src/training/network.ts'
import { plainState, plainStep } from '../../src/training/plain-step.ts'
import { registerAutomaticGradients } from './automatic-gradients.ts'
import { largestDifference, noise, SMALL, smallWeights } from './small-network.ts'

const STEPS = 7
const LANES = 2
const OUTPUTS = 2 * SMALL.horizons * SMALL.channels

const CELL_PENALTY = 0.05

/** sum over outputs of (output - wanted)^2 / 2 and over cells of the penalty, in doubles from the equations */
function plainLoss(weights: Weights, x: Float32Array, wanted: Float32Array): number {
  let loss = 0
  for (let lane = 0; lane < LANES; lane++) {
    const state = plainState(SMALL)
    for (let t = 0; t < STEPS; t++) {
      const row = t * LANES + lane
      const outputs = plainStep(SMALL, weights, state, x, row * SMALL.features)
      for (const c of state.c) for (const cell of c) loss += (CELL_PENALTY * cell ** 2) / 2
      for (const [o, output] of outputs.entries()) loss += (output - wanted[row * OUTPUTS + o]!) ** 2 / 2
    }
  }
  return loss
}

/** the network written for TensorFlow.js' own automatic differentiation: [K steps, B] of real tanh, nothing shared */
function automaticGradients(
  shape: NetworkShape,
  weights: Weights,
  x: Float32Array,
  lanes: number,
  wanted: Float32Array,
): Float32Array[] {
  const dims = parameterShapes(shape)
  const variables = parameterArrays(weights).map((array, p) => tf.variable(tf.tensor(array, dims[p]!)))
  const steps = x.length / (lanes * shape.features)
  const { grads } = tf.variableGrads(() => {
    let h = Array.from({ length: shape.layers }, () => tf.zeros([lanes, shape.hidden]))
    let c = h
    let loss: tf.Tensor = tf.scalar(0)
    for (let t = 0; t < steps; t++) {
      const size = lanes * shape.features
      let below: tf.Tensor = tf.tensor2d(x.subarray(t * size, (t + 1) * size), [lanes, shape.features])
      const nextH: tf.Tensor[] = []
      const nextC: tf.Tensor[] = []
      for (let l = 0; l < shape.layers; l++) {
        const z = tf.add(
          tf.matMul(tf.concat([below, h[l]!], 1), variables[2 * l] as tf.Tensor2D),
          variables[2 * l + 1]!,
        )
        const parts = tf.split(z, 4, 1)
        const gate = (name: (typeof GATES)[number]) => parts[GATES.indexOf(name)]!
        nextC[l] = tf.add(
          tf.mul(tf.sigmoid(gate('forget')), c[l]!),
          tf.mul(tf.sigmoid(gate('input')), tf.tanh(gate('candidate'))),
        )
        nextH[l] = tf.mul(tf.sigmoid(gate('output')), tf.tanh(nextC[l]!))
        below = nextH[l]!
      }
      h = nextH
      c = nextC
      const outputs = tf.add(tf.matMul(below as tf.Tensor2D, variables.at(-2) as tf.Tensor2D), variables.at(-1)!)
      const per = outputs.size
      const goal = tf.tensor(wanted.subarray(t * per, (t + 1) * per), outputs.shape)
      loss = tf.add(loss, tf.mul(tf.sum(tf.square(tf.sub(outputs, goal))), 0.5))
    }
    return loss as tf.Scalar
  })
  return variables.map((variable) => grads[variable.name]!.dataSync() as Float32Array)
}

describe('back-propagation by hand', () => {
  const weights = smallWeights(SMALL, 3)
  const x = noise(STEPS * LANES * SMALL.features, 4)
  const wanted = noise(STEPS * LANES * OUTPUTS, 5)
  const ofSquares = (outputs: Float32Array) => outputs.map((output, i) => output - wanted[i]!)
  const handmade = async (cellPenalty = 0) =>
    (await throughChunk(SMALL, weights, x, LANES, zeroState(SMALL, LANES), ofSquares, { cellPenalty })).gradients

  beforeAll(() => openTrainingEngine('cpu'))

  it('equals central differences of the equations in doubles', async () => {
    const gradients = await handmade(CELL_PENALTY)
    const arrays = parameterArrays(weights)
    arrays.forEach((array, p) => {
      array.forEach((value, i) => {
        const step = 2 ** -10
        const shifted = (by: number) => {
          const copies = arrays.map((each) => Float32Array.from(each))
          copies[p]![i] = value + by
          return plainLoss(weightsOf(SMALL, copies), x, wanted)
        }
        // the shift as float32 holds it
        const reach = Math.fround(value + step) - Math.fround(value - step)
        expect(gradients[p]![i]).toBeCloseTo((shifted(step) - shifted(-step)) / reach, 3)
      })
    })
  })

  it("equals TensorFlow.js' automatic gradients to 1e-5", async () => {
    await registerAutomaticGradients()
    const automatic = automaticGradients(SMALL, weights, x, LANES, wanted)
    ;(await handmade()).forEach((gradient, p) => {
      const size = Math.max(1, ...automatic[p]!.map(Math.abs))
      expect(largestDifference(gradient, automatic[p]!) / size).toBeLessThan(1e-5)
    })
  })

  it('drops the same units on the way there and back', async () => {
    const lanes = 1
    const above = [Float32Array.of(0, 2, 2), Float32Array.of(2, 0, 2)]
    const result = await throughChunk(
      SMALL,
      weights,
      x.subarray(0, 3 * SMALL.features),
      lanes,
      zeroState(SMALL, lanes),
      (outputs) => outputs.slice(),
      { dropout: { above } },
    )
    const head = result.gradients.at(-2)!
    // nothing of a dropped unit reaches the head, so nothing comes back to its row
    expect(Array.from(head.subarray(OUTPUTS, 2 * OUTPUTS))).toEqual(new Array(OUTPUTS).fill(0))
    expect(head.subarray(0, OUTPUTS).every((value) => value !== 0)).toBe(true)
    // layer 2 gets nothing from unit 0 of layer 1: the row of that input has no gradient
    const second = result.gradients[2]!
    expect(second.subarray(0, 4 * SMALL.hidden).every((value) => value === 0)).toBe(true)
  })

  it('leaves no tensor behind', async () => {
    await handmade()
    const before = tf.memory().numTensors
    await handmade()
    await outputsOf(SMALL, weights, x, LANES, zeroState(SMALL, LANES))
    expect(tf.memory().numTensors).toBe(before)
  })

  it('runs forward as the equations do, lane by lane', async () => {
    const { outputs, state } = await outputsOf(SMALL, weights, x, LANES, zeroState(SMALL, LANES))
    for (let lane = 0; lane < LANES; lane++) {
      const plain = plainState(SMALL)
      for (let t = 0; t < STEPS; t++) {
        const row = t * LANES + lane
        const expected = plainStep(SMALL, weights, plain, x, row * SMALL.features)
        expect(largestDifference(outputs.subarray(row * OUTPUTS, (row + 1) * OUTPUTS), expected)).toBeLessThan(1e-5)
      }
      plain.c.forEach((c, l) => {
        expect(largestDifference(state.c[l]!.subarray(lane * SMALL.hidden, (lane + 1) * SMALL.hidden), c)).toBeLessThan(
          1e-5,
        )
      })
    }
  })

  it('knows how wide each layer is', () => {
    expect([0, 1].map((layer) => inputSize(SMALL, layer))).toEqual([SMALL.features, SMALL.hidden])
  })

  it('carries the state from chunk to chunk', async () => {
    const whole = await outputsOf(SMALL, weights, x, LANES, zeroState(SMALL, LANES))
    const cut = 3 * LANES * SMALL.features
    let state: NetworkState = zeroState(SMALL, LANES)
    const parts: number[] = []
    for (const part of [x.subarray(0, cut), x.subarray(cut)]) {
      const result = await outputsOf(SMALL, weights, part, LANES, state)
      state = result.state
      parts.push(...result.outputs)
    }
    expect(parts).toEqual(Array.from(whole.outputs))
    expect(state).toEqual(whole.state)
  })
})

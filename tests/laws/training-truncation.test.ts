import { beforeAll, describe, expect, it } from 'vitest'
import { throughChunk, zeroState } from '../../src/training/bptt.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'
import { largestDifference, noise, SMALL, smallWeights } from '../training/small-network.ts'

const STEPS = 12
const OUTPUTS = 2 * SMALL.horizons * SMALL.channels

describe.each(['cpu', 'wasm'] as const)('truncated back-propagation on %s', (engine) => {
  const weights = smallWeights(SMALL, 8)
  const x = noise(STEPS * SMALL.features, 9)
  const wanted = noise(STEPS * OUTPUTS, 10)

  beforeAll(() => openTrainingEngine(engine))

  /** gradients summed over chunks of `length` steps; loss only in the last `counted` steps */
  async function gradients(length: number, counted: number): Promise<Float32Array[]> {
    let state = zeroState(SMALL, 1)
    let sum: Float32Array[] | undefined
    for (let from = 0; from < STEPS; from += length) {
      const part = x.subarray(from * SMALL.features, (from + length) * SMALL.features)
      const result = await throughChunk(SMALL, weights, part, 1, state, (outputs) =>
        outputs.map((output, i) =>
          from + Math.floor(i / OUTPUTS) >= STEPS - counted ? output - wanted[from * OUTPUTS + i]! : 0,
        ),
      )
      state = result.state
      sum = sum?.map((array, p) => array.map((value, i) => value + result.gradients[p]![i]!)) ?? result.gradients
    }
    return sum!
  }

  const distance = (a: Float32Array[], b: Float32Array[]) =>
    Math.max(...a.map((array, p) => largestDifference(array, b[p]!)))

  it('equals full back-propagation when one chunk covers the sequence', async () => {
    expect(distance(await gradients(STEPS, STEPS), await gradients(STEPS + 5, STEPS))).toBeLessThan(1e-5)
  })

  it('loses only what reaches over a chunk border', async () => {
    const full = await gradients(STEPS, 2)
    expect(distance(await gradients(STEPS / 2, 2), full)).toBeGreaterThan(1e-5)
    expect(distance(await gradients(STEPS / 2, 2), full)).toBeLessThan(distance(await gradients(2, 2), full))
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DropoutMasks, throughChunk, zeroState } from '../../../src/training/bptt.ts'
import { openTrainingEngine } from '../../../src/training/engine.ts'
import { type ChunkThreads, chunkThreads } from '../../../src/training/threads/lanes-apart.ts'
import { engineMissing } from '../../setup/engines.ts'
import { largestDifference, noise, SMALL, smallWeights } from '../small-network.ts'

const [STEPS, LANES] = [5, 4]
const ENGINE = engineMissing('tensorflow') ? 'wasm' : 'tensorflow'

describe('a chunk whose lanes are shared by threads', () => {
  const weights = smallWeights(SMALL, 21)
  let threads: ChunkThreads
  beforeAll(async () => {
    await openTrainingEngine(ENGINE)
    threads = await chunkThreads(ENGINE, 3) // four lanes: two, one and one
  }, 60_000)
  afterAll(() => threads.close())

  const chunk = (lanes: number, through = throughChunk) => {
    const x = noise(STEPS * lanes * SMALL.features, 22)
    const state = zeroState(SMALL, lanes)
    for (const rows of [...state.h, ...state.c]) rows.set(noise(rows.length, 23))
    const dropout: DropoutMasks = {
      above: [24, 25].map((seed) => noise(lanes * SMALL.hidden, seed).map((value) => (value < -0.5 ? 0 : 1.5))),
    }
    // a loss of all lanes together, which no thread could know by itself
    const gradientOf = (outputs: Float32Array) => {
      const mean = outputs.reduce((sum, value) => sum + value, 0) / outputs.length
      return outputs.map((value, i) => value - mean + i / outputs.length)
    }
    return through(SMALL, weights, x, lanes, state, gradientOf, { dropout, cellPenalty: 0.1 })
  }
  const all = ({ gradients, state }: Awaited<ReturnType<typeof throughChunk>>) => [...gradients, ...state.h, ...state.c]

  it.each([LANES, 2, 1])('has the gradients and states of one thread: %i lanes', async (lanes) => {
    const [alone, shared] = [all(await chunk(lanes)), all(await chunk(lanes, threads.through))]
    expect(shared.map(({ length }) => length)).toEqual(alone.map(({ length }) => length))
    for (const [i, array] of alone.entries()) {
      const size = Math.max(1, ...array.map(Math.abs))
      expect(largestDifference(shared[i]!, array) / size).toBeLessThan(1e-5)
    }
  })

  it('has the same bits every time', async () => {
    expect(all(await chunk(LANES, threads.through))).toEqual(all(await chunk(LANES, threads.through)))
  })

  it('is refused on a GPU', async () => {
    await expect(chunkThreads('webgpu', 2)).rejects.toMatchObject({ code: 'usage' })
  })

  it('ends with a loss that throws, and with what a thread says when it fails; closing waits for nobody', async () => {
    const own = await chunkThreads(ENGINE, 2)
    const x = noise(STEPS * 2 * SMALL.features, 22)
    const failing = own.through(SMALL, weights, x, 2, zeroState(SMALL, 2), () => {
      throw new RangeError('no loss')
    })
    await expect(failing).rejects.toThrow('no loss')
    // the other thread still waits for its gradient: the next chunk is not what it was promised
    await expect(chunk(2, own.through)).rejects.toMatchObject({
      code: 'engine-failed',
      message: expect.stringContaining('a gradient was asked for, and chunk came'),
    })
    await own.close()
  }, 60_000)
})

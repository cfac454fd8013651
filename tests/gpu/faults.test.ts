import { afterEach, describe, expect, it } from 'vitest'
import { heldAgainst } from '../../scripts/gpu.js'
import type { VigilError } from '../../src/errors.ts'
import { softwareAdapterOnly } from '../../src/inference/doctor.ts'
import { openWebgpuEngine } from '../../src/inference/webgpu/webgpu-engine.ts'
import { ASK } from '../../src/inference/webgpu/wire.ts'
import { openWorkerEngine } from '../../src/inference/worker-engine.ts'
import { random } from '../../src/random.ts'
import { features, testModel } from '../inference/test-model.ts'
import { differs, openPair, type Pair, SMALL } from './device.ts'

const TOLERANCE = 1e-4
/** No bed may be unwatched for longer. */
const UNWATCHED_MS = 5000

let pair: Pair | undefined
afterEach(async () => {
  await pair?.close()
  pair = undefined
})

/** What may happen to the process that holds the device. */
const FAULTS: Record<string, (pair: Pair) => void> = {
  'it is killed': ({ process }) => process.signal('SIGKILL'),
  'it hangs': ({ process }) => process.signal('SIGSTOP'),
  // rows of another length than it was told: onnxruntime refuses them
  'it answers with an error': ({ process }) => {
    process.ask(ASK.write, 2, [Int32Array.of(0, 1), new Float32Array(3)], 10_000).catch(() => {})
  },
}

describe.each(Object.entries(FAULTS))('a device is lost: %s', (_, fault) => {
  it('in the middle of a night, and nobody could tell from the forecasts', async () => {
    pair = await openPair(SMALL, 'plain-products', { deadlineMs: 2000 })
    const { device, cpu, losses } = pair
    let longestMs = 0
    let last = performance.now()
    const every = (step: number) => {
      if (step > 0) longestMs = Math.max(longestMs, performance.now() - last)
      last = performance.now()
      // 18 steps after the states were last read: those are made again
      if (step === 44) fault(pair!)
    }
    const night = { features: SMALL.features, patients: 40, batch: 30, steps: 80 }
    const worst = await heldAgainst({ device, cpu, ...night, random: random(5).uniform, every })
    expect(worst.forecast).toBeLessThan(TOLERANCE)
    expect(worst.state).toBeLessThan(TOLERANCE)
    expect(device.provider).toBe('cpu')
    expect(losses).toHaveLength(1)
    expect(losses[0]!.rows).toBeGreaterThan(18)
    expect(losses[0]!.failed).toBeUndefined()
    expect(longestMs).toBeLessThan(UNWATCHED_MS)
  })
})

it('a device lost while nobody asks is made up for at once, and rows written meanwhile stand', async () => {
  pair = await openPair()
  const { device, cpu, process } = pair
  const slots = Int32Array.from({ length: 20 }, (_, i) => i)
  for (let step = 0; step < 5; step++) {
    const x = features(20, SMALL.features, step)
    await device.step(slots, x, 20)
    await cpu.step(slots, x, 20)
  }
  process.signal('SIGKILL')
  await process.lost
  // the processor is at it now
  const written = new Float32Array(device.stateSize).fill(0.25)
  for (const engine of [device, cpu]) {
    engine.writeState(3, written)
    engine.reset(4)
  }
  const row = new Float32Array(device.stateSize)
  device.readState(3, row)
  expect(row).toEqual(written)
  await device.fetchStates!()
  expect(differs(device, cpu, slots)).toBeLessThan(TOLERANCE)
  expect(device.provider).toBe('cpu')
})

it('a device lost while its states are fetched loses none', async () => {
  pair = await openPair(SMALL, 'lstm-operator', { deadlineMs: 1000 })
  const { device, cpu, process } = pair
  const slots = Int32Array.from({ length: 20 }, (_, i) => i)
  const x = features(20, SMALL.features, 1)
  await device.step(slots, x, 20)
  await cpu.step(slots, x, 20)
  process.signal('SIGSTOP')
  await device.fetchStates!()
  expect(differs(device, cpu, slots)).toBeLessThan(TOLERANCE)
})

it('more rows than the device can hold make it lost, and the processor goes on', async () => {
  // 640 floats a row: a buffer of 1 GiB holds 419,430
  pair = await openPair({ features: 4, hidden: 160, layers: 2, channels: 1, horizons: 1 })
  const { device, cpu, losses, process } = pair
  const x = features(1, 4, 1)
  await device.step(Int32Array.of(7), x, 1)
  await cpu.step(Int32Array.of(7), x, 1)
  // of the device alone: on the processor such a slot would cost 2.5 GiB
  const much = process.ask(ASK.read, 1, [Int32Array.of(1_000_000_000)], 60_000)
  await expect(much).rejects.toMatchObject({
    code: 'provider-unavailable',
    message: expect.stringContaining('no room for'),
  })
  await device.step(Int32Array.of(7), x, 1)
  await cpu.step(Int32Array.of(7), x, 1)
  expect(losses[0]!.reason).toContain('MiB in one buffer')
  expect(differs(device, cpu, [7])).toBeLessThan(TOLERANCE)
})

it('a device that cannot hold the rows asked for is refused at once', async () => {
  const model = testModel(SMALL)
  const cpu = await openWorkerEngine({ ...model, options: { provider: 'cpu', threads: 1, maxBatch: 1 } })
  const options = { software: softwareAdapterOnly(), rows: 1_000_000_000 }
  const refused = await openWebgpuEngine(cpu, model, options).catch((error: VigilError) => error)
  expect(refused).toMatchObject({
    code: 'provider-unavailable',
    message: expect.stringMatching(/^webgpu: no room for 1000000000 rows of 20 floats, 76294 MiB in one buffer/),
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heldAgainst, residentBytes } from '../../scripts/gpu.js'
import { benchStep } from '../../src/inference/bench-step.ts'
import { random } from '../../src/random.ts'
import { features, testModel } from '../inference/test-model.ts'
import { differs, openPair, type Pair, SMALL } from './device.ts'

const TOLERANCE = 1e-4

it('the bench prints its keys of a device, too, beside onnxruntime with its state left there', async () => {
  const { onnx, shape } = testModel(SMALL)
  const run = { onnx, shape, batch: 4, threads: 1, provider: 'webgpu', seconds: 0.3 }
  const found = await benchStep(run)
  expect(found).toMatchObject({ batch: 4, patients: 4, features: 4, hidden: 5, layers: 2, provider: 'webgpu' })
  expect(found.ratio).toBeCloseTo(found.stepsPerSecond / found.bareStepsPerSecond, 1)
  expect(found.transportShare).toBeGreaterThan(0)
  expect(found.transportShare).toBeLessThan(1)
  expect(found.fetchMs).toBeGreaterThan(0)
  await expect(benchStep({ ...run, batch: 0 })).rejects.toMatchObject({ code: 'config-invalid' })
  await expect(benchStep({ ...run, threads: 0 })).rejects.toMatchObject({ code: 'config-invalid' })
})

describe('the device and the processor', () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await openPair(SMALL, 'lstm-operator', { rows: 64 })
  })
  afterAll(() => pair.close())

  it('agree after 1,000 steps with admissions, discharges, and checkpoints moved both ways', async () => {
    const { device, cpu } = pair
    const night = { features: SMALL.features, patients: 150, batch: 60, steps: 1000 }
    const worst = await heldAgainst({ device, cpu, ...night, random: random(3).uniform })
    expect(worst.forecast).toBeLessThan(TOLERANCE)
    expect(worst.state).toBeLessThan(TOLERANCE)
    expect(pair.losses).toEqual([])
    expect(device.provider).toBe('webgpu')
  })

  it.each([1, 2, 63, 257, 4096])('agree on a batch of %i', async (count) => {
    const { device, cpu } = pair
    const slots = Int32Array.from({ length: count }, (_, i) => (i * 5 + 3) % 4099)
    for (let step = 0; step < 2; step++) {
      const x = features(count, SMALL.features, 100 + step)
      const found = (await device.step(slots, x, count)).slice(0, count * cpu.forecastSize)
      const wanted = await cpu.step(slots, x, count)
      const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0)
      expect(worst).toBeLessThan(TOLERANCE)
    }
    await device.fetchStates!()
    expect(differs(device, cpu, slots)).toBeLessThan(TOLERANCE)
  })

  it('move a checkpoint bit for bit', async () => {
    const { device, cpu } = pair
    const [saved, back] = [new Float32Array(cpu.stateSize), new Float32Array(cpu.stateSize)]
    const slots = Int32Array.of(8)
    await device.step(slots, features(1, SMALL.features, 1), 1)
    await device.fetchStates!()
    device.readState(8, saved)
    expect(saved.every((value) => value !== 0)).toBe(true)
    // to the processor, from there to another slot of the device, up, and down again with the state of a step after it
    cpu.writeState(9, saved)
    cpu.readState(9, back)
    device.writeState(5000, back)
    device.writeState(5001, saved)
    const next = features(2, SMALL.features, 2)
    next.copyWithin(SMALL.features, 0, SMALL.features)
    await device.step(Int32Array.of(8), next, 1)
    await device.step(Int32Array.of(5001, 6000), next, 2)
    await device.fetchStates!()
    device.readState(5000, back)
    expect(back).toEqual(saved)
    device.readState(8, saved)
    device.readState(5001, back)
    expect(back).toEqual(saved)
  })

  it('refuse what a caller must not do', async () => {
    const { device } = pair
    const x = features(2, SMALL.features, 1)
    await expect(device.step(Int32Array.of(4, 4), x, 2)).rejects.toMatchObject({ code: 'internal' })
    await expect(device.step(Int32Array.of(4), x, 0)).rejects.toMatchObject({ code: 'internal' })
    await expect(device.step(Int32Array.of(4, 5, 6), x, 3)).rejects.toMatchObject({ code: 'internal' })
    await expect(device.step(Int32Array.of(-1), x, 1)).rejects.toMatchObject({ code: 'internal' })
    const stepping = device.step(Int32Array.of(4), x, 1)
    expect(() => device.reset(4)).toThrow('while its step is in flight')
    device.reset(5)
    await stepping
    expect(() => device.readState(4, new Float32Array(device.stateSize))).toThrow('before it was fetched')
    expect(() => device.writeState(4, new Float32Array(1))).toThrow('a state row has')
    device.reset(4)
    const row = new Float32Array(device.stateSize).fill(1)
    device.readState(4, row)
    expect(row.every((value) => value === 0)).toBe(true)
    expect(pair.losses).toEqual([])
  })

  it('take a row that is written while others are stepped', async () => {
    const { device, cpu } = pair
    const written = new Float32Array(cpu.stateSize).fill(0.5)
    const x = features(1, SMALL.features, 9)
    for (const engine of [device, cpu]) {
      engine.reset(20)
      const stepping = engine.step(Int32Array.of(21), x, 1)
      engine.writeState(20, written)
      // its rows are on their way up by now
      await new Promise((resolve) => setImmediate(resolve))
      engine.writeState(22, written)
      await stepping
      await engine.step(Int32Array.of(20, 22), features(2, SMALL.features, 10), 2)
      await engine.fetchStates?.()
    }
    expect(differs(device, cpu, [20, 22])).toBeLessThan(TOLERANCE)
  })

  it('use no more memory after 1,000 further steps', async () => {
    const { device, process } = pair
    const slots = Int32Array.from({ length: 16 }, (_, i) => i)
    const x = features(16, SMALL.features, 1)
    const steps = async (count: number) => {
      for (let step = 0; step < count; step++) {
        await device.step(slots, x, 16)
        if (step % 10 === 0) await device.fetchStates!()
      }
    }
    await steps(300)
    const before = residentBytes(process.pid!)
    await steps(1000)
    // the states of 1,000 steps, left lying, would be 450 MiB; a heap swings by less than 24
    expect(residentBytes(process.pid!) - before).toBeLessThan(24 * 2 ** 20)
  })
})

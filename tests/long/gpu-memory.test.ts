import { expect, it } from 'vitest'
import { residentBytes } from '../../scripts/gpu.js'
import { openPair, SMALL } from '../gpu/device.ts'
import { features } from '../inference/test-model.ts'

const ROWS = 16
const STEPS = 20_000

it('20,000 steps on a device leave both processes as large as they were', async () => {
  const { device, process, close } = await openPair()
  const slots = Int32Array.from({ length: ROWS }, (_, i) => i)
  const x = features(ROWS, SMALL.features, 1)
  const resident = (): [here: number, there: number] => [residentBytes('self'), residentBytes(process.pid!)]
  const at: [number, number][] = []
  for (let step = 0; step <= STEPS; step++) {
    await device.step(slots, x, ROWS)
    if (step % 10 === 0) await device.fetchStates!()
    if (step % 2000 === 0) at.push(resident())
  }
  expect(device.provider).toBe('webgpu')
  // a heap swings until it is collected: the least of the second half is held against the most of the first
  const half = at.length >> 1
  for (const of of [0, 1] as const) {
    const [first, second] = [at.slice(1, half + 1), at.slice(half + 1)].map((part) => part.map((it) => it[of]))
    expect(Math.min(...second!)).toBeLessThan(Math.max(...first!) + 8 * 2 ** 20)
  }
  await close()
})

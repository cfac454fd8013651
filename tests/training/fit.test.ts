import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { type CellPlan, withDegreesOfFreedom } from '../../src/training/cell-loss.ts'
import { type Checkpoints, openCheckpoints } from '../../src/training/checkpoint.ts'
import type { Lanes } from '../../src/training/dataset.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'
import { type FitData, type FitOptions, fitNetwork } from '../../src/training/fit.ts'
import { followed } from '../../src/training/followed.ts'
import type { LearningPoint } from '../../src/training/learning-curve.ts'
import { parameterArrays } from '../../src/training/network.ts'

const SHAPE = { features: 4, hidden: 4, layers: 1, channels: 1, horizons: 1 }
const PLAN: CellPlan = withDegreesOfFreedom(
  { shape: SHAPE, half: Float64Array.of(0.5), centre: Float64Array.of(80), scale: Float64Array.of(5), curves: [] },
  [4],
)
const OPTIONS: FitOptions = {
  gains: { inputs: [1, 1, 1, 1], means: [1] },
  chunk: 8,
  epochs: 4,
  peakRate: 1e-2,
  lastRate: 1e-4,
  warmup: 0.1,
  dropout: 0.2,
  cellPenalty: 1e-3,
  weightDecay: 1e-2,
  clipNorm: 1,
  averaging: 0.9,
  validateEvery: 1,
  patience: 5,
}

/** Two lanes of a swing; `spoil` may put something else into x. */
function lanes(spoil: (t: number) => number | undefined = () => undefined): Lanes {
  const [count, steps] = [2, 32]
  const x = new Float32Array(steps * count * SHAPE.features)
  const targets = new Float32Array(steps * count)
  for (let t = 0; t < steps; t++) {
    for (let lane = 0; lane < count; lane++) {
      const row = t * count + lane
      x.fill(spoil(t) ?? Math.sin(t / 3 + lane), row * SHAPE.features, (row + 1) * SHAPE.features)
      targets[row] = Math.round(80 + 5 * Math.sin((t + 1) / 3 + lane))
    }
  }
  return { lanes: count, steps, x, targets }
}

const fitted = (
  data: Partial<FitData> = {},
  checkpoints?: Checkpoints,
  seen: LearningPoint[] = [],
  options = OPTIONS,
) => {
  const all = { draw: () => ({ parts: 2, lanes: () => lanes() }), validation: lanes(), clean: lanes(), ...data }
  return fitNetwork(PLAN, options, all, random(5), { validated: (point) => seen.push(point) }, checkpoints)
}

beforeAll(() => openTrainingEngine('cpu'))

describe('an update whose loss is not finite', () => {
  const once = () => ({
    parts: 2,
    lanes: (part: number) => lanes((t) => (part === 1 && t >= 24 ? Infinity : undefined)),
  })

  it('is skipped and counted, and the others go on', async () => {
    const found = await fitted({ draw: once })
    expect(found.skipped).toBe(OPTIONS.epochs)
    expect(found.updates).toBeGreaterThan(0)
    for (const array of parameterArrays(found.weights)) expect(array.every(Number.isFinite)).toBe(true)
    for (const { train, validation } of found.curve) expect(Number.isFinite(train + validation)).toBe(true)
  })

  it('is fatal when it repeats', async () => {
    const always = () => ({ parts: 2, lanes: () => lanes(() => Number.NaN) })
    await expect(fitted({ draw: always })).rejects.toThrow('updates in a row had no finite loss or gradient')
  })
})

describe('early stopping', () => {
  it('ends when validation has not improved for its patience, and keeps the best weights', async () => {
    const seen: LearningPoint[] = []
    // validation that shows the opposite of what is learnt gets worse from the first epoch on
    const other = lanes()
    other.targets.forEach((target, i) => {
      other.targets[i] = 160 - target
    })
    const options = { ...OPTIONS, epochs: 40, patience: 3, peakRate: 3e-2 }
    const found = await fitted({ validation: other }, undefined, seen, options)
    expect(seen.length).toBeLessThan(40)
    const lowest = seen.reduce((a, b) => (b.validation < a.validation ? b : a))
    expect(seen.at(-1)!.epoch - lowest.epoch).toBe(3)
    expect(found.updates).toBe(lowest.updates)
  })
})

describe('a checkpoint', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-checkpoint-'))
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  it('at any chunk ends in the same weights, bit for bit', async () => {
    const whole = await fitted()
    for (const stop of [1, 3, 10, 17]) {
      const file = join(dir, `at-${stop}`)
      const keeps = openCheckpoints(file, 'key', false, 0)
      let kept = 0
      const ended: Checkpoints = {
        left: undefined,
        keep(state) {
          keeps.keep(state)
          if (++kept === stop) throw new Error('killed')
        },
      }
      await expect(fitted({}, ended)).rejects.toThrow('killed')
      const resumed = await fitted({}, openCheckpoints(file, 'key', true, 1000))
      expect(parameterArrays(resumed.weights)).toEqual(parameterArrays(whole.weights))
      expect(resumed).toEqual(whole)
    }
  }, 60_000)

  it('of another training, or damaged, is refused', () => {
    expect(() => openCheckpoints(join(dir, 'at-1'), 'another key', true, 1)).toThrow(
      expect.objectContaining({ code: 'checkpoint-invalid' }),
    )
    writeFileSync(join(dir, 'damaged'), 'nothing of use, and longer than its checksum')
    expect(() => openCheckpoints(join(dir, 'damaged'), 'key', true, 1)).toThrow(
      expect.objectContaining({ code: 'checkpoint-invalid' }),
    )
    expect(openCheckpoints(join(dir, 'not there'), 'key', true, 1).left).toBeUndefined()
  })
})

describe('a fit that is followed', () => {
  it('says its rate, its loss and the time that is left', () => {
    let seconds = 0
    const lines: string[] = []
    const watch = followed(
      10,
      { log: () => {}, progress: (line) => lines.push(line()) },
      undefined,
      () => seconds * 1000,
    )
    for (let i = 0; i <= 4; i++) {
      seconds = 10 + i * 30
      watch.stepped!({ at: i / 10, epoch: i + 1, steps: 3000, loss: 1.5 })
    }
    expect(lines[0]).toBe('epoch 1 of 10, 300 patient-timesteps/s, loss 1.500 nats, time left not known yet')
    expect(lines.at(-1)).toBe('epoch 5 of 10, 115 patient-timesteps/s, loss 1.500 nats, 4 min left at most')
  })
})

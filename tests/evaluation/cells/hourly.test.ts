import { beforeAll, describe, expect, it } from 'vitest'
import { comparisonTable, figuresOf } from '../../../src/evaluation/cells/comparison.ts'
import { compareHourly, type HourlyTask } from '../../../src/evaluation/cells/hourly.ts'
import { CELL_VARIANTS, MISSING_VARIANTS, type Variant } from '../../../src/evaluation/cells/variants.ts'
import { drawnAuroc } from '../../../src/evaluation/metrics/drawn-auroc.ts'
import { random } from '../../../src/random.ts'
import type { ClassifierStay } from '../../../src/training/classifier/cohort.ts'
import { lastHourLessons, lastHourLogits } from '../../../src/training/classifier/last-hour.ts'
import { openTrainingEngine } from '../../../src/training/engine.ts'

const ROWS = 6
const SERIES = 2

/** Rows of [values | masks | ages]; `tells` writes what the label depends on. */
function madeTask(tells: (x: Float32Array, label: number) => void): HourlyTask {
  const { normal, uniform } = random(7)
  const stays = Array.from({ length: 240 }, (_, i): ClassifierStay => {
    const x = Float32Array.from({ length: ROWS * 3 * SERIES }, normal)
    for (let t = 0; t < ROWS; t++) x.fill(uniform() < 0.5 ? 1 : 0, t * 6 + 2, t * 6 + 4).fill(0, t * 6 + 4, t * 6 + 6)
    const label = i % 2
    tells(x, label)
    return { name: `${i}`, rows: ROWS, x, labels: Uint8Array.of(label) }
  })
  const each = Int32Array.from({ length: 80 }, (_, i) => i)
  return {
    name: 'made',
    inputs: { names: ['a', 'b', 'a:m', 'b:m', 'a:s', 'b:s'], fitted: [true, true, false, false, false, false] },
    series: SERIES,
    train: stays.slice(0, 160),
    test: stays.slice(160),
    fit: { epochs: 15, peakRate: 2e-2, lastRate: 0, warmupUpdates: 5, dropout: { front: 0, hidden: 0 }, odds: 1, weightDecay: 0, clipNorm: 1, averaging: 0.9 },
    lessons: (shape, scale, of) => lastHourLessons(shape, scale, of, { batch: 20, inputDropout: 0, before: 0, beforeWeight: 0 }),
    judge(shape, scale, weights, of) {
      const labels = Uint8Array.from(of, (stay) => stay.labels[0]!)
      return { auroc: drawnAuroc(lastHourLogits(shape, scale, [weights], of), labels, each) }
    },
  } // biome-ignore format: one option a line
}

const compare = (task: HourlyTask, variants: readonly Variant[], reference: string) =>
  compareHourly(task, variants, reference, { seeds: 1, hidden: 6, log: () => {} })
const named = (all: readonly Variant[], ...names: string[]) => all.filter(({ name }) => names.includes(name))

describe('cells on one task', () => {
  beforeAll(async () => {
    await openTrainingEngine('wasm')
  })

  it('what was said first can only be known by what remembers', () => {
    const task = madeTask((x, label) => {
      x[0] = label === 1 ? 2 : -2
    })
    const { measures, testPatients } = compare(task, named(CELL_VARIANTS, 'perceptron', 'lstm', 'gru'), 'lstm')
    const { perceptron, lstm, gru } = measures['auroc']!
    expect(testPatients).toBe(80)
    expect(perceptron!.mean).toBeLessThan(0.75)
    expect(lstm!.mean).toBeGreaterThan(0.95)
    expect(gru!.mean).toBeGreaterThan(0.95)
    expect(perceptron!.aboveReference.interval[1]).toBeLessThan(0)
    expect(lstm!.aboveReference).toEqual({ mean: 0, interval: [0, 0] })
  })

  it('what only the mask tells cannot be known without it', () => {
    const task = madeTask((x, label) => {
      for (let t = 0; t < ROWS; t++) x[t * 6 + 2] = label
    })
    const { measures } = compare(task, named(MISSING_VARIANTS, 'all', 'no-mask', 'no-age', 'values-alone'), 'all')
    expect(measures['auroc']!['all']!.mean).toBeGreaterThan(0.95)
    expect(measures['auroc']!['no-age']!.mean).toBeGreaterThan(0.95)
    expect(measures['auroc']!['values-alone']!.mean).toBeLessThan(0.75)
    expect(measures['auroc']!['no-mask']!.mean).toBeLessThan(0.75)
  })
})

it('a difference is of the same patients: far narrower than the two intervals where the two go together', () => {
  const { normal } = random(3)
  const worth = Float64Array.from({ length: 60 }, normal)
  const mean = (above: number) => (times: ArrayLike<number>) => {
    let [sum, count] = [0, 0]
    worth.forEach((value, p) => {
      sum += times[p]! * (value + above)
      count += times[p]!
    })
    return sum / count
  }
  const figures = figuresOf(new Map([['one', [mean(0)]], ['other', [mean(0.1), mean(0.3)]]]), 60, 'one') // biome-ignore format: one line
  expect(figures['other']!.aboveReference.mean).toBeCloseTo(0.2, 12)
  for (const end of figures['other']!.aboveReference.interval) expect(end).toBeCloseTo(0.2, 12)
  const [low, high] = figures['other']!.interval
  expect(high - low).toBeGreaterThan(0.2)
  const comparison = { task: 'made', trainPatients: 1, testPatients: 60, reference: 'one', measures: { worth: figures }, seconds: { one: 1, other: 2 } } // biome-ignore format: one line
  expect(comparisonTable(comparison)).toMatch(/other +\d.*\(\+0\.200\)/)
})

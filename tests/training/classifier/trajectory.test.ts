import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../../src/random.ts'
import type { ClassifierStay } from '../../../src/training/classifier/cohort.ts'
import { fitClassifier } from '../../../src/training/classifier/fit.ts'
import type { ClassifierShape } from '../../../src/training/classifier/shape.ts'
import { HEADINGS, headings, labelledHours, likeliestSlope, NONE, softmax, trajectoryLessons, trajectoryLogits, trajectoryMeasures } from '../../../src/training/classifier/trajectory.ts' // biome-ignore format: one line
import { openTrainingEngine } from '../../../src/training/engine.ts'
import { trajectory } from '../../../src/training/recipes/trajectory.ts'

describe('where a patient is heading', () => {
  it('is the mean of the hours that follow less the mean of those up to now, where both are whole', () => {
    const scores = [5, 5, 5, 5, 3, 3, 3, 3, 6, 6, 6]
    const labels = headings(scores, { hours: 2, change: 2 })
    expect(Array.from(labels, (label) => HEADINGS[label] ?? 'none')).toEqual([
      'none', 'stable', 'stable', 'improving', 'stable', 'stable', 'stable', 'worsening', 'stable', 'none', 'none',
    ]) // biome-ignore format: hour by hour
  })

  it('turns round with the score, and never looks further than its hours', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 14, maxLength: 30 })
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 6 }), fc.nat(), (of, hours, later) => {
        const options = { hours, change: 1 }
        const labels = headings(of, options)
        const mirrored = headings(of.map((score) => -score), options) // biome-ignore format: one line
        labels.forEach((label, t) => void expect(mirrored[t]).toBe(label === NONE ? NONE : 2 - label))
        const t = later % of.length
        const changed = headings(of.map((score, i) => (i > t + hours ? score + 5 : score)), options) // biome-ignore format: one line
        expect(changed[t]).toBe(t + hours < of.length ? labels[t] : NONE)
      }),
    )
  })
})

describe('the three classes', () => {
  beforeAll(async () => {
    await openTrainingEngine('wasm')
  })

  it('are learnt from what announces them, and the slope makes them honest', () => {
    const shape: ClassifierShape = { inputs: 2, sequence: 2, front: 0, cell: 'lstm', hidden: 8, back: 0, outputs: 3 }
    const { uniform, normal } = random(4)
    // an omen of -1, 0 or 1 at hour 0 only: what follows at every hour is what it said
    const stays = Array.from({ length: 120 }, (_, i): ClassifierStay => {
      const heading = Math.floor(uniform() * 3)
      const x = Float32Array.from({ length: 2 * 10 }, normal)
      x[0] = heading - 1
      for (let t = 1; t < 10; t++) x[2 * t] = 0
      return { name: `${i}`, rows: 10, x, labels: new Uint8Array(10).fill(heading).fill(NONE, 8) }
    })
    const scale = { centre: [0, 0], scale: [1, 1], clip: 9 }
    const lessons = trajectoryLessons(shape, scale, stays.slice(0, 80), { ...trajectory.lessons, batch: 20, inputDropout: 0 })
    const options = { ...trajectory.fit, epochs: 40, peakRate: 2e-2, warmupUpdates: 5, dropout: { front: 0, hidden: 0 } }
    const { weights } = fitClassifier(shape, options, lessons, random(1))
    const test = stays.slice(80)
    const hours = labelledHours(test, trajectoryLogits(shape, scale, [weights], test))
    expect(hours.labels).toHaveLength(40 * 8)
    const once = new Uint8Array(40).fill(1)
    const slope = likeliestSlope(hours)
    const { auroc, nats } = trajectoryMeasures(hours, slope)
    expect(auroc!(once)).toBeGreaterThan(0.95)
    expect(nats!(once)).toBeLessThanOrEqual(trajectoryMeasures(hours, 1)['nats']!(once) + 1e-9)
    expect(softmax([1, 2, 3], 0, 2).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
  }) // biome-ignore format: one line a setting
})

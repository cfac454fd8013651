import { beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../../src/random.ts'
import { sideBySide } from '../../../src/training/classifier/batches.ts'
import type { ClassifierStay } from '../../../src/training/classifier/cohort.ts'
import { packing } from '../../../src/training/classifier/packed.ts'
import { gradientsOf, logitsOf } from '../../../src/training/classifier/pass.ts'
import { classifierGolden } from '../../../src/training/classifier/plain.ts'
import {
  type ClassifierShape,
  classifierArrays,
  classifierOf,
  firstClassifier,
  outputsOf,
} from '../../../src/training/classifier/shape.ts'
import { openTrainingEngine } from '../../../src/training/engine.ts'

const SHAPES: Record<string, ClassifierShape> = {
  'front, LSTM, logit': { inputs: 7, sequence: 7, front: 5, cell: 'lstm', hidden: 4, back: 0 },
  'GRU, back with a summary': { inputs: 9, sequence: 5, front: 0, cell: 'gru', hidden: 3, back: 4 },
  'tanh, three classes': { inputs: 5, sequence: 5, front: 0, cell: 'tanh', hidden: 4, back: 0, outputs: 3 },
  'ReLU, back with a summary': { inputs: 8, sequence: 5, front: 0, cell: 'relu', hidden: 4, back: 3, outputs: 2 },
  'a perceptron': { inputs: 5, sequence: 5, front: 0, cell: 'none', hidden: 5, back: 0 },
  'LSTM that fades': { inputs: 8, sequence: 8, front: 0, cell: 'lstm', hidden: 4, back: 0, decay: 2 },
  'front, LSTM that fades': { inputs: 7, sequence: 7, front: 3, cell: 'lstm', hidden: 4, back: 0, decay: 2 },
  'front, GRU, back': { inputs: 8, sequence: 6, front: 4, cell: 'gru', hidden: 3, back: 5 },
}
const LENGTHS = [3, 6, 1, 6, 2]

function madeStays(inputs: number, seed: number): ClassifierStay[] {
  const { normal } = random(seed)
  return LENGTHS.map((rows, i) => ({
    name: `stay${i}`,
    rows,
    x: Float32Array.from({ length: rows * inputs }, normal),
    labels: Uint8Array.of(i % 2),
  }))
}

beforeAll(async () => {
  await openTrainingEngine('wasm')
})

describe.each(Object.entries(SHAPES))('%s', (_, shape) => {
  const answers = outputsOf(shape)
  // ages are never negative: what fades has a kink at none
  const stays = madeStays(shape.inputs, 3).map((stay) => (shape.decay ? { ...stay, x: stay.x.map(Math.abs) } : stay))
  const weights = firstClassifier(shape, 0.5, random(5))
  const scale = { centre: new Array(shape.inputs).fill(0), scale: new Array(shape.inputs).fill(1), clip: 9 }
  // sums far from the kinks of ReLU are not needed: central differences of a kink would be seen
  const { batch, lanes } = sideBySide(shape, scale, stays, 'every-row', 0, undefined)

  it('computes what the equations say, stay by stay, whatever lies beside', () => {
    const found = logitsOf(shape, weights, batch)
    lanes.forEach((stay, lane) => {
      const golden = classifierGolden(shape, [weights], stay.x, stay.rows)
      for (let t = 0; t < stay.rows; t++) {
        golden.forecast[t]!.forEach((logit, n) => {
          expect(found[(batch.packing.from[t]! + lane) * answers + n]).toBeCloseTo(logit, 5)
        })
      }
    })
  })

  it('differentiates: every parameter against central differences of the equations in doubles', () => {
    const wanted = Float32Array.from({ length: batch.packing.from.at(-1)! * answers }, random(8).normal)
    const none = { front: 0, hidden: 0 }
    const gradients = gradientsOf(shape, weights, batch, none, random(1), () => wanted)
    const loss = (arrays: Float32Array[]) => {
      let sum = 0
      lanes.forEach((stay, lane) => {
        const { forecast } = classifierGolden(shape, [classifierOf(shape, arrays)], stay.x, stay.rows)
        forecast.forEach((logits, t) => {
          const at = (batch.packing.from[t]! + lane) * answers
          sum += logits.reduce((total, logit, n) => total + logit * wanted[at + n]!, 0)
        })
      })
      return sum
    }
    const arrays = classifierArrays(weights)
    const pick = random(9)
    arrays.forEach((array, p) => {
      for (let n = 0; n < Math.min(6, array.length); n++) {
        const at = Math.floor(pick.uniform() * array.length)
        const moved = (by: number) =>
          loss(arrays.map((of, q) => (q === p ? of.map((v, i) => (i === at ? v + by : v)) : of)))
        const step = 2 ** -10
        const difference = (moved(step) - moved(-step)) / (2 * step)
        expect(Math.abs(gradients[p]![at]! - difference)).toBeLessThan(2e-3 * Math.max(1, Math.abs(difference)))
      }
    })
  })

  it('sends nothing back from rows that are not asked', () => {
    const one = sideBySide(shape, scale, stays, { before: 0 }, 0, undefined)
    const gradients = gradientsOf(shape, weights, one.batch, { front: 0, hidden: 0 }, random(1), (logits) =>
      logits.fill(1),
    )
    const all = gradientsOf(shape, weights, batch, { front: 0, hidden: 0 }, random(1), (logits) => {
      logits.fill(0)
      lanes.forEach((stay, lane) => {
        const at = (batch.packing.from[stay.rows - 1]! + lane) * answers
        logits.fill(1, at, at + answers)
      })
      return logits
    })
    gradients.forEach((array, p) => {
      array.forEach((value, i) => {
        expect(value).toBeCloseTo(all[p]![i]!, 4)
      })
    })
  })
})

it('packs without padding: the rows are those of the stays, and no lane skips a step', () => {
  const { active, from } = packing([6, 6, 3, 2, 1])
  expect(Array.from(active)).toEqual([5, 4, 3, 2, 2, 2])
  expect(from.at(-1)).toBe(18)
})

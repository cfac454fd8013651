import { expect, it } from 'vitest'
import { differenceOf, middleOf, patientDraws } from '../../../src/evaluation/metrics/bootstrap.ts'
import { curvePoints } from '../../../src/evaluation/metrics/curve-points.ts'
import { areas, fallingOrder } from '../../../src/evaluation/metrics/curves.ts'
import { drawnAreas } from '../../../src/evaluation/metrics/drawn-areas.ts'
import { random } from '../../../src/random.ts'

const { uniform } = random(4)
const ROWS = 300
const PATIENTS = 25
const patientOf = Int32Array.from({ length: ROWS }, (_, row) => Math.floor((row * PATIENTS) / ROWS))
// ties among the scores, as a chart of whole points has them
const scores = Float64Array.from({ length: ROWS }, () => Math.round(20 * uniform()) / 20)
const labels = Uint8Array.from({ length: ROWS }, (_, row) => (uniform() < 0.1 + 0.5 * scores[row]! ? 1 : 0))
const order = fallingOrder(scores)

it('areas of drawn patients are the areas of their rows, each as often as its patient was drawn', () => {
  const repeats = 20
  const drawn = drawnAreas({ scores, labels, order, patientOf }, PATIENTS, repeats)
  const expected: { auroc: number; auprc: number }[] = []
  patientDraws(PATIENTS, (times) => {
    const rows = Array.from({ length: ROWS }, (_, row) => row).flatMap((row) => new Array<number>(times[patientOf[row]!]!).fill(row)) // biome-ignore format: one line
    expected.push(areas(rows.map((row) => scores[row]!), rows.map((row) => labels[row]!))) // biome-ignore format: one line
    return 0
  }, repeats) // biome-ignore format: the draw
  expected.forEach(({ auroc, auprc }, draw) => {
    expect(drawn.auroc[draw]).toBeCloseTo(auroc, 10)
    expect(drawn.auprc[draw]).toBeCloseTo(auprc, 10)
  })
})

it('a paired interval is narrower than what two apart would say: of a model and itself it is nothing', () => {
  const { auroc } = drawnAreas({ scores, labels, order, patientOf }, PATIENTS, 200)
  expect(differenceOf(auroc, auroc)).toEqual([0, 0])
  const less = auroc.map((value) => value - 0.01)
  const [low, high] = differenceOf(auroc, less)
  expect(low).toBeCloseTo(0.01, 10)
  expect(high).toBeCloseTo(0.01, 10)
  expect(middleOf(auroc)[1] - middleOf(auroc)[0]).toBeGreaterThan(0.02)
})

it('curves end where everything is an alarm, and their points have the area', () => {
  const { falsePositiveRate: x, recall: y, precision } = curvePoints(scores, labels)
  expect([x.at(-1), y.at(-1)]).toEqual([1, 1])
  expect(precision.at(-1)).toBeCloseTo(labels.reduce((a, b) => a + b, 0) / ROWS, 12)
  let area = 0
  x.forEach((at, i) => {
    area += ((at - (x[i - 1] ?? 0)) * (y[i]! + (y[i - 1] ?? 0))) / 2
  })
  expect(area).toBeCloseTo(areas(scores, labels).auroc, 2)
})

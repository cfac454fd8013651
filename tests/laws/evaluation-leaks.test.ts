import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ecgBaselines, ecgScores } from '../../src/evaluation/ecg-baselines.ts'
import { forecastEcg } from '../../src/evaluation/ecg-network.ts'
import { evaluateNab } from '../../src/evaluation/nab.ts'
import { NabNetwork } from '../../src/evaluation/nab-network.ts'
import { probationRows } from '../../src/evaluation/nab-score.ts'
import { nabScores } from '../../src/evaluation/nab-series.ts'
import { random } from '../../src/random.ts'
import { firstWeights } from '../../src/training/network.ts'
import { madeSeries } from '../evaluation/made-series.ts'

const ROWS = 1200
const SERIES = madeSeries('made/rhythm.csv', ROWS, 1, 900)
const told = () => {}
let network: NabNetwork
beforeAll(async () => {
  network = await NabNetwork.open()
})
afterAll(() => network.close())

describe('anomaly scores of a series', () => {
  it('never change when the future does', async () => {
    const whole = await nabScores(SERIES, network)
    for (const cut of [probationRows(ROWS), 1000]) {
      const values = SERIES.values.slice()
      for (let row = cut; row < ROWS; row++) values[row] = -1000 * values[row]! + row
      const other = await nabScores({ ...SERIES, values }, network)
      expect(other.subarray(0, cut)).toEqual(whole.subarray(0, cut))
      expect(other.subarray(cut)).not.toEqual(whole.subarray(cut))
    }
  })

  it('of one series do not depend on the others, nor on their order', async () => {
    const corpus = (all: (typeof SERIES)[]) => ({ series: all, labelled: true, unreadableRows: 0, missing: [] })
    const [a, b] = [madeSeries('made/a.csv', 700, 2, 500), madeSeries('made/b.csv', 600, 3)]
    const forth = await evaluateNab(corpus([a, b, SERIES]), told)
    const back = await evaluateNab(corpus([SERIES, b, a]), told)
    expect(back.scores.toReversed()).toEqual(forth.scores)
    // sums over series in another order round differently
    expect(back.figures!.standard).toBeCloseTo(forth.figures!.standard, 9)
    expect(forth.scores[2]).toEqual(await nabScores(SERIES, network))
  })
})

describe('scores of an ECG record', () => {
  const SAMPLES = 1500
  const { normal } = random(5)
  const z = Float32Array.from({ length: SAMPLES }, (_, t) => Math.sin(t / 15) + 0.1 * normal())
  const changed = z.slice()
  const CUT = 1000
  for (let t = CUT; t < SAMPLES; t++) changed[t] = 5 - z[t]!
  const shape = { features: 2, hidden: 64, layers: 1, channels: 1, horizons: 1 }
  const weights = firstWeights(shape, random(1), 0)

  it('never change when the future does, sample by sample through onnxruntime', async () => {
    const [before, after] = [await forecastEcg(weights, z), await forecastEcg(weights, changed)]
    // the forecast of sample CUT was made before it came
    expect(after.subarray(0, CUT + 1)).toEqual(before.subarray(0, CUT + 1))
    expect(after.subarray(CUT + 1)).not.toEqual(before.subarray(CUT + 1))
    const [scores, others] = [ecgScores(z, before), ecgScores(changed, after)]
    expect(others.subarray(0, CUT)).toEqual(scores.subarray(0, CUT))
    expect(others.subarray(CUT)).not.toEqual(scores.subarray(CUT))
  })

  it('nor do those of any baseline', () => {
    const [before, after] = [z, changed].map((each) => ecgBaselines(Float64Array.from(each), 300))
    for (const [name, scores] of Object.entries(before!)) {
      expect(after![name]!.subarray(0, CUT), name).toEqual(scores.subarray(0, CUT))
    }
  })
})

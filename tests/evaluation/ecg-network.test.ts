import { beforeAll, describe, expect, it } from 'vitest'
import { ecgScores } from '../../src/evaluation/ecg-baselines.ts'
import { fitEcg, forecastEcg } from '../../src/evaluation/ecg-network.ts'
import { ECG_SCORE } from '../../src/evaluation/ecg-score.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'

const FIT = { kept: [5, 40], batch: 16, window: 48, settling: 8, rate: 1e-2, clipNorm: 1 }
const z = Float32Array.from({ length: 1500 }, (_, t) => 1.4 * Math.sin((2 * Math.PI * t) / 25))

beforeAll(() => openTrainingEngine('wasm'))

const meanSquare = (forecasts: Float32Array) => {
  let sum = 0
  for (let t = 100; t < z.length; t++) sum += (forecasts[t]! - z[t]!) ** 2 / (z.length - 100)
  return sum
}

describe('the network of an ECG record', () => {
  it('learns to forecast the next sample; the graph that is stepped is the network that was trained', async () => {
    const kept = await fitEcg(z, 1, FIT)
    expect(kept.length).toBe(2)
    const [early, late] = [await forecastEcg(kept[0]!, z), await forecastEcg(kept[1]!, z)]
    expect(meanSquare(late)).toBeLessThan(meanSquare(early) / 2)
    expect(meanSquare(late)).toBeLessThan(0.2) // the wave's own mean square is 1
    expect(late[0]).toBe(0)
  }, 120_000)

  it('is the same again for the same seed, and another for another', async () => {
    const few = { ...FIT, kept: [3] }
    const [a, b, c] = [await fitEcg(z, 1, few), await fitEcg(z, 1, few), await fitEcg(z, 2, few)]
    expect(b).toEqual(a)
    expect(c).not.toEqual(a)
  })

  it('is not stepped by a sample that cannot be read', async () => {
    const [weights] = await fitEcg(z, 1, { ...FIT, kept: [3] })
    const broken = z.slice()
    broken[500] = Number.NaN
    const forecasts = await forecastEcg(weights!, broken)
    expect(forecasts[501]).toBe(forecasts[500])
    expect(forecasts.every(Number.isFinite)).toBe(true)
    const scores = ecgScores(broken, forecasts)
    expect(scores[500]).toBe(scores[499])
  })
})

describe('the score of forecast errors', () => {
  it('by hand: the mean square of the last 75 over that of the last 5000 and the floor', () => {
    const errors = Float64Array.from({ length: 200 }, (_, t) => (t < 100 ? 1 : 3))
    const scores = ecgScores(errors, new Float64Array(200))
    expect(scores[0]).toBeCloseTo(1 / (1 + ECG_SCORE.floor), 12)
    // 25 ones and 50 nines in the span; 100 ones and 50 nines in all
    expect(scores[149]).toBeCloseTo((25 + 450) / 75 / ((100 + 450) / 150 + ECG_SCORE.floor), 12)
  })
})

import { describe, expect, it } from 'vitest'
import { featurePlan } from '../../src/inference/features.ts'
import { random } from '../../src/random.ts'
import { studentQuantile } from '../../src/scoring/student-t.ts'
import { baselines } from '../../src/training/baselines.ts'
import { frameStay } from '../../src/training/dataset.ts'
import { fitDegrees, goldenSection } from '../../src/training/degrees.ts'
import { swingingStay, TABLE } from './made-stays.ts'

const plan = featurePlan(
  {
    channels: ['hr', 'spo2'],
    normaliser: { centre: [80, 97], scale: [10, 3], clip: 8 },
    features: { perChannel: ['value', 'mask', 'age', 'trend'], maxAgeSeconds: 60, trendSeconds: 10 },
  },
  TABLE,
)

describe('the baselines', () => {
  it('autoregression foresees a swing that the last value cannot', () => {
    const stays = (from: number) =>
      [0, 1].map((i) => frameStay(swingingStay('swing', 300, from + i), TABLE, 1, plan, [4]))
    const found = baselines(
      { train: stays(1), validation: stays(3), test: stays(5) },
      plan,
      1,
      Float64Array.of(0.5, 0.5),
      40,
    )
    expect(found.autoregression[0]).toBeLessThan(found.lastValue[0]! - 0.5)
    expect(found.orders[0]).toBeGreaterThan(1)
    // a saturation that falls for single seconds at random has no movement to foresee
    expect(Math.abs(found.autoregression[1]! - found.lastValue[1]!)).toBeLessThan(0.2)
  })
})

describe('the degrees of freedom', () => {
  it.each([3, 8])('of errors drawn with %d are found again', (nu) => {
    const rng = random(nu)
    const z = Float64Array.from({ length: 6000 }, () => studentQuantile(rng.uniform() * 0.999998 + 1e-6, nu))
    const found = fitDegrees({ z, half: new Float64Array(z.length).fill(0.05) })
    expect(Math.abs(Math.log(found / nu))).toBeLessThan(0.25)
  })

  it('are searched where the function is lowest', () => {
    expect(goldenSection((x) => (x - 1.234) ** 2, -5, 10, 1e-4)).toBeCloseTo(1.234, 3)
  })
})

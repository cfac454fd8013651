import { describe, expect, it } from 'vitest'
import { featurePlan, writeFeatures } from '../../src/inference/features.ts'
import { random } from '../../src/random.ts'
import { augment } from '../../src/training/augment.ts'
import { frameStay, framesOf, laneUp } from '../../src/training/dataset.ts'
import { fitNormaliser } from '../../src/training/normaliser.ts'
import { withRamp } from '../../src/training/ramps.ts'
import { madeReading, swingingStay, TABLE } from './made-stays.ts'

const manifest = {
  channels: ['hr', 'spo2'],
  normaliser: { centre: [80, 97], scale: [10, 3], clip: 8 },
  features: {
    perChannel: ['value', 'mask', 'age', 'trend'] as ['value', 'mask', 'age', 'trend'],
    maxAgeSeconds: 60,
    trendSeconds: 10,
  },
}
const plan = featurePlan(manifest, TABLE)
const SPO2 = TABLE.index.get('spo2')!

describe('a stay as frames', () => {
  const gap = {
    name: 'gap',
    readings: [0, 1, 2, 5, 6].map((second) => madeReading(second, 80 + second, second === 1 ? Number.NaN : 97)),
  }

  it('comes through the serving grid: one frame a tick with data, carried values aged', () => {
    const frames = framesOf(gap.readings, TABLE, 1)
    expect(frames.count).toBe(5)
    const width = TABLE.channels.length
    expect([1, 3].map((row) => frames.masks[row * width + SPO2])).toEqual([0, 1])
    expect(frames.values[width + SPO2]).toBe(97)
    expect(frames.ages[width + SPO2]).toBe(1)
  })

  it('is held against what came exactly the horizon later, and only where it was observed', () => {
    const { targets } = frameStay(gap, TABLE, 1, plan, [1, 4])
    const target = (row: number, k: number, c: number) => targets[(row * 2 + k) * 2 + c]
    expect(target(0, 0, 0)).toBe(81)
    expect(target(0, 0, 1)).toBeNaN() // not available one second later
    expect(target(2, 0, 0)).toBeNaN() // the gap
    expect(target(1, 1, 0)).toBe(85)
    expect(target(0, 1, 0)).toBeNaN()
    expect(target(4, 0, 0)).toBeNaN() // the end
  })

  it('has the features that serving writes, frame by frame', () => {
    const framed = frameStay(gap, TABLE, 1, plan, [1])
    const means = new Float64Array(2).fill(Number.NaN)
    const row = new Float32Array(8)
    for (let i = 0; i < framed.frames.count; i++) {
      const elapsed = i === 0 ? 0 : framed.frames.ticks[i]! - framed.frames.ticks[i - 1]!
      writeFeatures(plan, framed.frames, i, elapsed, means, 0, row, 0)
      expect(framed.x.subarray(i * 8, (i + 1) * 8)).toEqual(row)
    }
  })

  it('stands in its lane, without loss in its first frames and after its end', () => {
    const long = frameStay(swingingStay('long', 9, 1), TABLE, 1, plan, [1])
    const lanes = laneUp([long, frameStay(gap, TABLE, 1, plan, [1])], 8, 2, 3)
    expect([lanes.lanes, lanes.steps]).toEqual([2, 9])
    const targets = (t: number, lane: number) => lanes.targets.subarray((t * 2 + lane) * 2, (t * 2 + lane + 1) * 2)
    expect(targets(2, 0).every(Number.isNaN)).toBe(true)
    expect(targets(3, 0)).toEqual(long.targets.subarray(6, 8))
    expect(targets(5, 1).every(Number.isNaN)).toBe(true)
    expect(lanes.x.subarray((3 * 2 + 0) * 8, (3 * 2 + 1) * 8)).toEqual(long.x.subarray(24, 32))
  })
})

describe('a varied stay', () => {
  const stay = swingingStay('one', 400, 5)
  const how = {
    variations: [
      { channels: ['hr'], shift: 30, stretch: 0.5 },
      { channels: ['spo2'], shift: 5, stretch: 0 },
    ],
    dropped: 0.2,
    dropLength: 10,
  }

  it('shows whole numbers inside the range of the channel', () => {
    for (let seed = 0; seed < 40; seed++) {
      for (const { values } of augment(stay, TABLE, how, random(seed)).readings) {
        expect(values.every(Number.isInteger)).toBe(true)
        expect(values[1]).toBeLessThanOrEqual(100)
      }
    }
  })

  it('swings about a shifted level, wider or narrower', () => {
    const range = (of: typeof stay) => {
      const values = of.readings.map((reading) => reading.values[0]!)
      return Math.max(...values) - Math.min(...values)
    }
    const ratios = Array.from(
      { length: 200 },
      (_, seed) => range(augment(stay, TABLE, how, random(seed))) / range(stay),
    )
    const logs = ratios.map(Math.log)
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length
    const sd = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length)
    expect(Math.abs(mean)).toBeLessThan(0.12)
    expect(sd).toBeGreaterThan(0.4)
    expect(sd).toBeLessThan(0.6)
  })

  it('loses about the wanted share of readings, in runs', () => {
    let [lost, runs, all] = [0, 0, 0]
    for (let seed = 0; seed < 40; seed++) {
      const { readings } = augment(stay, TABLE, how, random(seed))
      readings.forEach(({ statuses }, i) => {
        all++
        if (statuses[0] === 0) return
        lost++
        if (i === 0 || readings[i - 1]!.statuses[0] === 0) runs++
      })
    }
    expect(lost / all).toBeGreaterThan(0.15)
    expect(lost / all).toBeLessThan(0.25)
    expect(lost / runs).toBeGreaterThan(8)
    expect(lost / runs).toBeLessThan(12)
  })

  it('is another one with another seed and the same one with the same', () => {
    expect(augment(stay, TABLE, how, random(1))).toEqual(augment(stay, TABLE, how, random(1)))
    expect(augment(stay, TABLE, how, random(1))).not.toEqual(augment(stay, TABLE, how, random(2)))
  })
})

describe('the normaliser', () => {
  it('is the median and the spread of what was observed, and never narrower than three cells', () => {
    const readings = [60, 70, 80, 90, 200].map((hr, second) =>
      madeReading(second, second === 4 ? Number.NaN : hr, second === 0 ? 98 : 97),
    )
    const fitted = fitNormaliser([framesOf(readings, TABLE, 1)], ['hr', 'spo2'], TABLE, 10)
    expect(fitted.centre).toEqual([80, 97])
    expect(fitted.scale).toEqual([11.2, 3])
  })

  it.each([
    ['has no value', Number.NaN],
    ['never changes', 97],
  ])('refuses a channel that %s, by its name', (what, spo2) => {
    const readings = [60, 70, 80].map((hr, second) => madeReading(second, hr, spo2))
    const fit = () => fitNormaliser([framesOf(readings, TABLE, 1)], ['hr', 'spo2'], TABLE, 10)
    expect(fit).toThrow(expect.objectContaining({ code: 'data-unfit', message: `spo2 ${what} in the training data` }))
  })
})

describe('a change put into a stay', () => {
  it('begins in the middle, ends at its full size, and leaves other channels and missing values alone', () => {
    const readings = Array.from({ length: 100 }, (_, second) =>
      madeReading(second, second === 70 ? Number.NaN : 80, 97),
    )
    const ramp = { label: 'up', channels: ['hr'], by: 40, seconds: 20 }
    const values = withRamp({ name: 'flat', readings }, ramp, TABLE).readings.map((reading) => reading.values)
    expect([0, 50, 60, 69, 99].map((second) => values[second]![0])).toEqual([80, 80, 100, 118, 120])
    expect(values[70]![0]).toBeNaN()
    expect(values.every(([, spo2]) => spo2 === 97)).toBe(true)
  })
})

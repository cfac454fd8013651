import { describe, expect, test } from 'vitest'
import { correlation, type NumericStatistics, numericStatistics } from '../../src/evaluation/numerics.ts'
import { median, quantile } from '../../src/evaluation/quantiles.ts'
import { type Columns, columnsOf } from '../ingest/simulator/columns.ts'

/**
 * What 40 patients of PhysioNet BIDMC are like in eight minutes at 1 Hz (docs/simulator.md, measured): 10th and 90th
 * percentile of the patients, and their median. The simulated median must lie well inside the patients' range.
 */
const BIDMC = {
  hr: { repeats: [0.427, 0.827, 0.917], step: [1, 1.09, 1.95], minuteSd: [0.65, 1.88, 5.16], longestRun: [9.6, 26.5, 93.1] },
  pulse: { repeats: [0.599, 0.873, 0.95], step: [1, 1, 1.4], minuteSd: [0.724, 1.42, 6.76], longestRun: [16.9, 33, 80.5] },
  resp: { repeats: [0.863, 0.927, 0.967], step: [1, 1.05, 1.34], minuteSd: [0.737, 1.38, 2.94], longestRun: [27.7, 56.5, 148] },
  spo2: { repeats: [0.917, 0.965, 1], step: [0, 1, 1], minuteSd: [0, 0.613, 1.04], longestRun: [49.8, 135, 481] },
} as const // biome-ignore format: one channel, one line

type Measure = 'repeats' | 'step' | 'minuteSd' | 'longestRun'
const channels = Object.keys(BIDMC) as (keyof typeof BIDMC)[]

describe.each(['training', 'evaluation'] as const)('the simulated ward in the settings for %s', (setting) => {
  const patients = [...columnsOf({ setting, beds: 40, hours: 1, seed: 5 }).values()]
  // eight minutes each, as the recordings are
  const short = (name: string) => patients.map((it) => numericStatistics(it[name]!.slice(1800, 2280), 1))
  const long = (name: string) => patients.map((it) => numericStatistics(it[name]!, 1))
  const of = (list: readonly NumericStatistics[], measure: keyof NumericStatistics) =>
    list.map((it) => it[measure]).filter((value) => !Number.isNaN(value))

  test.each(channels)('%s is printed as on real monitors: repeats, steps, wander of a minute, longest run', (name) => {
    for (const [measure, [low, , high]] of Object.entries(BIDMC[name]) as [
      Measure,
      readonly [number, number, number],
    ][]) {
      const middle = median(of(short(name), measure))
      expect(middle, measure).toBeGreaterThanOrEqual(low)
      expect(middle, measure).toBeLessThanOrEqual(high * 1.15)
    }
  })

  test('patients differ: the calmest repeats far more than the most labile', () => {
    const repeats = of(short('hr'), 'repeats')
    expect(quantile(repeats, 0.9) - quantile(repeats, 0.1)).toBeGreaterThan(0.2)
  })

  test('the median of repeats is within 0.1 of the measured one', () => {
    for (const name of channels)
      expect(Math.abs(median(of(short(name), 'repeats')) - BIDMC[name].repeats[1]), name).toBeLessThan(0.1)
  })

  test('gaps: as many an hour as measured, within a factor of 2.5; pulse and saturation together', () => {
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    for (const [name, hourly] of [
      ['hr', 0.34],
      ['pulse', 2.25],
      ['resp', 0.52],
    ] as const) {
      const found = mean(of(long(name), 'gapsPerHour'))
      expect(found, name).toBeGreaterThan(hourly / 2.5)
      expect(found, name).toBeLessThan(hourly * 2.5)
    }
    for (const it of patients) expect(missing(it, 'pulse')).toEqual(missing(it, 'spo2'))
  })

  test('heart rate and pulse agree as in the recordings: median correlation of eight minutes 0.41 (0.14 to 0.77)', () => {
    const found = patients.map((it) => correlation(it['hr']!.slice(1800, 2280), it['pulse']!.slice(1800, 2280)))
    expect(median(found.filter((value) => !Number.isNaN(value)))).toBeGreaterThan(0.14)
    expect(median(found.filter((value) => !Number.isNaN(value)))).toBeLessThan(0.77)
  })
})

const missing = (it: Columns, name: string) => [...it[name]!.keys()].filter((i) => Number.isNaN(it[name]![i]!))

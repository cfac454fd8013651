import { ADULT_LIMITS } from '../../../vitals/limits.ts'
import { quantile } from '../../quantiles.ts'
import { C, CHANNELS } from '../recording.ts'
import { type Baseline, type Columns, carried, combinations } from './baseline.ts'

/**
 * Fixed limits, one pair a channel for all patients: the manufacturers' adult ones that Vigil ships, or the 1st and 99th
 * percentile of the training patients. The score is how far the worst channel is beyond its limit in pooled SDs, held for
 * `hold` seconds; a negative threshold draws all limits in. Source: alarm limits of monitors (LIFEPAK 15, GE V100).
 */
export const limits: Baseline = {
  name: 'limits',
  settings: combinations({ hold: [1, 3, 10], population: [0, 1] }),
  fit(train, { hold, population }) {
    const pairs = CHANNELS.map((name, c) => {
      const values = train.flatMap((recording) => column(recording, c))
      const { low, high } = ADULT_LIMITS[name]!
      const [p1, p99] = [quantile(values, 0.01), quantile(values, 0.99)]
      const sd = Math.max(1, (quantile(values, 0.841) - quantile(values, 0.159)) / 2)
      // a side that nobody limits cannot alarm; saturation has no upper one
      return population === 1
        ? { low: p1, high: name === 'spo2' ? Number.POSITIVE_INFINITY : p99, sd }
        : { low: low ?? Number.NEGATIVE_INFINITY, high: high ?? Number.POSITIVE_INFINITY, sd }
    })
    return (recording) => {
      const values = carried(recording)
      const beyond = new Float64Array(recording.seconds)
      for (let i = 0; i < recording.seconds; i++) {
        let worst = Number.NEGATIVE_INFINITY
        for (let c = 0; c < C; c++) {
          const { low, high, sd } = pairs[c]!
          const value = values[i * C + c]!
          if (!Number.isNaN(value)) worst = Math.max(worst, (value - high) / sd, (low - value) / sd)
        }
        beyond[i] = worst
      }
      return beyond.map((_, i) => Math.min(...beyond.subarray(Math.max(0, i - hold! + 1), i + 1)))
    }
  },
}

function column({ values, seconds }: Columns, c: number): number[] {
  return Array.from({ length: seconds }, (_, i) => values[i * C + c]!).filter((value) => !Number.isNaN(value))
}

import { type Baseline, carried, combinations, widthOf } from './baseline.ts'

/** smallest standard deviation of a channel: half of what the monitor prints */
const LEAST_SD = 0.5

/**
 * EWMA control chart (Roberts 1959; Lucas and Saccucci 1990) on each channel, standardised by the patient's own slow
 * mean and variance: z = lambda r + (1 - lambda) z, in units of its standard deviation sqrt(lambda / (2 - lambda)). The
 * score is the worst channel. `slow` is the time constant of mean and variance, seconds.
 */
export const ewma: Baseline = {
  name: 'ewma',
  settings: combinations({ lambda: [0.05, 0.1, 0.2, 0.5, 1], slow: [60, 180, 600] }),
  fit(_, { lambda, slow }) {
    const keep = Math.exp(-1 / slow!)
    const scale = Math.sqrt(lambda! / (2 - lambda!))
    return (recording) => {
      const values = carried(recording)
      const C = widthOf(recording)
      const scores = new Float64Array(recording.seconds)
      const mean = new Float64Array(C).fill(Number.NaN)
      const variance = new Float64Array(C).fill(1)
      const chart = new Float64Array(C)
      for (let i = 0; i < recording.seconds; i++) {
        let worst = 0
        for (let c = 0; c < C; c++) {
          const value = values[i * C + c]!
          if (Number.isNaN(value)) continue
          if (Number.isNaN(mean[c]!)) mean[c] = value
          const off = value - mean[c]!
          const r = off / Math.max(LEAST_SD, Math.sqrt(variance[c]!))
          chart[c] = lambda! * r + (1 - lambda!) * chart[c]!
          worst = Math.max(worst, Math.abs(chart[c]!) / scale)
          // the first seconds count as they come, then the slow constant takes over
          const weight = Math.max(1 - keep, 1 / (i + 2))
          mean[c]! += weight * off
          variance[c]! += weight * (off * off - variance[c]!)
        }
        scores[i] = worst
      }
      return scores
    }
  },
}

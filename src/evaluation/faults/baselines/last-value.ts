import { type Baseline, carried, combinations, widthOf } from './baseline.ts'

const LEAST_SD = 0.5

/**
 * The last value is the forecast: how far the value is from the one `ahead` seconds before, in standard deviations of such
 * changes in the training patients, of the worst channel. The plainest forecaster there is.
 */
export const lastValue: Baseline = {
  name: 'last-value',
  settings: combinations({ ahead: [1, 10, 30, 60] }),
  fit(train, { ahead }) {
    const C = widthOf(train[0]!)
    const spread = Array.from({ length: C }, (_, c) => {
      let [squares, n] = [0, 0]
      for (const recording of train) {
        const values = carried(recording)
        for (let i = ahead!; i < recording.seconds; i++) {
          const change = values[i * C + c]! - values[(i - ahead!) * C + c]!
          if (Number.isNaN(change)) continue
          squares += change * change
          n++
        }
      }
      return Math.max(LEAST_SD, Math.sqrt(squares / Math.max(1, n)))
    })
    return (recording) => {
      const values = carried(recording)
      const scores = new Float64Array(recording.seconds)
      for (let i = ahead!; i < recording.seconds; i++) {
        for (let c = 0; c < C; c++) {
          const change = Math.abs(values[i * C + c]! - values[(i - ahead!) * C + c]!) / spread[c]!
          if (change > scores[i]!) scores[i] = change
        }
      }
      return scores
    }
  },
}

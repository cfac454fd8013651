import { median } from '../../quantiles.ts'
import { type Baseline, carried, combinations, widthOf } from './baseline.ts'

const LEAST_SD = 0.5
/** how often median and deviation are taken anew, seconds */
const STRIDE = 5

/**
 * Robust z of each channel against the patient's last `window` seconds (median, 1.4826 MAD), the worst channel of the
 * second; then the anomaly likelihood of Lavin and Ahmad 2015 (NAB) on it: the mean of the last `short` seconds in
 * standard deviations of the past. `short` 1 is the plain robust z of one second, likewise weighed against its past.
 */
export const robustZ: Baseline = {
  name: 'robust-z',
  settings: combinations({ window: [60, 120, 240], short: [1, 3, 10] }),
  fit(_, { window, short }) {
    return (recording) => likelihood(worstZ(carried(recording), recording.seconds, window!), short!)
  },
}

/** [N] largest |z| of the channels against the window before this second */
export function worstZ(values: Float64Array, seconds: number, window: number): Float64Array {
  const C = widthOf({ values, seconds })
  const worst = new Float64Array(seconds)
  for (let c = 0; c < C; c++) {
    let [middle, sd] = [Number.NaN, LEAST_SD]
    for (let i = 1; i < seconds; i++) {
      if (i % STRIDE === 0 || i < STRIDE) {
        const past: number[] = []
        for (let j = Math.max(0, i - window); j < i; j++) {
          const value = values[j * C + c]!
          if (!Number.isNaN(value)) past.push(value)
        }
        if (past.length > 0) {
          middle = median(past)
          sd = Math.max(LEAST_SD, 1.4826 * median(past.map((value) => Math.abs(value - middle))))
        }
      }
      const z = Math.abs(values[i * C + c]! - middle) / sd
      if (z > worst[i]!) worst[i] = z
    }
  }
  return worst
}

/** [N] (mean of the last `short` - mean of the past) / standard deviation of the past: -ln(1 - L) rises with it */
export function likelihood(scores: Float64Array, short: number): Float64Array {
  const out = new Float64Array(scores.length)
  let [n, sum, squares, recent] = [0, 0, 0, 0]
  for (let i = 0; i < scores.length; i++) {
    recent += scores[i]! - (i >= short ? scores[i - short]! : 0)
    const mean = n === 0 ? 0 : sum / n
    const sd = Math.max(LEAST_SD, n === 0 ? 0 : Math.sqrt(Math.max(0, squares / n - mean * mean)))
    out[i] = (recent / Math.min(i + 1, short) - mean) / sd
    n++
    sum += scores[i]!
    squares += scores[i]! ** 2
  }
  return out
}

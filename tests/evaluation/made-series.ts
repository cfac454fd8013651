import type { NabSeries } from '../../src/evaluation/nab-corpus.ts'
import { random } from '../../src/random.ts'

const FIVE_MINUTES = 300_000
const MONDAY = Date.UTC(2014, 3, 7)

/** A daily rhythm with noise, a row every five minutes; from `broken` on, for 200 rows, the rhythm is gone. */
export function madeSeries(name: string, rows: number, seed: number, broken?: number): NabSeries {
  const { normal } = random(seed)
  const values = Float64Array.from({ length: rows }, (_, row) => {
    const noise = normal()
    const still = broken !== undefined && row >= broken && row < broken + 200
    return 50 + (still ? 12 : 15 * Math.sin((2 * Math.PI * row) / 288)) + noise
  })
  const times = values.map((_, row) => MONDAY + row * FIVE_MINUTES)
  return {
    name,
    stamps: Array.from(times, (time) => new Date(time).toISOString().slice(0, 19).replace('T', ' ')),
    texts: Array.from(values, String),
    times,
    values,
    windows: broken === undefined ? [] : [{ first: broken, last: broken + 199 }],
  }
}

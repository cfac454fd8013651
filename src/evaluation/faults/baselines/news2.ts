import { severity } from '../../../inference/hourly/severity.ts'
import { CHANNELS } from '../recording.ts'
import { type Baseline, carried, combinations, widthOf } from './baseline.ts'

const [HR, PULSE, SPO2, RESP] = ['hr', 'pulse', 'spo2', 'resp'].map((name) => CHANNELS.indexOf(name as never)) as [number, number, number, number] // biome-ignore format: one line
const UNKNOWN = Number.NaN

/**
 * NEWS2 of what a monitor shows by the second (Royal College of Physicians 2017): breathing, saturation, heart rate. The
 * score is the least of the last `hold` seconds, so that one wrong value calls nobody.
 */
export const news2: Baseline = {
  name: 'news2',
  settings: combinations({ hold: [1, 3, 10] }),
  fit(_, { hold }) {
    return (recording) => {
      const values = carried(recording)
      const C = widthOf(recording)
      const score = Float64Array.from({ length: recording.seconds }, (__, i) => {
        const of = (c: number): number => values[i * C + c]!
        return severity({
          ...NOTHING,
          hr: Number.isNaN(of(HR)) ? of(PULSE) : of(HR),
          spo2: of(SPO2),
          resp: of(RESP),
        }).news
      })
      return score.map((__, i) => Math.min(...score.subarray(Math.max(0, i - hold! + 1), i + 1)))
    }
  },
}

const NOTHING = {
  hr: UNKNOWN, spo2: UNKNOWN, temp: UNKNOWN, sys: UNKNOWN, map: UNKNOWN, resp: UNKNOWN, oxygen: 0.21, paco2: UNKNOWN,
  wbc: UNKNOWN, platelets: UNKNOWN, bilirubin: UNKNOWN, creatinine: UNKNOWN,
} // biome-ignore format: what a bedside monitor does not know

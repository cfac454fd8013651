import { alarmStarts, matchedThreshold } from '../faults/alarms.ts'
import { autoregression } from '../faults/baselines/autoregression.ts'
import type { Baseline, Columns, Scorer } from '../faults/baselines/baseline.ts'
import { clock } from '../faults/baselines/clock.ts'
import { ewma } from '../faults/baselines/ewma.ts'
import { lastValue } from '../faults/baselines/last-value.ts'
import { pca } from '../faults/baselines/pca.ts'
import { robustZ } from '../faults/baselines/robust-z.ts'
import type { Started } from './lead.ts'
import type { MinuteMeans } from './minutes.ts'

const MINUTE = 60_000
const MINUTES_A_DAY = 1440
/** channels that charts are given: what nearly every bed of a ward has */
const CHARTED = ['hr', 'spo2', 'resp', 'pulse'] as const

/** One setting each, in minutes: memories of half a day, changes over an hour. None saw an episode. */
const CHARTS: readonly { readonly baseline: Baseline; readonly setting: Readonly<Record<string, number>> }[] = [
  { baseline: clock, setting: { every: 240 } },
  { baseline: lastValue, setting: { ahead: 60 } },
  { baseline: ewma, setting: { lambda: 0.1, slow: 720 } },
  { baseline: robustZ, setting: { window: 240, short: 10 } },
  { baseline: pca, setting: { components: 2, statistic: 2, slow: 720 } },
  { baseline: autoregression, setting: { order: 5, ahead: 10, own: 1 } },
]

/** What one chart raised in a ward. */
export interface ChartStarts {
  readonly name: string
  readonly setting: string
  readonly starts: Started[]
}

/**
 * Charts of one-minute means: each learns from a calm ward and takes the lowest threshold there that keeps it within
 * `perDay` alarms a patient-day, then watches another ward.
 */
export function minuteCharts(calm: MinuteMeans, ward: MinuteMeans, perDay: number): ChartStarts[] {
  const quiet = calm.patients.map((patient) => charted(calm, patient))
  const days = (quiet.length * calm.minutes) / MINUTES_A_DAY
  const allowed = Math.max(1, Math.floor(perDay * days))
  return CHARTS.map(({ baseline, setting }) => {
    const scorer: Scorer = baseline.fit(quiet, setting)
    const gaps = new Uint8Array(calm.minutes)
    const threshold = matchedThreshold(quiet.map((of) => ({ scores: scorer(of), gaps })), allowed)
    const starts = ward.patients.flatMap((patientKey) =>
      alarmStarts(scorer(charted(ward, patientKey)), threshold).map((minute): Started => ({
        patientKey,
        // a minute is over before its mean is known
        time: ward.start + (minute + 1) * MINUTE,
        technical: false,
      })),
    )
    return { name: baseline.name, setting: `level ${Number(threshold.toPrecision(3))}`, starts }
  }) // biome-ignore format: one chart
}

/** [M, 4] */
function charted(minutes: MinuteMeans, patient: string): Columns {
  const all = minutes.of(patient)
  const width = minutes.table.channels.length
  const places = CHARTED.map((name) => minutes.table.index.get(name)!)
  const values = new Float64Array(minutes.minutes * places.length)
  for (let minute = 0; minute < minutes.minutes; minute++) {
    places.forEach((place, c) => {
      values[minute * places.length + c] = all.values[minute * width + place]!
    })
  }
  return { values, seconds: minutes.minutes }
}

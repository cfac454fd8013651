import { onsetOf } from './metrics/sepsis-utility.ts'
import type { SepsisCase } from './sepsis-scores.ts'

/** hours before the onset from which an alarm earns, and after it */
export const [EARLIEST, LATEST] = [12, 3] as const

export interface LeadTimes {
  readonly septic: number
  readonly found: number
  /** hours from the first alarm that earns to the onset, of those found */
  readonly leads: readonly number[]
  /** middle one of them; 0 of none */
  readonly median: number
  /** hours of alarm in patients who never became septic, or before an alarm could earn, a patient-day */
  readonly falsePerDay: number
  readonly prevalence: number
  /** share of alarmed hours in which sepsis was labelled */
  readonly ppv: number
}

/** How early septic patients were warned, and at what cost. */
export function leadTimes(cases: readonly Pick<SepsisCase, 'labels' | 'fired'>[]): LeadTimes {
  const leads: number[] = []
  let [septic, falseHours, hours, positive, alarmed, right] = [0, 0, 0, 0, 0, 0]
  for (const { labels, fired } of cases) {
    const onset = onsetOf(labels)
    hours += labels.length
    if (onset !== undefined) septic++
    const first = onset === undefined ? -1 : fired.findIndex((it, t) => it === 1 && t >= onset - EARLIEST && t <= onset + LATEST)
    if (onset !== undefined && first >= 0) leads.push(onset - first)
    fired.forEach((it, t) => {
      positive += labels[t]!
      alarmed += it
      right += it * labels[t]!
      if (it === 1 && (onset === undefined || t < onset - EARLIEST)) falseHours++
    })
  }
  leads.sort((a, b) => b - a)
  return { septic, found: leads.length, leads, median: leads[leads.length >> 1] ?? 0, falsePerDay: falseHours / (hours / 24), prevalence: positive / hours, ppv: right / alarmed }
} // biome-ignore format: the counts

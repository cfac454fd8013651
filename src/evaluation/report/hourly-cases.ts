import { type Html, html } from '../../report/html.ts'
import { type Span, strip } from '../../report/strip.ts'
import type { HourlyStay } from '../../training/cohorts/stay.ts'
import { type HourlyKind, hourlyVitals, vitalColumns } from '../hourly-vitals.ts'

/** A patient as a card: what happened, and the strips under it. */
export interface HourlyCard {
  readonly stay: HourlyStay
  readonly heading: string
  readonly about: string
  /** [rows] */
  readonly probabilities: Float64Array
  /** probability from which the model alarms */
  readonly threshold: number
  /** rows with an alarm */
  readonly alarms: readonly number[]
  readonly spans: readonly Span[]
  readonly marks: readonly { readonly at: number; readonly name: string }[]
  /** row the strip begins at, and the one after its end */
  readonly from: number
  readonly to: number
}

/** Strips of the vital signs by the hour, and the model's probability under them. */
export function hourlyCard(kind: HourlyKind, card: HourlyCard): Html {
  const vitals = hourlyVitals(kind)
  const columns = vitalColumns(vitals, card.stay)
  const hours = Array.from({ length: card.to - card.from }, (_, i) => card.from + i)
  const x = Float64Array.from(hours, (hour) => hour + 1)
  const rows = vitals.map(({ label, unit, resolution }, v) => ({
    name: label,
    unit: unitText(unit),
    tone: 'ink' as const,
    x,
    y: Float64Array.from(hours, (hour) => columns.values[hour * vitals.length + v]! * resolution),
    dots: true,
  }))
  const probability = Float64Array.from(hours, (hour) => card.probabilities[hour]!)
  const most = Math.max(...probability, card.threshold * 1.2)
  return html`<article class="case"><h3>${card.heading}</h3><p>${card.about}</p>
${strip({
  from: card.from + 0.5,
  to: card.to + 0.5,
  label: 'hour in the unit',
  rows: [...rows, { name: 'Model', unit: 'probability', tone: 'ours', x, y: probability, level: card.threshold, range: [0, most] }],
  spans: card.spans,
  alarms: card.alarms.map((row) => row + 1),
  marks: card.marks,
  told: `${card.heading}. ${card.about}`,
})}</article>` // biome-ignore format: the strip
}

/** A unit as people write it. */
export const unitText = (unit: string): string => ({ 'mm[Hg]': 'mmHg', Cel: '°C', '1': '' })[unit] ?? unit

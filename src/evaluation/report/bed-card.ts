import { type Html, html } from '../../report/html.ts'
import { strip } from '../../report/strip.ts'
import type { MinuteMeans } from '../ward/minutes.ts'
import { unitText } from './hourly-cases.ts'

const SHOWN = ['hr', 'spo2', 'resp', 'abp_mean', 'nibp_sys', 'temp', 'etco2']

export interface BedCard {
  readonly patient: string
  readonly heading: string
  readonly about: string
  /** minutes of the ward */
  readonly from: number
  readonly to: number
  readonly span?: { readonly from: number; readonly to: number }
  readonly alarms: readonly number[]
}

/** A bed by the minute: what it measures of the usual channels, and when we alarmed. */
export function bedCard(minutes: MinuteMeans, { patient, heading, about, from, to, span, alarms }: BedCard): Html {
  const { values } = minutes.of(patient)
  const width = minutes.table.channels.length
  const [first, last] = [Math.floor(from), Math.ceil(to)]
  const x = Float64Array.from({ length: last - first }, (_, i) => first + i + 0.5)
  const rows = SHOWN.flatMap((name) => {
    const place = minutes.table.index.get(name)
    if (place === undefined) return []
    const y = Float64Array.from({ length: last - first }, (_, i) => values[(first + i) * width + place]!)
    if (y.every(Number.isNaN)) return []
    const { label, unit, cadence } = minutes.table.channels[place]!
    return [{ name: label, unit: unitText(unit), tone: 'ink' as const, x, y, dots: cadence === 'episodic' }]
  })
  return html`<article class="case"><h3>${heading}</h3><p>${about}</p>${strip({
    from: first,
    to: last,
    text: (minute) => `${Math.floor(minute / 60)}:${String(Math.round(minute % 60)).padStart(2, '0')}`,
    label: 'time of the ward',
    rows,
    spans: span === undefined ? [] : [{ ...span, tone: 'bad' }],
    alarms,
    told: `${heading}. ${about}`,
  })}</article>` // biome-ignore format: one card
}

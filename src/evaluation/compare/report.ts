import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot } from '../../report/plot.ts'
import { strip } from '../../report/strip.ts'
import { type Row, table } from '../../report/table.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import { unitText } from '../report/hourly-cases.ts'
import { digits, madeOf, type Provenance, range } from '../report/parts.ts'
import type { Comparison, ComparisonResult } from './compare.ts'
import type { AlertEpisode, Pair } from './episodes.ts'
import { type Window, windowOf } from './windows.ts'

/** cards of each kind at most */
const SHOWN = 10
/** ms shown before an alert and after its start */
const [BEFORE, AFTER] = [180_000, 120_000]
/** rows of a strip at most */
const ROWS = 6
const CHARTED = ['hr', 'pulse', 'spo2', 'resp', 'abp_sys', 'abp_mean', 'nibp_sys', 'etco2', 'temp']

/** An alert that has a card, with its counterpart where both raised it. */
export interface Shown {
  readonly a: AlertEpisode | undefined
  readonly b: AlertEpisode | undefined
  readonly window: Window
}

/** What a report shows of a comparison: alerts of only one, evenly over time, and those of both that lie farthest apart. */
export function shownOf({ onlyA, onlyB, both }: Comparison): { readonly onlyA: readonly Shown[]; readonly onlyB: readonly Shown[]; readonly both: readonly Shown[] } {
  const far = both.toSorted((m, n) => apart(n) - apart(m)).slice(0, SHOWN)
  return {
    onlyA: spread(onlyA).map((a) => shown(a, undefined)),
    onlyB: spread(onlyB).map((b) => shown(undefined, b)),
    both: far.map(({ a, b }) => shown(a, b)),
  }
} // biome-ignore format: the signature

const apart = ({ a, b }: Pair): number => Math.abs(a.start - b.start)

/** Of many, some from first to last at even steps. */
function spread(all: readonly AlertEpisode[]): AlertEpisode[] {
  if (all.length <= SHOWN) return [...all]
  return Array.from({ length: SHOWN }, (_, i) => all[Math.round((i * (all.length - 1)) / (SHOWN - 1))]!)
}

function shown(a: AlertEpisode | undefined, b: AlertEpisode | undefined): Shown {
  const [one, other] = [(a ?? b)!, (b ?? a)!]
  const [from, to] = [Math.min(one.start, other.start), Math.max(one.start, other.start)]
  return { a, b, window: windowOf(one.patientKey, from - BEFORE, to + AFTER) }
}

/** The report of `vigil compare`. */
export function comparisonDocument(
  { result }: Comparison,
  cards: ReturnType<typeof shownOf>,
  channels: ChannelTable,
  provenance: Provenance,
): ReportDocument {
  const { a, b, onlyA, onlyB, both, first } = result
  const strips = (of: readonly Shown[]) => html`<div class="cases">${of.map((it) => card(it, channels))}</div>`
  return {
    kind: 'Comparison',
    title: `${a.name} and ${b.name} over one stream`,
    lead: `${both} alerts are in both, ${onlyA} in A alone (${a.name}) and ${onlyB} in B alone (${b.name}), over ${result.patientDays} patient-days of ${result.patients} patients. ${both === 0 ? '' : `Of those in both A was first in ${first.a}, B in ${first.b}, neither in ${first.same}.`}`,
    notices: [],
    headlines: [
      { label: 'Only in A', value: String(onlyA), range: a.name },
      { label: 'Only in B', value: String(onlyB), range: b.name },
      { label: 'In both', value: String(both), range: first.medianSeconds === null ? '' : `B ${digits(first.medianSeconds, 0)} s after A in the middle` },
      { label: 'A less B, a patient-day', value: digits(a.alarms.perPatientDay - b.alarms.perPatientDay, 2), range: `95 % ${range(result.differenceInterval, 2)}` },
    ],
    sections: [
      { title: 'How often', body: rates(result) },
      { title: 'By what was said', body: codes(result) },
      ...(both === 0 ? [] : [{ title: 'Who was first', body: firsts(result, cards) }]),
      ...(a.lead === undefined ? [] : [{ title: 'How early, by what really happened', body: leads(result) }]),
      { title: 'Only in A', body: onlyA === 0 ? html`<p>None.</p>` : html`<p>${explained(onlyA)} Blue triangle: the alert.</p>${strips(cards.onlyA)}` },
      { title: 'Only in B', body: onlyB === 0 ? html`<p>None.</p>` : html`<p>${explained(onlyB)} Blue triangle: the alert.</p>${strips(cards.onlyB)}` },
      { title: 'In both', body: both === 0 ? html`<p>None.</p>` : html`<p>${both > SHOWN ? `The ${SHOWN} of ${both} that started farthest apart.` : `All ${both}.`} Triangles: both starts.</p>${strips(cards.both)}` },
    ],
    made: madeOf(provenance, [
      ['Matching', 'two alerts are of the same thing when they are of the same patient and code and stand at the same time, or at most a minute apart; each has one counterpart at most'],
      ['Intervals', '95 %: of a rate by Byar\u2019s approximation to the exact Poisson limits; of a difference by patients drawn with replacement'],
    ]),
  }
} // biome-ignore format: one figure, one line

const explained = (count: number): string =>
  count > SHOWN ? `${SHOWN} of ${count}, from the first to the last at even steps.` : `All ${count}.`

function rates({ a, b }: ComparisonResult): Html {
  const rows = [a, b].map(({ name, alarms }, i): Row => ({ cells: [`${'AB'[i]}: ${name}`, alarms.episodes, digits(alarms.perPatientDay, 2), range(alarms.interval, 2), digits(alarms.callsPerPatientDay, 2)] })) // biome-ignore format: one line
  const plotted = [a, b].map(({ name, alarms }, i) => ({ name: `${'AB'[i]}: ${name}`.slice(0, 36), tone: i === 0 ? ('ours' as const) : ('third' as const), value: alarms.perPatientDay, interval: alarms.interval })) // biome-ignore format: one line
  return html`${table('Alarm rates', [{ title: 'What' }, { title: 'Alerts', number: true }, { title: 'A patient-day', number: true }, { title: '95 %', number: true }, { title: 'Calls, a patient-day', number: true }], rows)}
${intervalPlot({ title: 'Alerts a patient-day, with 95 % intervals', about: 'fixed limits and NEWS2, which run beside every model, are in both', told: plotted.map(({ name, value }) => `${name} ${digits(value, 1)}`).join(', ') }, { label: 'alerts that started, a patient-day', from: 0, to: Math.max(1, ...plotted.map(({ interval }) => interval[1])) }, plotted)}` // biome-ignore format: one plot, one line
}

function codes({ byCode }: ComparisonResult): Html {
  const rows = Object.entries(byCode).sort(([, m], [, n]) => n.onlyA + n.onlyB + n.both - (m.onlyA + m.onlyB + m.both)).map(([code, it]): Row => ({ cells: [html`<code>${code}</code>`, it.onlyA, it.onlyB, it.both] })) // biome-ignore format: one line
  return table('By code', [{ title: 'Code' }, { title: 'Only in A', number: true }, { title: 'Only in B', number: true }, { title: 'In both', number: true }], rows) // biome-ignore format: one line
}

function firsts({ first }: ComparisonResult, { both }: ReturnType<typeof shownOf>): Html {
  const farthest = both[0] === undefined ? 0 : Math.abs(both[0].a!.start - both[0].b!.start) / 1000
  return html`<div class="plots">${barPlot({ title: 'Which was first', about: `of the alerts in both; at most ${digits(farthest, 0)} s apart`, told: `A ${first.a}, same ${first.same}, B ${first.b}` }, { label: 'A first, at once, B first', from: 0, to: 3, text: (value) => (value === 0.5 ? 'A' : value === 1.5 ? 'at once' : value === 2.5 ? 'B' : '') }, [0, 1, 2, 3], [{ name: 'alerts', tone: 'ours', counts: [first.a, first.same, first.b] }], 'alerts')}</div>` // biome-ignore format: one plot
}

function leads({ a, b }: ComparisonResult): Html {
  const rows = Object.entries(a.lead!).map(([kind, mine]): Row => {
    const theirs = b.lead![kind]!
    const found = (it: typeof mine) => `${Math.round(it.found * it.episodes)} of ${it.episodes}`
    return { cells: [kind, found(mine), found(theirs), digits(mine.medianDelayMinutes, 1), digits(theirs.medianDelayMinutes, 1), digits(mine.medianLeadMinutes, 1), digits(theirs.medianLeadMinutes, 1)] }
  }) // biome-ignore format: one row
  const columns = ['What happened', 'A found', 'B found', 'A, min after onset', 'B, min after onset', 'A, min before its end', 'B, min before its end'] // biome-ignore format: one line
  return table('Lead times', columns.map((title, i) => ({ title, number: i > 0 })), rows)
} // biome-ignore format: one table

function card({ a, b, window }: Shown, channels: ChannelTable): Html {
  const one = (a ?? b)!
  const seconds = (time: number): number => (time - window.from - BEFORE) / 1000
  const order = [...window.samples.keys()].sort((m, n) => place(channels, m) - place(channels, n)).slice(0, ROWS)
  const rows = order.map((index) => {
    const { x, y } = window.samples.get(index)!
    const { label, unit, cadence } = channels.channels[index]!
    return { name: label, unit: unitText(unit), tone: 'ink' as const, ...(cadence === 'episodic' ? { x: x.map(seconds), y, dots: true } : broken(x.map(seconds), y)) }
  }) // biome-ignore format: one row
  const clock = new Date(one.start).toISOString().slice(0, 19).replace('T', ' ')
  const gap =
    a === undefined || b === undefined
      ? ''
      : a.start === b.start
        ? '; at once'
        : `; B ${digits(Math.abs(b.start - a.start) / 1000, 0)} s ${b.start < a.start ? 'before' : 'after'} A`
  return html`<article class="case"><h3>${one.label}</h3><p>${one.patientKey}, ${clock} UTC: <code>${one.code}</code> of ${one.detector}, ${one.priority}${gap}</p>${strip({
    from: -BEFORE / 1000,
    to: seconds(window.to),
    label: 'seconds from the first alert',
    rows,
    alarms: [a, b].flatMap((it) => (it === undefined ? [] : [seconds(it.start)])),
    marks: [a && { at: seconds(a.start), name: 'A' }, b && { at: seconds(b.start), name: b && a && b.start === a.start ? '' : 'B' }].filter((it) => it !== undefined),
    told: `${one.code} of ${one.patientKey} at ${clock}${gap}`,
  })}</article>` // biome-ignore format: one card
}

/** A line is broken where nothing came for this long, s. */
const GAP = 10

function broken(x: readonly number[], y: readonly number[]): { readonly x: number[]; readonly y: number[] } {
  const out = { x: [] as number[], y: [] as number[] }
  x.forEach((at, i) => {
    if (i > 0 && at - x[i - 1]! > GAP) {
      out.x.push(at)
      out.y.push(Number.NaN)
    }
    out.x.push(at)
    out.y.push(y[i]!)
  })
  return out
}

/** The usual channels first, in the order in which a monitor shows them. */
function place({ channels }: ChannelTable, index: number): number {
  const at = CHARTED.indexOf(channels[index]!.name)
  return at < 0 ? CHARTED.length + index : at
}

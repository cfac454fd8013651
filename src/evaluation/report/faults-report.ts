import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot } from '../../report/plot.ts'
import { strip } from '../../report/strip.ts'
import { type Row, table } from '../../report/table.ts'
import type { ModelManifest } from '../../vitals/manifest.ts'
import type { FaultsEvaluation, FaultsResult } from '../faults/evaluate.ts'
import { GRACE_SECONDS } from '../faults/grid.ts'
import type { FaultyRecording } from '../faults/inject.ts'
import { C, CHANNELS } from '../faults/recording.ts'
import { WARD_CHECKS } from './known.ts'
import { digits, leakChecks, madeOf, type Provenance, percent, range, unbeaten, verdict } from './parts.ts'

const SHOWN = 10
/** seconds of a strip before a fault, and after it */
const AROUND = 60

const NAMES: Readonly<Record<string, string>> = {
  vigil: 'Vigil', clock: 'clock only', 'last-value': 'last value', limits: 'fixed limits', news2: 'NEWS2', ewma: 'EWMA chart',
  'robust-z': 'robust z, anomaly likelihood', pca: 'PCA', ar: 'autoregression',
} // biome-ignore format: a list
const LABELS = ['Heart rate', 'Pulse', 'SpO2', 'Respiration'] as const
const UNITS = ['/min', '/min', '%', '/min'] as const

/** The report of `vigil evaluate faults`. */
export function faultsDocument(
  { result, faulty, delays }: FaultsEvaluation,
  manifest: ModelManifest,
  provenance: Provenance,
): ReportDocument {
  const { vigil, ...baselines } = result.detectors
  const ours = delays.get('vigil')!
  return {
    kind: 'Benchmark report',
    title: 'Faults put into bedside recordings',
    lead: `Of ${result.faults} faults put into the recordings of ${result.patients.length} patients that nothing was tuned on, the ward finds ${percent(vigil!.sensitivity)}, half of them within ${vigil!.medianDelaySeconds} s, and names the faulty channel first in ${result.topChannel.accuracy === null ? 'none' : percent(result.topChannel.accuracy)} of the single-channel ones. Every detector stands at the same ${vigil!.falseAlarms} false alarms in ${result.patientHours} h.`,
    notices: [
      `${result.patientHours} untouched hours of ${result.patients.length} patients are few: one false alarm more or less moves every threshold, and with it every figure.`,
      ...[unbeaten(Object.fromEntries(Object.entries(baselines).map(([name, it]) => [NAMES[name] ?? name, it])))].filter((it) => it !== undefined),
    ],
    headlines: [
      { label: 'Faults found', value: percent(vigil!.sensitivity), range: `95 % ${range(scaled(vigil!.interval), 0)} %` },
      { label: 'Median delay', value: vigil!.medianDelaySeconds === null ? '–' : `${vigil!.medianDelaySeconds} s` },
      { label: 'False alarms, a patient-hour', value: digits(vigil!.falseAlarmsPerPatientHour, 2), range: `${vigil!.falseAlarms} in ${result.patientHours} h, the same for all` },
      { label: 'Faulty channel named first', value: result.topChannel.accuracy === null ? '–' : percent(result.topChannel.accuracy), range: `of ${result.topChannel.found} single-channel faults found` },
    ],
    sections: [
      { title: 'Us and baselines', body: comparison(result) },
      { title: 'By kind of fault', body: byKind(result) },
      { title: 'How fast', body: speed(delays) },
      { title: 'Ten best cases', body: cards(faulty, ours, 'best') },
      { title: 'Ten worst cases', body: cards(faulty, ours, 'worst') },
      { title: 'Leak checks', body: leakChecks(WARD_CHECKS) },
    ],
    made: madeOf(provenance, [
      ['Split', `tested on ${result.patients.join(', ')}; the model's manifest names none of them. Baselines were fitted on its training patients and tuned on its validation patients, with other faults`],
      ['Model', `${result.model}, graph ${manifest.graph.sha256.slice(0, 12)}`],
      ['Faults', 'the grid of src/evaluation/faults/grid.ts: spike, drift, flat line, drop-out, swapped channels, heart rate and pulse decoupled, in sizes of 3, 6 and 12 robust standard deviations'],
      ['Scoring', `found = an alarm that starts in the fault or ${GRACE_SECONDS} s after it and that the untouched recording does not raise; intervals: 95 %, patients drawn with replacement`],
    ]),
  } // biome-ignore format: one figure, one line
}

const scaled = ([low, high]: readonly [number, number]): readonly [number, number] => [100 * low, 100 * high]

function comparison({ detectors }: FaultsResult): Html {
  const rows = Object.entries(detectors).map(([name, it]): Row => ({
    ours: name === 'vigil',
    cells: [
      NAMES[name] ?? name,
      percent(it.sensitivity),
      range(scaled(it.interval), 0),
      it.medianDelaySeconds === null ? '–' : `${it.medianDelaySeconds} s`,
      digits(it.falseAlarmsPerPatientHour, 2),
      name === 'vigil' ? '' : range(scaled(it.aboveInterval), 0),
      name === 'vigil' ? '' : verdict(it.aboveInterval),
      Object.entries(it.setting).map(([key, value]) => `${key} ${value}`).join(', '),
    ],
  })) // biome-ignore format: one cell, one line
  const columns = [
    { title: 'What' },
    { title: 'Found', number: true },
    { title: '95 %', number: true },
    { title: 'Median delay', number: true },
    { title: 'False / h', number: true },
    { title: 'Ours less theirs, 95 %', number: true },
    { title: 'Verdict' },
    { title: 'Setting' },
  ]
  const plotted = Object.entries(detectors).map(([name, it]) => ({ name: NAMES[name] ?? name, tone: name === 'vigil' ? ('ours' as const) : ('other' as const), value: 100 * it.sensitivity, interval: scaled(it.interval) })) // biome-ignore format: one line
  return html`${table('Comparison', columns, rows)}
<p class="quiet"><b>Not comparable with published figures:</b> nobody has published on these faults in these recordings. Logistic regression does not apply: nothing here is labelled to learn from. Every baseline also has the alarm that every monitor has, for a channel that is gone for 10 s.</p>
${intervalPlot({ title: 'Faults found, with 95 % intervals', about: 'all at the same false alarms', told: plotted.map(({ name, value }) => `${name} ${digits(value, 0)} %`).join(', ') }, { label: 'faults found, %', from: 0, to: 100 }, plotted)}` // biome-ignore format: one plot, one line
}

function byKind({ byFault, detectors }: FaultsResult): Html {
  const names = Object.keys(detectors)
  const rows = Object.entries(byFault).map(([kind, by]): Row => ({
    cells: [kind, ...names.map((name) => {
      const { sensitivity } = by[name]!
      const best = Math.max(...names.map((it) => by[it]!.sensitivity ?? 0))
      const text = sensitivity === null ? '–' : digits(100 * sensitivity, 0)
      return sensitivity !== null && sensitivity === best ? html`<b>${text}</b>` : text
    })],
  })) // biome-ignore format: one row
  return table('By kind of fault', [{ title: 'Found, % (best in bold)' }, ...names.map((name) => ({ title: NAMES[name] ?? name, number: true }))], rows) // biome-ignore format: one line
}

function speed(delays: FaultsEvaluation['delays']): Html {
  const edges = Array.from({ length: 19 }, (_, i) => i * 10)
  const shown = (['vigil', 'ar', 'limits'] as const).filter((name) => delays.has(name))
  const tones = { vigil: 'ours', ar: 'third', limits: 'other' } as const
  const bars = shown.map((name) => {
    const found = delays.get(name)!.filter((delay) => delay !== undefined)
    return { name: NAMES[name]!, tone: tones[name], counts: edges.slice(1).map((to, i) => found.filter((delay) => delay >= edges[i]! && delay < to).length) }
  }) // biome-ignore format: one line
  return html`<div class="plots">${barPlot({ title: 'Delay of the first alarm', about: 'from the first second of the fault; drifts and flat lines take their time', told: 'by ten seconds' }, { label: 'seconds', from: 0, to: 180 }, edges, bars, 'faults')}</div>` // biome-ignore format: one line
}

/** Smallest faults found fastest, or largest ones missed; each kind of fault in turn. */
function cards(faulty: readonly FaultyRecording[], delays: readonly (number | undefined)[], which: 'best' | 'worst'): Html {
  const all = faulty.map((fault, i) => ({ fault, delay: delays[i] }))
  const best = which === 'best'
  const ranked = all
    .filter(({ delay }) => (delay !== undefined) === best)
    .sort((a, b) => (best ? a.fault.cell.size - b.fault.cell.size || a.delay! - b.delay! : b.fault.cell.size - a.fault.cell.size))
  const kinds = [...new Set(ranked.map(({ fault }) => fault.cell.kind))].map((kind) => ranked.filter(({ fault }) => fault.cell.kind === kind))
  const turns = Array.from({ length: SHOWN }, (_, turn) => kinds.flatMap((of) => of[turn] ?? [])).flat()
  return html`<p>${best ? 'The smallest faults of each kind, found fastest.' : 'The largest faults of each kind that nothing was said of.'} Shaded: the fault; triangle: the alarm.</p>
<div class="cases">${turns.slice(0, SHOWN).map(({ fault, delay }) => card(fault, delay))}</div>`
} // biome-ignore format: the order

function card(fault: FaultyRecording, delay: number | undefined): Html {
  const { cell, from, to, values, seconds, name } = fault
  const [first, last] = [Math.max(0, from - AROUND), Math.min(seconds, to + AROUND)]
  const x = Float64Array.from({ length: last - first }, (_, i) => first + i)
  const size = cell.seconds === cell.size ? `${cell.size} s` : `${cell.size} SD`
  const about = `${cell.channels.join(' and ')}, ${size}: ${delay === undefined ? 'missed' : `found after ${delay} s`}`
  return html`<article class="case"><h3>${cell.kind} in ${name}</h3><p>${about}</p>${strip({
    from: first,
    to: last,
    label: 'seconds',
    rows: CHANNELS.map((channel, c) => ({
      name: LABELS[c]!,
      unit: UNITS[c]!,
      tone: cell.channels.includes(channel) ? 'bad' : 'ink',
      x,
      y: Float64Array.from(x, (second) => values[second * C + c]!),
    })),
    spans: [{ from, to, tone: 'bad' }],
    alarms: delay === undefined ? [] : [from + delay],
    told: `${cell.kind} in ${name}: ${about}`,
  })}</article>` // biome-ignore format: one card
}

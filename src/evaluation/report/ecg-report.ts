import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot, linePlot } from '../../report/plot.ts'
import { strip } from '../../report/strip.ts'
import type { EcgResult, EcgTable } from '../ecg.ts'
import { type EcgRecord, trainedSamples } from '../ecg-record.ts'
import { curvePoints } from '../metrics/curve-points.ts'
import { ECG_TRIES, PUBLISHED_ECG, SERIES_CHECKS } from './known.ts'
import { ablations, digits, leakChecks, madeOf, type Provenance, range95, unbeaten } from './parts.ts'
import { differences, seriesTable } from './series-parts.ts'

const HERTZ = 128
const SHOWN = 10
/** samples of a strip on either side of what it shows */
const AROUND = 4 * HERTZ
const TONES = ['ours', 'third', 'fourth', 'good'] as const

/** The report of `vigil evaluate ecg`. */
export function ecgDocument(
  records: readonly EcgRecord[],
  { scores, figures }: EcgResult,
  warnings: readonly string[],
  provenance: Provenance,
): ReportDocument {
  const made = madeOf(provenance, [
    ['Records', `${records.map(({ name }) => name).join(', ')}: ${records.reduce((sum, { values }) => sum + values.length, 0)} samples at ${HERTZ} Hz`],
    ['Split', 'by time: networks see the first tenth of each record, without labels, then its samples as they come. Figures are over the whole record, as published ones are'],
    ['Model', 'three LSTMs of 64 units a record, forecasts after 80, 120 and 160 updates averaged'],
    ['Scoring', 'AUC-PR by sample; intervals: 95 %, half minutes of every record drawn with replacement (200 draws)'],
  ]) // biome-ignore format: one fact, one line
  const frame = { kind: 'Benchmark report', title: 'Odd beats in an ECG, as it streams', made }
  if (figures === undefined) {
    return { ...frame, lead: `${records.length} records were scored, sample by sample.`, notices: [...warnings], headlines: [], sections: [{ title: 'Leak checks', body: leakChecks(SERIES_CHECKS) }] }
  } // biome-ignore format: nothing to show
  const judged = records.flatMap((record, r) => (figures.records[record.name] === undefined ? [] : [{ record, labels: record.labels!, scores: scores[r]! }])) // biome-ignore format: one line
  const spans = judged.flatMap(spansOf)
  const paired = Object.fromEntries(Object.entries(figures.above).map(([name, it]) => [name, { aboveInterval: it }]))
  return {
    ...frame,
    lead: `Networks that saw the first tenth of a record, and no label, rank its odd beats with a mean AUC-PR of ${digits(figures.meanAucPr)} over ${judged.length} records (${spans.length} labelled spans).`,
    notices: [...warnings, 'The settings were chosen on records 805 and 806: on another record expect less.', ...[unbeaten(paired)].filter((it) => it !== undefined)],
    headlines: [
      { label: 'Mean AUC-PR', value: digits(figures.meanAucPr), range: range95(figures.interval) },
      ...Object.entries(figures.records).map(([name, { aucPr, vusPr }]) => ({ label: `Record ${name}, AUC-PR`, value: digits(aucPr), range: `VUS-PR ${digits(vusPr)}` })),
    ],
    sections: [
      { title: 'Us, baselines, and what others published', body: comparison(figures) },
      { title: 'Curves', body: curves(judged, spans) },
      { title: 'Ten best cases', body: cards(spans, judged, 'best') },
      { title: 'Ten worst cases', body: cards(spans, judged, 'worst') },
      { title: 'Ablations', body: ablations('AUC-PR of records 805 and 806, and their mean; one setting at a time.', ['Try', '805', '806', 'Mean'], ECG_TRIES) },
      { title: 'Leak checks', body: leakChecks(SERIES_CHECKS) },
    ],
  } // biome-ignore format: one figure, one line
}

function comparison(figures: EcgTable): Html {
  const names = Object.keys(figures.records)
  const rows = Object.entries(figures.baselines).map(([name, by]) => ({ name, above: figures.above[name]!, less: figures.meanAucPr - by['mean']!, figures: [digits(by['mean']!), ...names.map((record) => digits(by[record]!))] })) // biome-ignore format: one line
  return html`${seriesTable({ columns: ['mean', ...names], ours: [digits(figures.meanAucPr), ...names.map((name) => digits(figures.records[name]!.aucPr))], baselines: rows, publishedOn: 'Published, mean of records 805, 806 and 820: not the same set', published: PUBLISHED_ECG, digits: 3 })}
<p class="quiet"><b>Not comparable:</b> the published figures are a mean of three records, one of which is not here. NEWS2 and logistic regression do not apply: there is no vital sign, and nothing labelled may be learnt from; a clock is no better than chance.</p>
${intervalPlot({ title: 'Ours less theirs, mean AUC-PR', about: 'to the right of 0 ours is better; the same half minutes drawn for both', told: rows.map(({ name, less }) => `${name}: ${digits(less)}`).join(', ') }, { label: 'difference of the mean AUC-PR', from: Math.min(-0.05, ...rows.map((it) => it.above[0])), to: Math.max(0.5, ...rows.map((it) => it.above[1])) }, differences(rows), 0)}` // biome-ignore format: one plot, one line
}

interface Judged {
  readonly record: EcgRecord
  readonly labels: Uint8Array
  readonly scores: Float64Array
}

/** A labelled span, and the rank of its highest score among all samples of its record. */
interface BeatSpan {
  readonly of: Judged
  readonly from: number
  readonly to: number
  /** share of the unlabelled samples that score less than the span's highest */
  readonly above: number
  /** seconds from its first sample to its highest score */
  readonly delay: number
}

function spansOf(of: Judged): BeatSpan[] {
  const { labels, scores } = of
  const normal = scores.filter((_, t) => labels[t] === 0).sort()
  const spans: BeatSpan[] = []
  for (let from = labels.indexOf(1); from >= 0; ) {
    let to = from
    while (to < labels.length && labels[to] === 1) to++
    let highest = from
    for (let t = from; t < to; t++) if (scores[t]! > scores[highest]!) highest = t
    spans.push({ of, from, to, above: rankOf(normal, scores[highest]!), delay: (highest - from) / HERTZ })
    from = labels.indexOf(1, to)
  }
  return spans
}

/** Share of some rising values below one. */
function rankOf(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle]! < value) low = middle + 1
    else high = middle
  }
  return low / rising.length
}

function curves(judged: readonly Judged[], spans: readonly BeatSpan[]): Html {
  const unit = { from: 0, to: 1 }
  const points = judged.map(({ record, labels, scores }) => ({
    name: `record ${record.name}`,
    of: curvePoints(scores, labels),
  }))
  const edges = Array.from({ length: 13 }, (_, i) => i * 0.1)
  const counts = edges.slice(1).map((to, i) => spans.filter(({ delay }) => delay >= edges[i]! && delay < to).length)
  const share = spans.filter(({ above }) => above > 0.99).length / spans.length
  return html`<div class="plots">
${linePlot({ title: 'Precision by recall', about: 'samples within odd beats against all others', told: 'one line a record', x: { label: 'recall', ...unit }, y: { label: 'precision', ...unit }, lines: points.map(({ name, of }, i) => ({ name, tone: TONES[i % TONES.length]!, x: of.recall.slice(4), y: of.precision.slice(4) })) })}
${linePlot({ title: 'ROC', about: 'samples within odd beats against all others', told: 'one line a record', x: { label: 'false positive rate', ...unit }, y: { label: 'sensitivity', ...unit }, lines: points.map(({ name, of }, i) => ({ name, tone: TONES[i % TONES.length]!, x: [0, ...of.falsePositiveRate], y: [0, ...of.recall] })) })}
${barPlot({ title: 'From the first odd sample to the highest score', about: `${digits(100 * share, 0)} % of the spans reach the top 1 % of scores`, told: `${spans.length} spans` }, { label: 'seconds', from: 0, to: 1.2 }, edges, [{ name: 'labelled spans', tone: 'ours', counts }], 'spans')}
</div>` // biome-ignore format: one plot, one line
}

/** The spans that stand out most and least, in turn from each record. */
function cards(spans: readonly BeatSpan[], judged: readonly Judged[], which: 'best' | 'worst'): Html {
  const each = Math.ceil(SHOWN / judged.length)
  const ranked = judged.flatMap((of) =>
    spans
      .filter((span) => span.of === of && span.from >= trainedSamples(of.record))
      .sort((a, b) => (which === 'best' ? b.above - a.above || a.delay - b.delay : a.above - b.above))
      .slice(0, each),
  )
  return html`<p>${which === 'best' ? 'Odd beats that stand out most' : 'Odd beats that stand out least'} among all scores of their record, after the part that was trained on. Shaded: what is labelled odd.</p>
<div class="cases">${ranked.slice(0, SHOWN).map(({ of, from, to, above }) => {
  const [first, last] = [Math.max(0, from - AROUND), Math.min(of.labels.length, to + AROUND)]
  const x = Float64Array.from({ length: last - first }, (_, i) => (first + i) / HERTZ)
  const about = `highest score above ${digits(100 * above, 2)} % of all normal samples`
  return html`<article class="case"><h3>Record ${of.record.name}, at ${digits(from / HERTZ, 1)} s</h3><p>${about}</p>${strip({
    from: first / HERTZ,
    to: last / HERTZ,
    label: 'seconds',
    rows: [
      { name: 'ECG', tone: 'ink', x, y: of.record.values.subarray(first, last) },
      { name: 'Score', tone: 'ours', x, y: of.scores.subarray(first, last), range: [0, 12] },
    ],
    spans: labelled(of.labels, first, last),
    told: `Record ${of.record.name}. ${about}`,
  })}</article>`
})}</div>` // biome-ignore format: one card
}

function labelled(labels: Uint8Array, first: number, last: number) {
  const spans: { from: number; to: number; tone: 'good' }[] = []
  for (let t = first; t < last; t++) {
    if (labels[t] !== 1) continue
    const from = t
    while (t < last && labels[t] === 1) t++
    spans.push({ from: from / HERTZ, to: t / HERTZ, tone: 'good' })
  }
  return spans
}

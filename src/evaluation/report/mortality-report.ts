import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot, linePlot } from '../../report/plot.ts'
import { type Row, table } from '../../report/table.ts'
import type { MortalityMetrics } from '../../training/classifier/mortality-card.ts'
import { faultsInWords } from '../../training/cohorts/stay.ts'
import { sigmoid } from '../../training/head.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { curvePoints } from '../metrics/curve-points.ts'
import type { MortalityCase } from '../mortality-scores.ts'
import type { MortalityEvaluation } from '../mortality2012.ts'
import { hourlyCard } from './hourly-cases.ts'
import { HOURLY_CHECKS, MORTALITY_TRIES, PUBLISHED_MORTALITY } from './known.ts'
import { ablations, acquaintance, digits, leakChecks, madeOf, NOTHING_WRONG, type Provenance, percent, range, range95, unbeaten, verdict } from './parts.ts' // biome-ignore format: one line
import { calibrationPlot, short } from './sepsis-report.ts'

/** The report of `vigil evaluate mortality2012`. @param metrics what was measured while the model was made, if it is known */
export function mortalityDocument(
  { report, cases }: MortalityEvaluation,
  manifest: ClassifierManifest,
  metrics: MortalityMetrics | undefined,
  provenance: Provenance,
): ReportDocument {
  const met = acquaintance(report.trainedOnThese, manifest.training.patients)
  const made = madeOf(provenance, [
    ['Split', met.split],
    ['Files', faultsInWords(report.faults) ?? NOTHING_WRONG],
    ['Model', `${report.model}, graph ${manifest.graph.sha256.slice(0, 12)}: ${manifest.graph.members} networks of ${manifest.graph.hidden} ${manifest.graph.cell.toUpperCase()} units beside a summary, trained on ${manifest.training.data}`],
    ['Scoring', 'PhysioNet/CinC Challenge 2012 (Silva et al., CinC 2012), Event 1: the lesser of sensitivity and positive predictivity; intervals: 95 %, patients drawn with replacement'],
  ]) // biome-ignore format: one fact, one line
  const frame = { kind: 'Benchmark report', title: 'Death in hospital, from the first 48 hours', made }
  if (!report.labels) {
    return {
      ...frame,
      lead: `${report.patients} stays were scored; ${report.predictedDeaths} are predicted to end in death.`,
      notices: ['The data has no outcomes, so there is no figure to report.'],
      headlines: [{ label: 'predicted to die', value: percent(report.predictedDeaths / report.patients) }],
      sections: [{ title: 'Leak checks', body: leakChecks(HOURLY_CHECKS('mortality2012')) }],
    }
  }
  const hits = cases.filter(({ died, label }) => died === 1 && label === 1).length
  return {
    ...frame,
    lead: `${report.deaths} of ${report.patients} patients died in hospital. The model named ${report.predictedDeaths}, ${hits} of them rightly: it found ${percent(hits / report.deaths!, 0)} of the deaths, and ${percent(hits / report.predictedDeaths, 0)} of whom it named did die.`,
    notices: [
      met.notice,
      ...[unbeaten(report.baselines!)].filter((it) => it !== undefined),
    ],
    headlines: [
      { label: 'Event 1', value: digits(report.event1), range: range95(report.event1Interval!) },
      { label: 'AUROC', value: digits(report.auroc), range: range95(report.aurocInterval!) },
      { label: 'AUPRC', value: digits(report.auprc), range: `${range95(report.auprcInterval!)}; by chance ${digits(report.deaths! / report.patients)}` },
    ],
    sections: [
      { title: 'Us, baselines, and what others published', body: comparison(report, metrics) },
      { title: 'Curves', body: curves(report, cases, manifest) },
      { title: 'How early', body: early(cases, manifest) },
      { title: 'Ten best cases', body: cards(cases, manifest, 'best') },
      { title: 'Ten worst cases', body: cards(cases, manifest, 'worst') },
      { title: 'Ablations', body: ablations('Networks of set a, judged on set b when the recipe was made.', ['Try', 'Event 1', 'AUROC'], MORTALITY_TRIES) },
      { title: 'Leak checks', body: leakChecks(HOURLY_CHECKS('mortality2012')) },
    ],
  } // biome-ignore format: one figure, one line
}

type Report = MortalityEvaluation['report']

function comparison(report: Report, metrics: MortalityMetrics | undefined): Html {
  const baselines = Object.entries(report.baselines!)
  const rows: Row[] = [
    { part: 'Ours, on these patients' },
    { ours: true, cells: [`Vigil, ${report.model}`, digits(report.event1), range(report.event1Interval!), digits(report.auroc), digits(report.auprc), '', ''] },
    { part: 'Baselines, on these patients' },
    ...baselines.map(([name, it]): Row => ({ cells: [name, digits(it.event1), range(it.event1Interval), digits(it.auroc), digits(it.auprc), range(it.aboveInterval), verdict(it.aboveInterval)] })),
    ...(metrics === undefined ? [] : [
      { part: 'This recipe when it was made: networks of set a, judged on set b, which they had not seen' },
      { cells: ['Vigil, networks of set a', digits(metrics.figures.network.event1), range(metrics.figures.network.interval), digits(metrics.figures.network.auroc), digits(metrics.figures.network.auprc), '', ''] },
    ]),
    { part: 'Published, on set c: not comparable' },
    ...PUBLISHED_MORTALITY.map(({ name, figures }): Row => ({ cells: [name, figures[0], '', figures[1], '', '', ''] })),
  ] // biome-ignore format: one row, one line
  const columns = [
    { title: 'What' },
    { title: 'Event 1', number: true },
    { title: '95 %', number: true },
    { title: 'AUROC', number: true },
    { title: 'AUPRC', number: true },
    { title: 'Ours less theirs, Event 1, 95 %', number: true },
    { title: 'Verdict' },
  ]
  const plotted = [{ name: 'Vigil', tone: 'ours' as const, value: report.event1!, interval: report.event1Interval! }, ...baselines.map(([name, it]) => ({ name: short(name), tone: 'other' as const, value: it.event1, interval: it.event1Interval }))] // biome-ignore format: one line
  return html`${table('Comparison', columns, rows)}
<p class="quiet"><b>Not comparable:</b> the published figures are of set c, whose patients nobody here has; ours is of the patients named below.</p>
<p class="quiet">The clock alone says nothing here: everybody is asked at hour 48. Charts of the vital signs count at their worst hour. What learns, and every level from which death is predicted, comes from four fifths of these same patients and is judged on the fifth, five times over.</p>
${intervalPlot({ title: 'Event 1, with 95 % intervals', about: 'the lesser of sensitivity and positive predictivity', told: plotted.map(({ name, value }) => `${name} ${digits(value)}`).join(', ') }, { label: 'Event 1', from: 0, to: Math.max(0.6, ...plotted.map(({ interval }) => interval[1])) }, plotted)}`
} // biome-ignore format: one plot, one line

const levelOf = ({ outcome }: ClassifierManifest): number =>
  sigmoid(outcome.slope * outcome.threshold + outcome.intercept)

function curves(report: Report, cases: readonly MortalityCase[], manifest: ClassifierManifest): Html {
  const died = Uint8Array.from(cases, (it) => it.died)
  const of = curvePoints(
    Float64Array.from(cases, (it) => it.probability),
    died,
  )
  const level = levelOf(manifest)
  const x = { from: 0, to: 1 }
  return html`<div class="plots">
${linePlot({ title: 'ROC', about: 'patients who died against all others', told: `Area ${digits(report.auroc)}`, x: { label: 'false positive rate', ...x }, y: { label: 'sensitivity', ...x }, lines: [
  { name: 'Vigil', tone: 'ours', x: [0, ...of.falsePositiveRate], y: [0, ...of.recall] },
  { name: 'by chance', tone: 'quiet', dashed: true, x: [0, 1], y: [0, 1] },
] })}
${linePlot({ title: 'Precision by recall', about: 'of those named, the share that died', told: `Area ${digits(report.auprc)}`, x: { label: 'recall', ...x }, y: { label: 'precision', ...x }, lines: [
  { name: 'Vigil', tone: 'ours', x: of.recall, y: of.precision },
  { name: 'by chance', tone: 'quiet', dashed: true, x: [0, 1], y: [report.deaths! / report.patients, report.deaths! / report.patients] },
] })}
${calibrationPlot(report.calibration!)}
${linePlot({ title: 'Event 1 by threshold', about: 'the lesser of the two is what counts', told: `As shipped, death is predicted from ${digits(level)} on`, x: { label: 'probability from which death is predicted', ...x }, y: { label: 'share', ...x }, upright: { at: level, name: 'as shipped' }, lines: [
  { name: 'the lesser: Event 1', tone: 'ours', x: of.threshold, y: of.recall.map((it, i) => Math.min(it, of.precision[i]!)) },
  { name: 'sensitivity', tone: 'third', dashed: true, x: of.threshold, y: of.recall },
  { name: 'positive predictivity', tone: 'fourth', dashed: true, x: of.threshold, y: of.precision },
] })}
</div>` // biome-ignore format: one plot, one line
}

/** From which hour on those who died, and were named at hour 48, stayed above the level. */
function early(cases: readonly MortalityCase[], manifest: ClassifierManifest): Html {
  const level = levelOf(manifest)
  const named = cases.filter(({ died, label }) => died === 1 && label === 1)
  const since = named.map(({ probabilities }) => {
    let hour = probabilities.length
    while (hour > 0 && probabilities[hour - 1]! >= level) hour--
    return hour
  })
  const edges = Array.from({ length: 13 }, (_, i) => i * 4)
  const counts = edges.slice(1).map((to, i) => since.filter((hour) => hour >= edges[i]! && hour < to).length)
  return html`<p>The benchmark asks at hour 48; the state is there at every hour. Of the ${named.length} deaths that were named, half had been above the level without a break since hour ${since.toSorted((a, b) => a - b)[since.length >> 1] ?? 0}.</p>
<div class="plots">${barPlot({ title: 'Named, and above the level ever since', about: 'patients who died, by the hour from which the model did not waver', told: `${named.length} patients` }, { label: 'hour in the unit', from: 0, to: 48 }, edges, [{ name: 'patients', tone: 'ours', counts }], 'patients')}</div>`
} // biome-ignore format: one plot, one line

const SHOWN = 10

/** Deaths foreseen with most certainty, or outcomes that surprised the model most. */
function cards(cases: readonly MortalityCase[], manifest: ClassifierManifest, which: 'best' | 'worst'): Html {
  const given = ({ died, probability }: MortalityCase): number => (died === 1 ? probability : 1 - probability)
  const ranked = which === 'best'
    ? cases.filter(({ died }) => died === 1).toSorted((a, b) => b.probability - a.probability)
    : cases.toSorted((a, b) => given(a) - given(b))
  const about = which === 'best' ? 'Deaths that were foreseen with most certainty.' : 'Outcomes that surprised the model most: what it gave the least probability to.'
  const level = levelOf(manifest)
  return html`<p>${about} Dashed: the level from which death is predicted; triangles: hours above it.</p><div class="cases">${ranked.slice(0, SHOWN).map((it) => {
    const rows = it.probabilities.length
    return hourlyCard('icu-48h', {
      stay: it.stay,
      heading: `Record ${it.stay.name}`,
      about: `${it.died === 1 ? 'died in hospital' : 'left hospital alive'}; probability of death at hour 48: ${percent(it.probability)}`,
      probabilities: it.probabilities,
      threshold: level,
      alarms: Array.from(it.probabilities.keys()).filter((t) => it.probabilities[t]! >= level),
      spans: [],
      marks: [],
      from: 0,
      to: rows,
    })
  })}</div>`
} // biome-ignore format: one card, one call

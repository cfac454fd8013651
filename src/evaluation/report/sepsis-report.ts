import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot, type Line, linePlot } from '../../report/plot.ts'
import { type Row, table } from '../../report/table.ts'
import type { SepsisMetrics } from '../../training/classifier/sepsis-card.ts'
import { faultsInWords } from '../../training/cohorts/stay.ts'
import { sigmoid } from '../../training/head.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import type { CalibrationTenth } from '../metrics/calibration.ts'
import { curvePoints } from '../metrics/curve-points.ts'
import { fallingOrder } from '../metrics/curves.ts'
import { joined } from '../metrics/joined.ts'
import { patientUtility } from '../metrics/sepsis-utility.ts'
import { EARLIEST, LATEST, type LeadTimes, leadTimes } from '../sepsis-lead.ts'
import type { SepsisCase } from '../sepsis-scores.ts'
import { gainOfHours, patientOfHours, utilityByThreshold } from '../sepsis-thresholds.ts'
import type { SepsisEvaluation } from '../sepsis2019.ts'
import { HOURLY_CHECKS, PUBLISHED_SEPSIS, SEPSIS_TRIES } from './known.ts'
import { ablations, acquaintance, digits, leakChecks, madeOf, NOTHING_WRONG, type Provenance, percent, range, range95, unbeaten, verdict } from './parts.ts' // biome-ignore format: one line
import { sepsisCards } from './sepsis-strips.ts'

/** The report of `vigil evaluate sepsis2019`. @param metrics what was measured while the model was made, if it is known */
export function sepsisDocument(
  { report, cases }: SepsisEvaluation,
  manifest: ClassifierManifest,
  metrics: SepsisMetrics | undefined,
  provenance: Provenance,
): ReportDocument {
  const met = acquaintance(report.trainedOnThese, manifest.training.patients)
  const made = madeOf(provenance, [
    ['Split', met.split],
    ['Files', faultsInWords(report.faults) ?? NOTHING_WRONG],
    ['Model', `${report.model}, graph ${manifest.graph.sha256.slice(0, 12)}: ${manifest.graph.members} networks of ${manifest.graph.hidden} ${manifest.graph.cell.toUpperCase()} units, trained on ${manifest.training.data}`],
    ['Scoring', 'PhysioNet/CinC Challenge 2019 (Reyna et al., Crit Care Med 2020): utility by the hour, 0 = silence, 1 = the best possible; intervals: 95 %, patients drawn with replacement'],
  ]) // biome-ignore format: one fact, one line
  const frame = { kind: 'Benchmark report', title: 'Sepsis, hour by hour', made }
  if (!report.labels) {
    return {
      ...frame,
      lead: `${report.patients} patients were scored over ${report.hours} hours; ${report.alarmHours} hours have an alarm.`,
      notices: ['The data has no labels, so there is no figure to report.'],
      headlines: [{ label: 'hours with an alarm', value: percent(report.alarmHours / report.hours) }],
      sections: [{ title: 'Leak checks', body: leakChecks(HOURLY_CHECKS('sepsis2019')) }],
    }
  }
  const lead = leadTimes(cases)
  return {
    ...frame,
    lead: `Of ${report.septicPatients} patients who became septic the model warned ${percent(lead.found / lead.septic, 0)} between 12 hours before and 3 hours after onset, half of them ${lead.median} hours or more before it, at ${digits(lead.falsePerDay, 2)} hours of false alarm a patient-day. It is worth ${digits(report.utility, 3)} of the best possible, the clock alone ${digits(report.clockOnlyUtility, 3)}.`,
    notices: [
      met.notice,
      ...[unbeaten(report.baselines!)].filter((it) => it !== undefined),
    ],
    headlines: [
      { label: 'Utility', value: digits(report.utility), range: range95(report.utilityInterval!) },
      { label: 'Above the clock alone', value: digits(report.utility! - report.clockOnlyUtility!), range: range95(report.aboveClockInterval!) },
      { label: 'AUROC', value: digits(report.auroc), range: range95(report.aurocInterval!) },
      { label: 'AUPRC', value: digits(report.auprc), range: `${range95(report.auprcInterval!)}; by chance ${digits(lead.prevalence)}` },
    ],
    sections: [
      { title: 'Us, baselines, and what others published', body: comparison(report, metrics) },
      { title: 'Curves', body: curves(report.calibration!, cases, manifest) },
      { title: 'How early', body: early(lead) },
      { title: 'Ten best cases', body: sepsisCards(cases, manifest, 'best') },
      { title: 'Ten worst cases', body: sepsisCards(cases, manifest, 'worst') },
      { title: 'Ablations', body: ablations('Measured when the recipe was made, on patients that the network in question had not seen; one network on the first of five parts unless said. That part is the hardest, and its figure moves by .03 from one random stream to another.', ['Try', 'Utility', 'AUROC'], SEPSIS_TRIES) },
      { title: 'Leak checks', body: leakChecks(HOURLY_CHECKS('sepsis2019')) },
    ],
  } // biome-ignore format: one figure, one line
}

type Report = SepsisEvaluation['report']

function comparison(report: Report, metrics: SepsisMetrics | undefined): Html {
  const baselines = Object.entries(report.baselines!)
  const rows: Row[] = [
    { part: 'Ours, on these patients' },
    { ours: true, cells: [`Vigil, ${report.model}`, digits(report.utility), range(report.utilityInterval!), digits(report.auroc), digits(report.auprc), '', ''] },
    { part: 'Baselines, on these patients' },
    ...baselines.map(([name, it]): Row => ({
      cells: [name, digits(it.utility), range(it.utilityInterval), digits(it.auroc), digits(it.auprc), range(it.aboveInterval), verdict(it.aboveInterval)],
    })),
    ...(metrics === undefined ? [] : [
      { part: 'This recipe, cross-validated when it was made: other networks, patients they had not seen' },
      { cells: ['Vigil, networks of the other parts', digits(metrics.crossValidated.network.utility), range(metrics.crossValidated.network.interval), digits(metrics.crossValidated.network.auroc), digits(metrics.crossValidated.network.auprc), '', ''] },
    ]),
    { part: 'Published, on hidden patients of hospital B: not comparable' },
    ...PUBLISHED_SEPSIS.map(({ name, figures }): Row => ({ cells: [name, figures[0], '', figures[1], '', '', ''] })),
  ] // biome-ignore format: one row, one line
  const columns = [
    { title: 'What' },
    { title: 'Utility', number: true },
    { title: '95 %', number: true },
    { title: 'AUROC', number: true },
    { title: 'AUPRC', number: true },
    { title: 'Ours less theirs, utility, 95 %', number: true },
    { title: 'Verdict' },
  ]
  const plotted = [{ name: 'Vigil', tone: 'ours' as const, value: report.utility!, interval: report.utilityInterval! }, ...baselines.map(([name, it]) => ({ name: short(name), tone: 'other' as const, value: it.utility, interval: it.utilityInterval }))] // biome-ignore format: one line
  const most = Math.max(0.45, ...plotted.map(({ interval }) => interval[1]))
  return html`${table('Comparison', columns, rows)}
<p class="quiet"><b>Not comparable:</b> the published figures are of hidden patients of the hospital, by models trained on two hospitals; ours is of the patients named below. Differences between ours and the baselines are paired: the same patients, drawn together.</p>
<p class="quiet">Baselines that learn (AR, PCA, last value, both regressions), and the alarm level of all of them, come from four fifths of these same patients and are judged on the fifth, five times over: they know the hospital, which our model may not. Charts are given the vital signs; no chart knows a laboratory value.</p>
${intervalPlot({ title: 'Utility, with 95 % intervals', about: '0 is silence, 1 the best possible', told: plotted.map(({ name, value }) => `${name} ${digits(value)}`).join(', ') }, { label: 'utility', from: Math.min(-0.05, ...plotted.map(({ interval }) => interval[0])), to: most }, plotted, 0)}`
} // biome-ignore format: one plot, one line

/** A name that fits beside a plot. */
export const short = (name: string): string =>
  name.length > 30 ? name.replace(/ \(.*\)$/, '').replace('logistic regression on the', 'logistic,') : name

function curves(tenths: readonly CalibrationTenth[], cases: readonly SepsisCase[], manifest: ClassifierManifest): Html {
  const labels = cases.map((it) => it.labels)
  const all = joined(labels)
  const scores = joined(cases.map((it) => it.probabilities))
  const clock = joined(cases.map((it) => it.clock))
  const order = fallingOrder(scores)
  const [ours, theirs] = [curvePoints(scores, all, order), curvePoints(clock, all)]
  const best = cases.reduce((sum, it) => sum + patientUtility(it.labels, it.labels).best, 0)
  const by = utilityByThreshold(scores, { order, patientOf: patientOfHours(labels), gain: gainOfHours(labels) }, best)
  const level = sigmoid(manifest.outcome.slope * manifest.outcome.threshold + manifest.outcome.intercept)
  const from0 = (x: Float64Array, y: Float64Array): Pick<Line, 'x' | 'y'> => ({ x: [0, ...x], y: [0, ...y] })
  const loosest = Math.min(by.threshold[0]!, Math.max(level * 4, 0.2))
  return html`<div class="plots">
${linePlot({ title: 'ROC', about: 'hours labelled septic against all others', told: `Area ${digits(areaOf(ours.falsePositiveRate, ours.recall))}`, x: { label: 'false positive rate', from: 0, to: 1 }, y: { label: 'sensitivity', from: 0, to: 1 }, lines: [
  { name: 'Vigil', tone: 'ours', ...from0(ours.falsePositiveRate, ours.recall) },
  { name: 'clock only', tone: 'other', ...from0(theirs.falsePositiveRate, theirs.recall) },
  { name: 'by chance', tone: 'quiet', dashed: true, x: [0, 1], y: [0, 1] },
] })}
${linePlot({ title: 'Precision by recall', about: 'of alarmed hours, the share labelled septic', told: 'Precision falls as recall rises', x: { label: 'recall', from: 0, to: 1 }, y: { label: 'precision', from: 0, to: Math.min(1, Math.max(0.2, ...ours.precision.slice(8)) * 1.05) }, lines: [
  { name: 'Vigil', tone: 'ours', x: ours.recall.slice(8), y: ours.precision.slice(8) },
  { name: 'clock only', tone: 'other', x: theirs.recall, y: theirs.precision, dots: true },
] })}
${calibrationPlot(tenths)}
${linePlot({ title: 'Utility by threshold', about: 'what alarms from a probability on would have earned', told: `The model alarms from ${digits(level)} on`, x: { label: 'probability from which an alarm is raised', from: 0, to: loosest }, y: { label: 'utility', from: -0.4, to: Math.max(0.5, 1.15 * Math.max(...by.utility)) }, upright: { at: level, name: 'as shipped' }, lines: [
  { name: '', tone: 'ours', x: by.threshold, y: by.utility.map((it, i) => (it < -0.4 || by.threshold[i]! > loosest ? Number.NaN : it)) },
  { name: '', tone: 'quiet', x: [0, loosest], y: [0, 0] },
] })}
</div>` // biome-ignore format: one plot, one line
}

function areaOf(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += ((x[i]! - (x[i - 1] ?? 0)) * (y[i]! + (y[i - 1] ?? 0))) / 2
  return sum
}

/** What was promised and what came, by tenths of the predictions. */
export function calibrationPlot(tenths: readonly CalibrationTenth[]): Html {
  const most = Math.max(...tenths.flatMap(({ predicted, observed }) => [predicted, observed])) * 1.08
  return linePlot({
    title: 'Calibration',
    about: 'by tenths of the predictions: the nearer to the diagonal, the truer',
    told: tenths.map(({ predicted, observed }) => `predicted ${digits(predicted)}, observed ${digits(observed)}`).join('; '),
    x: { label: 'predicted probability, mean of the tenth', from: 0, to: most },
    y: { label: 'share that came true', from: 0, to: most },
    lines: [
      { name: 'Vigil', tone: 'ours', x: tenths.map((it) => it.predicted), y: tenths.map((it) => it.observed), dots: true },
      { name: 'as promised', tone: 'quiet', dashed: true, x: [0, most], y: [0, most] },
    ],
  }) // biome-ignore format: one line, one line
}

function early({ septic, found, leads, falsePerDay, ppv }: LeadTimes): Html {
  const edges = Array.from({ length: EARLIEST + LATEST + 2 }, (_, i) => i - LATEST - 0.5)
  const counts = edges.slice(1).map((_, i) => leads.filter((lead) => lead === i - LATEST).length)
  return html`<div class="plots">${barPlot({ title: 'First alarm before onset', about: `of ${found} septic patients warned in time; ${septic - found} were not`, told: `${found} of ${septic} warned` }, { label: 'hours before onset (after it: below 0)', from: -LATEST - 0.5, to: EARLIEST + 0.5 }, edges, [{ name: 'patients', tone: 'ours', counts }], 'patients')}
<div>${table('Alarms', [{ title: 'Of the alarms' }, { title: 'Value', number: true }], [
  { cells: ['septic patients warned between 12 h before and 3 h after onset', `${found} of ${septic}`] },
  { cells: ['warned 6 hours or more before onset', String(leads.filter((lead) => lead >= 6).length)] },
  { cells: ['hours of false alarm, a patient-day', digits(falsePerDay, 2)] },
  { cells: ['share of alarmed hours that are labelled septic', percent(ppv)] },
])}<p class="quiet">The onset is the first labelled hour plus six, as the benchmark counts. An alarm 12 hours before the onset may already stand at admission: stays shorter than that before the onset cannot be warned earlier.</p></div></div>`
} // biome-ignore format: one figure, one line

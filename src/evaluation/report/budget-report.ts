import { poissonInterval } from '../../alerts/alarm-rate.ts'
import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot } from '../../report/plot.ts'
import { table } from '../../report/table.ts'
import type { ModelManifest } from '../../vitals/manifest.ts'
import type { BudgetEvaluation, BudgetResult } from '../budget/evaluate.ts'
import { bedCard } from './bed-card.ts'
import { WARD_CHECKS } from './known.ts'
import { digits, leakChecks, madeOf, type Provenance, range } from './parts.ts'

const SHOWN = 10
const MINUTE = 60_000

/** The report of `vigil evaluate budget`. */
export function budgetDocument({ result, minutes, advisories }: BudgetEvaluation, manifest: ModelManifest, provenance: Provenance): ReportDocument {
  const byBed = new Map<string, number[]>(minutes.patients.map((patient) => [patient, []]))
  for (const { subject, times } of advisories) byBed.get(subject.patientKey)?.push((times.detected - minutes.start) / MINUTE)
  const ranked = [...byBed].sort(([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1))
  const quiet = ranked.filter(([, of]) => of.length === 0).length
  const card = ([patient, alarms]: [string, number[]]): Html => bedCard(minutes, { patient, heading: `Bed ${patient}`, about: `${alarms.length} advisories`, from: 0, to: minutes.minutes, alarms })
  const [low, high] = result.interval
  const kept = result.budget >= low && result.budget <= high
  return {
    kind: 'Benchmark report',
    title: 'An alarm budget, kept or not',
    lead: `A threshold set on one simulated ward for ${result.budget} advisories a patient-day gives ${digits(result.realised, 2)} on another with other patients: the budget is ${kept ? 'within' : 'outside'} the interval. ${quiet} of ${ranked.length} patients have none at all.`,
    notices: ['A simulated ward: a real one must set its threshold from its own recordings (vigil calibrate). There is no label here, hence no curve; whether advisories are right is what evaluate faults and evaluate ward ask.'],
    headlines: [
      { label: 'Advisories, a patient-day', value: digits(result.realised, 2), range: `95 % ${range(result.interval, 2)}` },
      { label: 'Budget', value: digits(result.budget, 2), range: kept ? 'within the interval' : 'outside of the interval' },
      { label: 'That call somebody', value: digits(result.realisedCalls, 2), range: 'a patient-day, after silencing' },
      { label: 'Patient-days', value: digits(result.patientDays, 1) },
    ],
    sections: [
      { title: 'Beside what rings already', body: beside(result) },
      { title: 'Who has them', body: spread(ranked.map(([, of]) => of.length)) },
      { title: 'The ten beds with most', body: html`<p>Triangles: advisories.</p><div class="cases">${ranked.slice(0, SHOWN).map(card)}</div>` },
      { title: 'Ten beds with fewest', body: html`<div class="cases">${ranked.toReversed().slice(0, SHOWN).map(card)}</div>` },
      { title: 'Leak checks', body: leakChecks(WARD_CHECKS) },
    ],
    made: madeOf(provenance, [
      ['Split', `threshold from ${result.calibratedOn.patients} patients (settings: ${result.calibratedOn.setting}, seed ${result.calibratedOn.seed}), realised on ${result.realisedOn.patients} others in the settings for evaluation`],
      ['Model', `${result.model}, graph ${manifest.graph.sha256.slice(0, 12)}, q ${result.q.toExponential(2)}`],
      ['Scoring', 'advisories that start, a patient-day; interval: 95 %, Byar\u2019s approximation to the exact Poisson limits'],
    ]),
  }
} // biome-ignore format: one figure, one line

/** The rates of what the same ward rings with besides: fixed limits and technical alerts, which no budget changes. */
function beside({ realisedOn, patientDays, budget }: BudgetResult): Html {
  const per = (count: number) => count / patientDays
  const of = (count: number): readonly [number, number] => poissonInterval(count).map(per) as [number, number]
  const kinds = [
    { name: 'our advisories', tone: 'ours' as const, count: realisedOn.advisories },
    { name: 'fixed limits, as shipped', tone: 'other' as const, count: realisedOn.limitAlarms },
    { name: 'technical alerts', tone: 'other' as const, count: realisedOn.technical },
  ]
  const plotted = kinds.map(({ name, tone, count }) => ({ name, tone, value: per(count), interval: of(count) }))
  const rows = kinds.map(({ name, tone, count }) => ({ ours: tone === 'ours', cells: [name, count, digits(per(count), 2), range(of(count), 2)] })) // biome-ignore format: one line
  const columns = [{ title: 'What' }, { title: 'Started', number: true }, { title: 'A patient-day', number: true }, { title: '95 %', number: true }] // biome-ignore format: one line
  return html`${table('Rates', columns, rows)}<p class="quiet">Other baselines do not apply: a budget says how often, not whether rightly; any detector can be brought to any rate.</p>
${intervalPlot({ title: 'A patient-day, with 95 % intervals', about: 'the upright line is the budget', told: plotted.map(({ name, value }) => `${name} ${digits(value, 2)}`).join(', ') }, { label: 'started, a patient-day', from: 0, to: Math.max(2 * budget, ...plotted.map(({ interval }) => interval[1])) }, plotted, budget)}` // biome-ignore format: one plot, one line
}

function spread(counts: readonly number[]): Html {
  const most = Math.min(20, Math.max(4, ...counts))
  const edges = Array.from({ length: most + 2 }, (_, i) => i - 0.5)
  const bars = edges.slice(1).map((_, i) => counts.filter((count) => (i === most ? count >= most : count === i)).length)
  return html`<div class="plots">${barPlot({ title: 'Patients by their number of advisories', about: 'a budget is a mean: most have few, a few have most', told: `${counts.length} patients` }, { label: `advisories${most === 20 ? ' (20: or more)' : ''}`, from: -0.5, to: most + 0.5 }, edges, [{ name: 'patients', tone: 'ours', counts: bars }], 'patients')}</div>` // biome-ignore format: one line
}

import type { ReportDocument } from '../../report/document.ts'
import { type Html, html } from '../../report/html.ts'
import { barPlot, intervalPlot } from '../../report/plot.ts'
import { type Row, table } from '../../report/table.ts'
import type { ModelManifest } from '../../vitals/manifest.ts'
import { differenceOf, type Interval, middleOf, patientDraws } from '../metrics/bootstrap.ts'
import type { FoundEpisode, WardEvaluation, WardResult } from '../ward/evaluate.ts'
import { bedCard } from './bed-card.ts'
import { WARD_CHECKS } from './known.ts'
import { digits, leakChecks, madeOf, type Provenance, percent, range, unbeaten, verdict } from './parts.ts'

const SHOWN = 10
const MINUTE = 60_000

const NAMES: Readonly<Record<string, string>> = {
  vigil: 'Vigil', advisories: 'its advisories alone', limits: 'fixed limits, widened', news2: 'NEWS2', clock: 'clock only', 'last-value': 'last value (an hour ago)',
  ewma: 'EWMA chart', 'robust-z': 'robust z, anomaly likelihood', pca: 'PCA', ar: 'autoregression',
} // biome-ignore format: a list
const nameOf = (detector: string): string => NAMES[detector] ?? detector

/** The report of `vigil evaluate ward`. */
export function wardDocument({ result, episodes, minutes }: WardEvaluation, manifest: ModelManifest, provenance: Provenance): ReportDocument {
  const kinds = Object.keys(result.detectors['vigil']!.lead)
  const early = episodes.filter(({ episode }) => kinds.includes(episode.kind))
  const found = compared(early, Object.keys(result.detectors))
  const ours = found['vigil']!
  const paired = Object.fromEntries(Object.entries(found).filter(([name]) => name !== 'vigil').map(([name, it]) => [nameOf(name), { aboveInterval: it.above }]))
  const leads = early.flatMap(({ episode, first }) => (first['vigil'] === undefined ? [] : [(episode.to - first['vigil']) / MINUTE])).sort((a, b) => a - b)
  const ranked = early.toSorted((a, b) => leadOf(b) - leadOf(a) || a.episode.from - b.episode.from)
  return {
    kind: 'Benchmark report',
    title: 'How early a simulated ward is warned',
    lead: `${early.length} patients of a simulated ward become septic, bleed or stop breathing. At ${result.budget} alarm${result.budget === 1 ? '' : 's'} a patient-day in a calm ward Vigil warns of ${percent(ours.share, 0)} of them before it is over, half of those ${digits(leads[leads.length >> 1] ?? Number.NaN, 0)} minutes or more before the worst.`,
    notices: [
      'A simulated ward is no hospital: what is scripted is found more easily than what happens. At one alarm a patient-day an episode of six hours has one by chance in one of four cases: compare the rows, not the figures alone.',
      ...[unbeaten(paired)].filter((it) => it !== undefined),
    ],
    headlines: [
      { label: 'Episodes warned of', value: percent(ours.share, 0), range: `95 % ${range(scaled(ours.interval), 0)} %` },
      ...kinds.map((kind) => ({ label: capital(kind), value: percent(result.detectors['vigil']!.lead[kind]!.found, 0), range: `of ${result.detectors['vigil']!.lead[kind]!.episodes}` })),
    ],
    sections: [
      { title: 'Us and baselines', body: comparison(result, found) },
      { title: 'How early', body: howEarly(result, early, kinds) },
      { title: 'What it was, and what was said', body: said(result) },
      { title: 'Ten best cases', body: html`<p>Warned of longest before the worst. Shaded: the episode; triangles: its first alarm.</p><div class="cases">${ranked.slice(0, SHOWN).map((it) => cardOf(it, minutes))}</div>` },
      { title: 'Ten worst cases', body: html`<p>Not warned of at all, or latest.</p><div class="cases">${ranked.toReversed().slice(0, SHOWN).map((it) => cardOf(it, minutes))}</div>` },
      { title: 'Leak checks', body: leakChecks(WARD_CHECKS) },
    ],
    made: madeOf(provenance, [
      ['Split', 'every detector takes its threshold from a calm ward of other patients; the settings for evaluation are none that anything was trained on'],
      ['Model', `${result.model}, graph ${manifest.graph.sha256.slice(0, 12)}, ${result.detectors['vigil']!.setting}`],
      ['Scoring', 'warned = a first alarm between onset and end; intervals: 95 %, episodes drawn with replacement'],
    ]),
  }
} // biome-ignore format: one figure, one line

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)
const scaled = ([low, high]: Interval): Interval => [100 * low, 100 * high]
/** ms from the first alarm to the end; below nothing where there was none */
const leadOf = ({ episode, first }: FoundEpisode): number =>
  first['vigil'] === undefined ? -1 : episode.to - first['vigil']

interface Share {
  readonly share: number
  readonly interval: Interval
  /** ours less theirs, the same episodes drawn */
  readonly above: Interval
}

function compared(episodes: readonly FoundEpisode[], detectors: readonly string[]): Record<string, Share> {
  const draws = (detector: string) =>
    patientDraws(episodes.length, (times) => {
      let [hits, all] = [0, 0]
      episodes.forEach(({ first }, i) => {
        all += times[i]!
        if (first[detector] !== undefined) hits += times[i]!
      })
      return hits / all
    })
  const ours = draws('vigil')
  return Object.fromEntries(
    detectors.map((detector) => {
      const theirs = draws(detector)
      const share = episodes.filter(({ first }) => first[detector] !== undefined).length / Math.max(1, episodes.length)
      return [detector, { share, interval: middleOf(theirs), above: differenceOf(ours, theirs) }]
    }),
  )
}

function comparison({ detectors }: WardResult, found: Record<string, Share>): Html {
  const rows = Object.entries(detectors).map(([name, { setting, otherAlarmsPerPatientDay }]): Row => {
    const { share, interval, above } = found[name]!
    const ours = name === 'vigil'
    return { ours, cells: [nameOf(name), percent(share, 0), range(scaled(interval), 0), digits(otherAlarmsPerPatientDay, 2), ours ? '' : range(scaled(above), 0), ours ? '' : verdict(above), setting] }
  }) // biome-ignore format: one row
  const columns = [{ title: 'What' }, { title: 'Warned of', number: true }, { title: '95 %', number: true }, { title: 'Other alarms, a patient-day', number: true }, { title: 'Ours less theirs, 95 %', number: true }, { title: 'Verdict' }, { title: 'Threshold' }] // biome-ignore format: one line
  const plotted = Object.keys(detectors).map((name) => ({ name: nameOf(name), tone: name === 'vigil' ? ('ours' as const) : ('other' as const), value: 100 * found[name]!.share, interval: scaled(found[name]!.interval) })) // biome-ignore format: one line
  return html`${table('Comparison', columns, rows)}
<p class="quiet"><b>Not comparable with published figures:</b> the ward is ours. Charts are given one-minute means of heart rate, pulse, saturation and respiration; logistic regression does not apply, nothing here is labelled to learn from. NEWS2 knows whole points only and stands at the level nearest to the budget.</p>
${intervalPlot({ title: 'Episodes warned of, with 95 % intervals', about: 'every detector at the same alarms in a calm ward', told: plotted.map(({ name, value }) => `${name} ${digits(value, 0)} %`).join(', ') }, { label: 'episodes warned of, %', from: 0, to: 100 }, plotted)}` // biome-ignore format: one plot, one line
}

function howEarly({ detectors }: WardResult, early: readonly FoundEpisode[], kinds: readonly string[]): Html {
  const rows = kinds.flatMap((kind): Row[] => [
    { part: capital(kind) },
    ...Object.entries(detectors).map(([name, { lead }]): Row => {
      const { episodes, found, medianDelayMinutes, medianLeadMinutes } = lead[kind]!
      return { ours: name === 'vigil', cells: [nameOf(name), `${Math.round(found * episodes)} of ${episodes}`, digits(medianDelayMinutes, 1), digits(medianLeadMinutes, 1)] }
    }),
  ]) // biome-ignore format: one row
  const longest = Math.max(60, ...early.map(({ episode }) => (episode.to - episode.from) / MINUTE))
  const edges = Array.from({ length: 13 }, (_, i) => (i * longest) / 12)
  const tones = { vigil: 'ours', limits: 'other', news2: 'third' } as const
  const bars = (['vigil', 'limits', 'news2'] as const).map((name) => {
    const leads = early.flatMap(({ episode, first }) => (first[name] === undefined ? [] : [(episode.to - first[name]) / MINUTE]))
    return { name: nameOf(name), tone: tones[name], counts: edges.slice(1).map((to, i) => leads.filter((lead) => lead >= edges[i]! && lead < to + (i === 11 ? 1 : 0)).length) }
  }) // biome-ignore format: one line
  return html`<div class="plots">${barPlot({ title: 'From the first alarm to the worst', about: 'all three kinds together: the more to the right, the earlier', told: 'by detector' }, { label: 'minutes before the end', from: 0, to: longest }, edges, bars, 'episodes')}</div>
${table('Lead times', [{ title: 'What' }, { title: 'Warned of', number: true }, { title: 'Minutes after onset, middle', number: true }, { title: 'Minutes before the worst, middle', number: true }], rows)}` // biome-ignore format: one plot, one line
}

function said({ confusion, byKind }: WardResult): Html {
  const rows: Row[] = [
    ...Object.entries(confusion).map(([kind, it]): Row => ({ cells: [`all ${kind}`, it.physiological, it.technical, it.nothing] })),
    { part: 'By kind' },
    ...Object.entries(byKind).map(([kind, it]): Row => ({ cells: [kind, it.physiological, it.technical, it.nothing] })),
  ] // biome-ignore format: one row
  return html`<p>What the first of our own alerts in an episode, or within a minute after it, said it was.</p>${table('What was said', [{ title: 'It was' }, { title: 'said physiological', number: true }, { title: 'said technical', number: true }, { title: 'nothing said', number: true }], rows)}` // biome-ignore format: one line
}

function cardOf({ episode, first }: FoundEpisode, minutes: WardEvaluation['minutes']): Html {
  const at = (time: number): number => (time - minutes.start) / MINUTE
  const alarm = first['vigil']
  const others = Object.entries(first).filter(([name, time]) => name !== 'vigil' && time !== undefined).map(([name]) => nameOf(name)) // biome-ignore format: one line
  const about = `${alarm === undefined ? 'nothing said' : `warned ${digits((alarm - episode.from) / MINUTE, 0)} min after onset, ${digits((episode.to - alarm) / MINUTE, 0)} before its end`}; ${others.length === 0 ? 'no baseline warned' : `warned as well: ${others.join(', ')}`}`
  return bedCard(minutes, {
    patient: episode.patient,
    heading: `${capital(episode.kind)}, ${episode.patient}`,
    about,
    from: Math.max(0, at(episode.from) - 90),
    to: Math.min(minutes.minutes, at(episode.to) + 60),
    span: { from: at(episode.from), to: at(episode.to) },
    alarms: alarm === undefined ? [] : [at(alarm)],
  })
}

import { type Html, html } from '../../report/html.ts'
import { sigmoid } from '../../training/head.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { onsetOf, patientUtility } from '../metrics/sepsis-utility.ts'
import type { SepsisCase } from '../sepsis-scores.ts'
import { hourlyCard } from './hourly-cases.ts'
import { digits } from './parts.ts'

const SHOWN = 10
/** hours of a strip: what a card is wide enough for */
const LONGEST = 60

/**
 * The patients whose alarms earned most above silence, or fell farthest below the best that could be earned. Of those that
 * are equal the one whose probability was the furthest on the wrong side comes first.
 */
export function sepsisCards(cases: readonly SepsisCase[], manifest: ClassifierManifest, which: 'best' | 'worst'): Html {
  const ranked = cases
    .map((it) => ({ it, ...patientUtility(it.labels, it.fired), doubt: mean(it.probabilities) }))
    .map((row) => ({ ...row, lost: row.best - row.earned }))
    .sort((a, b) => (which === 'best' ? b.earned - a.earned || b.doubt - a.doubt : b.lost - a.lost || a.doubt - b.doubt))
    .slice(0, SHOWN)
  const about =
    which === 'best'
      ? 'Patients whose alarms earned most above silence.'
      : 'Patients whose alarms, or whose silence, cost most against the best that could have been done.'
  return html`<p>${about} Shaded green: where an alarm earns, 12 hours before to 3 hours after onset. Triangles: hours with an alarm. Dashed: the level of alarm.</p>
<div class="cases">${ranked.map(({ it, earned, best }) => cardOf(it, manifest, earned, best))}</div>`
} // biome-ignore format: the order

function cardOf(it: SepsisCase, manifest: ClassifierManifest, earned: number, best: number): Html {
  const { stay, labels, fired, probabilities } = it
  const onset = onsetOf(labels)
  const hours = labels.length
  const last = onset === undefined ? Math.min(hours, LONGEST) : Math.min(hours, Math.max(onset + 8, LONGEST))
  const first = Math.max(0, last - LONGEST)
  const alarms = Array.from(fired.keys()).filter((t) => fired[t] === 1)
  const warned = onset === undefined ? undefined : alarms.find((t) => t >= onset - 12 && t <= onset + 3)
  const said =
    onset === undefined
      ? `never septic; ${alarms.length} of ${hours} hours with an alarm`
      : warned === undefined
        ? `onset at hour ${onset + 1}; no alarm from 12 hours before to 3 hours after`
        : `onset at hour ${onset + 1}; first alarm ${Math.abs(onset - warned)} h ${warned > onset ? 'after' : 'before'} it`
  return hourlyCard('sepsis-hour', {
    stay,
    heading: `Record ${stay.name}`,
    about: `${said}. Earned ${digits(earned, 1)} of ${digits(best, 1)}.`,
    probabilities,
    threshold: sigmoid(manifest.outcome.slope * manifest.outcome.threshold + manifest.outcome.intercept),
    alarms: alarms.filter((t) => t >= first && t < last),
    spans: onset === undefined ? [] : [{ from: onset - 12 + 1, to: onset + 3 + 1, tone: 'good' }],
    marks: onset === undefined ? [] : [{ at: onset + 1, name: 'onset' }],
    from: first,
    to: last,
  })
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length

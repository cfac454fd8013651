import { type Html, html, type Part } from '../../report/html.ts'
import { type Row, table } from '../../report/table.ts'
import { VERSION } from '../../version.ts'
import type { Interval } from '../metrics/bootstrap.ts'

/** How a report came to be. */
export interface Provenance {
  /** the command line, as it can be run again */
  readonly command: string
  readonly data: string
  readonly date: Date
  /** wall time of the evaluation */
  readonly seconds: number
}

/** `0.390`; three digits of everything between -1 and 1. */
export const digits = (value: number | null, count = 3): string =>
  value === null || Number.isNaN(value) ? '–' : value.toFixed(count).replace('-', '\u2212')

/** `0.363 to 0.418` */
export const range = ([low, high]: Interval, count = 3): string => `${digits(low, count)} to ${digits(high, count)}`

/** `95 % 0.363 to 0.418` */
export const range95 = (interval: Interval, count = 3): string => `95 % ${range(interval, count)}`

export const percent = (share: number, count = 1): string => `${(100 * share).toFixed(count)} %`

/** What a paired interval of ours less theirs says, in words and in colour. */
export function verdict([low, high]: Interval): Html {
  if (low > 0) return html`<span class="good">ours is better</span>`
  if (high < 0) return html`<span class="bad">ours is worse</span>`
  return html`<span class="even">no difference shown</span>`
}

/** Those baselines that ours does not beat, in a sentence; undefined where it beats all. */
export function unbeaten(
  baselines: Readonly<Record<string, { readonly aboveInterval: Interval }>>,
): string | undefined {
  const names = Object.entries(baselines).filter(([, { aboveInterval: [low] }]) => !(low > 0)).map(([name]) => name) // biome-ignore format: one line
  if (names.length === 0) return undefined
  return `The model is not shown to beat ${names.join(', ')}: the paired interval does not lie above nothing.`
}

/** What must be said of patients and a model that may have met before. */
export function acquaintance(
  trainedOnThese: boolean,
  patients: number,
): { readonly split: string; readonly notice: string } {
  if (trainedOnThese)
    return {
      split: `none: these are the very ${patients} patients that the model was trained on`,
      notice:
        'The model has seen these patients: they are all of its training data. Nothing below is a test of it; the figures measured when it was made, in the table, are.',
    }
  return {
    split: 'as the data folder has it: not the whole set that the model was trained on',
    notice: `Whether some of these patients are among the ${patients} that the model was trained on cannot be told from the files: this is a test only where they are others.`,
  }
}

export interface LeakCheck {
  readonly law: string
  readonly test: string
}

/** The laws that a figure rests on, each with the test that holds it. */
export function leakChecks(checks: readonly LeakCheck[]): Html {
  const rows = checks.map(({ law, test }): Row => ({ cells: [law, html`<code>${test}</code>`] }))
  return html`<p>Each of these is a test that fails when it is broken; <code>npm test</code> runs them all.</p>
${table('Leak checks', [{ title: 'What is held' }, { title: 'Where it is tested' }], rows)}`
}

/** Tries and what they gave. */
export function ablations(
  about: string,
  columns: readonly string[],
  rows: readonly (readonly [string, ...string[]])[],
): Html {
  const titles = columns.map((title, i) => ({ title, number: i > 0 }))
  return html`<p>${about}</p>${table(
    'Ablations',
    titles,
    rows.map((cells) => ({ cells })),
  )}`
}

export function madeOf(
  { command, data, date, seconds }: Provenance,
  more: readonly (readonly [string, Part])[],
): (readonly [string, Part])[] {
  return [
    ['Command', html`<code>${command}</code>`],
    ['Data', data],
    ...more,
    ['Vigil', VERSION],
    ['Made', html`<time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>, in ${seconds.toFixed(0)} s`],
  ] // biome-ignore format: one fact, one line
}

/** What was wrong with the data files, or that nothing was. */
export const NOTHING_WRONG = 'nothing was left out, no value was unreadable'

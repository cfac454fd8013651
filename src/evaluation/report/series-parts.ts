import { type Html, html } from '../../report/html.ts'
import type { IntervalRow } from '../../report/plot.ts'
import { type Row, table } from '../../report/table.ts'
import type { Interval } from '../metrics/bootstrap.ts'
import type { Published } from './known.ts'
import { range, verdict } from './parts.ts'

/** What both benchmarks of single series compare. */
export interface SeriesComparison {
  readonly columns: readonly string[]
  /** figures of ours, one a column */
  readonly ours: readonly string[]
  readonly baselines: readonly {
    readonly name: string
    readonly figures: readonly string[]
    readonly above: Interval
  }[]
  readonly publishedOn: string
  readonly published: readonly Published[]
  /** digits of an interval */
  readonly digits: number
}

/** Us, baselines with their paired intervals, and what others published. */
export function seriesTable({ columns, ours, baselines, publishedOn, published, digits }: SeriesComparison): Html {
  const padded = (figures: readonly string[]): string[] => columns.map((_, i) => figures[i] ?? '')
  const rows: Row[] = [
    { ours: true, cells: ['Vigil', ...padded(ours), '', ''] },
    { part: 'Baselines, on the same series' },
    ...baselines.map(
      ({ name, figures, above }): Row => ({ cells: [name, ...padded(figures), range(above, digits), verdict(above)] }),
    ),
    { part: publishedOn },
    ...published.map(({ name, figures }): Row => ({ cells: [name, ...padded(figures), '', ''] })),
  ]
  return html`${table(
    'Comparison',
    [
      { title: 'What' },
      ...columns.map((title) => ({ title, number: true })),
      { title: 'Ours less theirs, 95 %', number: true },
      { title: 'Verdict' },
    ],
    rows,
  )}`
}

/** Ours less theirs as dots and bars. */
export const differences = (
  baselines: readonly { readonly name: string; readonly less: number; readonly above: Interval }[],
): IntervalRow[] =>
  baselines.map(({ name, less, above: [low, high] }) => ({
    name: name.length > 32 ? `${name.slice(0, 31)}…` : name,
    tone: low > 0 ? 'good' : high < 0 ? 'bad' : 'quiet',
    value: less,
    interval: [low, high],
  }))

import { type Html, html } from './html.ts'
import type { Tone } from './plot.ts'
import { axisTicks, pathOf, scaleOf, tickText } from './scale.ts'

/** One channel of a case over its time. */
export interface StripRow {
  readonly name: string
  readonly unit?: string
  readonly tone: Tone
  /** [N] each; a NaN ends a piece */
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  /** dots where values are far apart */
  readonly dots?: boolean
  /** a level line, as a threshold */
  readonly level?: number
  /** range drawn; that of the values unless given */
  readonly range?: readonly [low: number, high: number]
}

/** A span of time that is shaded behind every row. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly tone: 'ours' | 'bad' | 'good' | 'warn'
}

export interface Strip {
  readonly from: number
  readonly to: number
  readonly text?: (value: number) => string
  readonly label: string
  readonly rows: readonly StripRow[]
  readonly spans?: readonly Span[]
  /** moments at which an alarm was raised: triangles on the time axis */
  readonly alarms?: readonly number[]
  /** upright line with a name */
  readonly marks?: readonly { readonly at: number; readonly name: string }[]
  /** for who cannot see it */
  readonly told: string
}

const WIDTH = 520
const [LEFT, RIGHT, TOP, ROW, BELOW] = [92, 40, 14, 44, 36]

/** Channels of one case under each other over one time axis. */
export function strip({ from, to, text = tickText, label, rows, spans = [], alarms = [], marks = [], told }: Strip): Html {
  const px = scaleOf(from, to, LEFT, WIDTH - RIGHT)
  const within = (value: number): number => px(Math.max(from, Math.min(to, value)))
  const down = rows.length * ROW
  const base = TOP + down
  return html`<svg viewBox="0 0 ${WIDTH} ${base + BELOW}" role="img" aria-label="${told}">
${spans.filter((span) => span.to > from && span.from < to).map((span) => html`<rect class="soft-${span.tone}" x="${within(span.from)}" y="${TOP}" width="${Math.max(1, Math.round((within(span.to) - within(span.from)) * 10) / 10)}" height="${down}"/>`)}
${rows.map((row, i) => stripRow(row, TOP + i * ROW, px))}
${marks.filter(({ at }) => at >= from && at <= to).map(({ at, name }) => html`<path class="line thin dashed s-bad" d="M${px(at)} ${TOP}v${down}"/><text x="${px(at)}" y="${TOP - 3}" text-anchor="middle" class="bad">${name}</text>`)}
<path class="axis" d="M${LEFT} ${base}H${WIDTH - RIGHT}"/>
${alarms.filter((at) => at >= from && at <= to).map((at) => html`<path class="f-ours" d="M${px(at)} ${base - 8}l4 8h-8z"/>`)}
${axisTicks(from, to, 6).map((tick) => html`<text x="${px(tick)}" y="${base + 15}" text-anchor="middle">${text(tick)}</text>`)}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${base + 31}" text-anchor="middle">${label}</text></svg>`
} // biome-ignore format: one mark, one line

function stripRow({ name, unit, tone, x, y, dots, level, range }: StripRow, top: number, px: (value: number) => number): Html {
  const known = Array.from(y).filter(Number.isFinite)
  const [low, high] = range ?? (known.length === 0 ? [0, 1] : [Math.min(...known), Math.max(...known)])
  const py = scaleOf(low, high > low ? high : low + 1, top + ROW - 7, top + 6)
  const clipped = Float64Array.from(y, (value) => (value > high ? high : value < low ? low : value))
  const at = Array.from({ length: x.length }, (_, i) => i).filter((i) => Number.isFinite(y[i]!))
  return html`<path class="grid" d="M${LEFT} ${top + ROW}H${WIDTH - RIGHT}"/>
<text x="0" y="${top + 19}" class="ink">${name}</text><text x="0" y="${top + 33}">${unit}</text>
${known.length > 0 && html`<text x="${WIDTH - RIGHT + 4}" y="${top + 13}">${short(high)}</text>${high > low && html`<text x="${WIDTH - RIGHT + 4}" y="${top + ROW - 4}">${short(low)}</text>`}`}
${level !== undefined && level >= low && level <= high && html`<path class="line thin dashed s-quiet" d="M${LEFT} ${py(level)}H${WIDTH - RIGHT}"/>`}
<path class="line thin s-${tone}" d="${pathOf(x, clipped, px, py)}"/>${dots === true && at.map((i) => html`<circle class="f-${tone}" cx="${px(x[i]!)}" cy="${py(clipped[i]!)}" r="1.7"/>`)}`
} // biome-ignore format: one mark, one line

const short = (value: number): string => tickText(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)))

/** Long series as what can be seen of them: least and greatest of each of `columns` columns, in their order. */
export function thinned(y: ArrayLike<number>, columns: number, first = 0): { x: Float64Array; y: Float64Array } {
  if (y.length <= 2 * columns) return { x: Float64Array.from(y, (_, i) => first + i), y: Float64Array.from(y) }
  const [xs, ys]: [number[], number[]] = [[], []]
  for (let column = 0; column < columns; column++) {
    const [from, to] = [Math.floor((column * y.length) / columns), Math.floor(((column + 1) * y.length) / columns)]
    let [low, high] = [-1, -1]
    for (let i = from; i < to; i++) {
      if (Number.isNaN(y[i]!)) continue
      if (low < 0 || y[i]! < y[low]!) low = i
      if (high < 0 || y[i]! > y[high]!) high = i
    }
    if (low < 0) {
      xs.push(first + from)
      ys.push(Number.NaN)
      continue
    }
    for (const i of low === high ? [low] : low < high ? [low, high] : [high, low]) {
      xs.push(first + i)
      ys.push(y[i]!)
    }
  }
  return { x: Float64Array.from(xs), y: Float64Array.from(ys) }
}

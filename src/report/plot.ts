import { type Html, html } from './html.ts'
import { axisTicks, pathOf, scaleOf, tickText } from './scale.ts'

/** How a line or mark looks: a class of the style. Ours is always `ours`. */
export type Tone = 'ours' | 'other' | 'third' | 'fourth' | 'good' | 'bad' | 'quiet' | 'ink'

export interface Line {
  readonly name: string
  readonly tone: Tone
  readonly dashed?: boolean
  /** [N] each, in the order they are joined; a NaN ends a piece */
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  /** a dot on every point */
  readonly dots?: boolean
}

export interface Axis {
  readonly label: string
  readonly from: number
  readonly to: number
  /** text of a tick; the plain number unless given */
  readonly text?: (value: number) => string
}

export interface Plot {
  readonly title: string
  /** how to read it */
  readonly about: string
  /** what who cannot see it is told: the finding */
  readonly told: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
  /** upright line at a value, with its name */
  readonly upright?: { readonly at: number; readonly name: string }
  /** height over width of the field, 0.78 unless given */
  readonly aspect?: number
}

const WIDTH = 480
const [LEFT, RIGHT, TOP] = [52, 14, 10]
const BELOW = 44
/** a line of the key */
const KEY = 18

/** Lines over two axes. */
export function linePlot({ title, about, told, x, y, lines, upright, aspect = 0.78 }: Plot): Html {
  const [across, down] = [WIDTH - LEFT - RIGHT, Math.round((WIDTH - LEFT - RIGHT) * aspect)]
  const height = TOP + down + BELOW + keyHeight(lines)
  const [px, py] = [scaleOf(x.from, x.to, LEFT, LEFT + across), scaleOf(y.from, y.to, TOP + down, TOP)]
  const body = [
    ...axisTicks(y.from, y.to, 5).map((tick) => html`<path class="grid" d="M${LEFT} ${py(tick)}h${across}"/><text x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${(y.text ?? tickText)(tick)}</text>`),
    ...axisTicks(x.from, x.to, 6).map((tick) => html`<path class="grid" d="M${px(tick)} ${TOP}v${down}"/><text x="${px(tick)}" y="${TOP + down + 17}" text-anchor="middle">${(x.text ?? tickText)(tick)}</text>`),
    html`<path class="axis" d="M${LEFT} ${TOP}v${down}h${across}"/>`,
    html`<text x="${LEFT + across / 2}" y="${TOP + down + 36}" text-anchor="middle" class="ink">${x.label}</text>`,
    html`<text transform="translate(13 ${TOP + down / 2}) rotate(-90)" text-anchor="middle" class="ink">${y.label}</text>`,
    upright !== undefined && html`<path class="line dashed s-quiet thin" d="M${px(upright.at)} ${TOP}v${down}"/><text x="${px(upright.at) + (upright.at > (x.from + x.to) / 2 ? -5 : 5)}" y="${TOP + 12}" text-anchor="${upright.at > (x.from + x.to) / 2 ? 'end' : 'start'}">${upright.name}</text>`,
    // ours last, on top
    ...[...lines].reverse().map((line) => drawn(within(line, x, y), px, py)),
    ...keyOf(lines, TOP + down + BELOW),
  ] // biome-ignore format: one mark, one line
  return framed({ title, about, told, height }, body)
}

/** A line without what lies outside of both axes. */
function within(line: Line, x: Axis, y: Axis): Line {
  const out = (value: number, { from, to }: Axis): boolean => value < from - 1e-9 || value > to + 1e-9
  return {
    ...line,
    y: Float64Array.from(line.y, (value, i) => (out(value, y) || out(line.x[i]!, x) ? Number.NaN : value)),
  }
}

function drawn({ tone, dashed, x, y, dots }: Line, px: (v: number) => number, py: (v: number) => number): Html {
  const at = Array.from({ length: x.length }, (_, i) => i).filter((i) => !Number.isNaN(y[i]!))
  return html`<path class="line s-${tone}${dashed === true ? ' dashed' : ''}" d="${pathOf(x, y, px, py)}"/>${
    dots === true && at.map((i) => html`<circle class="f-${tone}" cx="${px(x[i]!)}" cy="${py(y[i]!)}" r="3.2"/>`)
  }`
}

const keyHeight = (lines: readonly Line[]): number => 8 + KEY * lines.filter(({ name }) => name !== '').length

function keyOf(lines: readonly Line[], top: number): Html[] {
  return lines
    .filter(({ name }) => name !== '')
    .map(
      ({ name, tone, dashed }, i) =>
        html`<path class="line s-${tone}${dashed === true ? ' dashed' : ''}" d="M${LEFT} ${top + KEY * i + 8}h26"/><text x="${LEFT + 34}" y="${top + KEY * i + 12}" class="ink">${name}</text>`,
    )
}

/** A value with an interval, in a row of its own. */
export interface IntervalRow {
  readonly name: string
  readonly tone: Tone
  readonly value: number
  readonly interval?: readonly [low: number, high: number]
}

/** Estimates with their intervals, one under the other: a dot and a bar each. @param line an upright line to read them against */
export function intervalPlot(
  about: { readonly title: string; readonly about: string; readonly told: string },
  axis: Axis,
  rows: readonly IntervalRow[],
  line?: number,
): Html {
  const [left, row] = [250, 25]
  const width = 1000
  const down = rows.length * row + 8
  const px = scaleOf(axis.from, axis.to, left, width - 18)
  const inside = (value: number): number => px(Math.max(axis.from, Math.min(axis.to, value)))
  const body = [
    ...axisTicks(axis.from, axis.to, 7).map((tick) => html`<path class="grid" d="M${px(tick)} ${TOP}v${down}"/><text x="${px(tick)}" y="${TOP + down + 17}" text-anchor="middle">${(axis.text ?? tickText)(tick)}</text>`),
    line !== undefined && html`<path class="line s-quiet thin" d="M${px(line)} ${TOP}v${down}"/>`,
    html`<text x="${(left + width - 18) / 2}" y="${TOP + down + 36}" text-anchor="middle" class="ink">${axis.label}</text>`,
    ...rows.map(({ name, tone, value, interval }, i) => {
      const y = TOP + i * row + row / 2 + 4
      return html`<text x="${left - 14}" y="${y + 4}" text-anchor="end" class="ink">${name}</text>${interval && html`<path class="line s-${tone}" stroke-width="2" d="M${inside(interval[0])} ${y}H${inside(interval[1])}"/>`}${value >= axis.from && value <= axis.to && html`<circle class="f-${tone}" cx="${px(value)}" cy="${y}" r="4"/>`}`
    }),
  ] // biome-ignore format: one mark, one line
  return framed({ ...about, height: TOP + down + BELOW, width }, body)
}

export interface Bars {
  readonly name: string
  readonly tone: Tone
  /** [bins] */
  readonly counts: readonly number[]
}

/** Counts in bins, side by side. @param edges [bins + 1] */
export function barPlot(
  about: { readonly title: string; readonly about: string; readonly told: string },
  axis: Axis,
  edges: readonly number[],
  bars: readonly Bars[],
  countLabel: string,
): Html {
  const [across, down] = [WIDTH - LEFT - RIGHT, 230]
  const most = Math.max(1, ...bars.flatMap(({ counts }) => counts))
  const [px, py] = [scaleOf(axis.from, axis.to, LEFT, LEFT + across), scaleOf(0, most, TOP + down, TOP)]
  const keys: Line[] = bars.map(({ name, tone }) => ({ name, tone, x: [], y: [] }))
  const body = [
    ...axisTicks(0, most, 4).filter(Number.isInteger).map((tick) => html`<path class="grid" d="M${LEFT} ${py(tick)}h${across}"/><text x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${tick}</text>`),
    ...axisTicks(axis.from, axis.to, 7).map((tick) => html`<text x="${px(tick)}" y="${TOP + down + 17}" text-anchor="middle">${(axis.text ?? tickText)(tick)}</text>`),
    ...bars.flatMap(({ counts, tone }, b) => counts.map((count, i) => {
      const wide = (px(edges[i + 1]!) - px(edges[i]!) - 2) / bars.length
      return count > 0 && html`<rect class="f-${tone}" x="${round(px(edges[i]!) + 1 + b * wide)}" y="${py(count)}" width="${round(Math.max(1, wide - 0.5))}" height="${round(TOP + down - py(count))}"/>`
    })),
    html`<path class="axis" d="M${LEFT} ${TOP}v${down}h${across}"/>`,
    html`<text x="${LEFT + across / 2}" y="${TOP + down + 36}" text-anchor="middle" class="ink">${axis.label}</text>`,
    html`<text transform="translate(13 ${TOP + down / 2}) rotate(-90)" text-anchor="middle" class="ink">${countLabel}</text>`,
    ...keyOf(keys, TOP + down + BELOW),
  ] // biome-ignore format: one mark, one line
  return framed({ ...about, height: TOP + down + BELOW + keyHeight(keys) }, body)
}

const round = (value: number): number => Math.round(value * 10) / 10

function framed(
  { title, about, told, height, width = WIDTH }: { title: string; about: string; told: string; height: number; width?: number },
  body: readonly (Html | false | undefined)[],
): Html {
  return html`<figure><figcaption><b>${title}</b><span>${about}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${`${title}. ${told}`}">${body}</svg></figure>`
} // biome-ignore format: the signature

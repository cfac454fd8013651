import { figure, type Ink } from '../svg.ts'
import type { CellName } from './cells/named-cells.ts'

const WIDTH = 720
const HEIGHT = 420
const LEFT = 56
const RIGHT = 170
const TOP = 34
const BOTTOM = 44
/** lines are cut here: what a sigmoid network loses further down is lost all the same */
const LOWEST = -35
const LABEL_HEIGHT = 15
/** half a unit in the last place of 1: what float32 no longer adds to a gradient of 1 */
const FLOAT32 = Math.log10(2 ** -24)

const LABELS: Readonly<Record<CellName, string>> = {
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  relu: 'ReLU',
  'relu-identity': 'ReLU, identity',
  'lstm-bf0': 'LSTM, forget bias 0',
  'lstm-bf1': 'LSTM, forget bias 1',
  'lstm-bf3': 'LSTM, forget bias 3',
  'lstm-bf5': 'LSTM, forget bias 5',
}

/** one hue for the LSTMs, deeper with the bias */
const INKS: Readonly<Record<CellName, Ink>> = {
  sigmoid: { light: '#6e40c9', dark: '#b392f0' },
  tanh: { light: '#0a58ca', dark: '#6cb6ff' },
  relu: { light: '#9a6700', dark: '#e3b341' },
  'relu-identity': { light: '#1a7f37', dark: '#57d364' },
  'lstm-bf0': { light: '#cf6056', dark: '#cb5c53' },
  'lstm-bf1': { light: '#b8372c', dark: '#e5766d' },
  'lstm-bf3': { light: '#8f1a11', dark: '#f9a19a' },
  'lstm-bf5': { light: '#5a0c06', dark: '#ffd0cc' },
}

/**
 * How far gradients reach, one line a cell, each with its name at its end: SVG.
 * @param cells name -> gap -> log10 of the norm, as `gradientReach` gives it; at least one of each
 */
export function gradientFigure(cells: Readonly<Partial<Record<CellName, Readonly<Record<string, number>>>>>): string {
  const lines = (Object.entries(cells) as [CellName, Record<string, number>][]).map(([name, reach]) => ({
    name,
    points: cut(Object.entries(reach).map(([gap, log]) => [Number(gap), log] as const)),
  }))
  const every = lines.flatMap(({ points }) => points)
  const longest = Math.max(...every.map(([gap]) => gap))
  const highest = Math.max(2, ...every.map(([, log]) => log))
  const lowest = Math.min(-10, ...every.map(([, log]) => log))
  const x = (gap: number) => LEFT + ((WIDTH - LEFT - RIGHT) * gap) / longest
  const y = (log: number) => TOP + ((HEIGHT - TOP - BOTTOM) * (highest - log)) / (highest - lowest)

  const body: string[] = [
    `<text x="${LEFT}" y="18">log₁₀ ‖∂s(n)/∂s(k)‖: how much of a gradient is left after n − k steps</text>`,
  ]
  for (let log = 0; log >= lowest; log -= 5) {
    body.push(
      `<path class="rule" d="M${LEFT} ${round(y(log))}H${WIDTH - RIGHT}"/>`,
      `<text class="quiet" x="${LEFT - 8}" y="${round(y(log) + 4)}" text-anchor="end">${minus(log)}</text>`,
    )
  }
  for (const gap of gapTicks(longest)) {
    body.push(`<text class="quiet" x="${round(x(gap))}" y="${HEIGHT - 26}" text-anchor="middle">${gap}</text>`)
  }
  body.push(
    `<text class="quiet" x="${round((LEFT + WIDTH - RIGHT) / 2)}" y="${HEIGHT - 8}" text-anchor="middle">gap, steps</text>`,
    `<path class="rule" stroke-dasharray="5 4" d="M${LEFT} ${round(y(FLOAT32))}H${WIDTH - RIGHT}"/>`,
    `<text class="quiet" x="${WIDTH - RIGHT - 4}" y="${round(y(FLOAT32) - 5)}" text-anchor="end">float32 adds nothing below</text>`,
  )
  for (const { name, points } of lines) {
    const path = points.map(([gap, log]) => `${round(x(gap))},${round(y(log))}`).join(' ')
    body.push(`<polyline class="${name}-line" stroke-width="${width(name)}" points="${path}"/>`)
  }
  body.push(...labels(lines, x, y))
  const label = 'Gradient norm against gap for sigmoid, tanh, ReLU and LSTM cells'
  return figure({ width: WIDTH, height: HEIGHT, label }, INKS, body)
}

type Point = readonly [gap: number, log: number]

/** A line from the start, where nothing is lost, down to LOWEST and no further; a norm of zero has no place on it. */
function cut(points: readonly Point[]): Point[] {
  const kept: Point[] = [[0, 0]]
  for (const [gap, log] of points.toSorted(([a], [b]) => a - b)) {
    const [lastGap, lastLog] = kept.at(-1)!
    if (log >= LOWEST) kept.push([gap, log])
    else {
      if (Number.isFinite(log)) kept.push([lastGap + ((gap - lastGap) * (LOWEST - lastLog)) / (log - lastLog), LOWEST])
      break
    }
  }
  return kept
}

/** Names at the ends of their lines, moved apart where ends meet; a line that leaves below has its name where it does. */
function labels(
  lines: readonly { name: CellName; points: readonly Point[] }[],
  x: (gap: number) => number,
  y: (log: number) => number,
): string[] {
  const ends = lines.map(({ name, points }) => ({ name, end: points.at(-1)! }))
  const leaves = (end: Point) => end[1] === LOWEST
  const below = ends
    .filter(({ end }) => leaves(end))
    .map(
      ({ name, end }) =>
        `<text class="${name}" x="${round(x(end[0]) + 6)}" y="${round(y(end[1]) - 4)}">${LABELS[name]}</text>`,
    )
  const beside = ends.filter(({ end }) => !leaves(end)).toSorted((a, b) => b.end[1] - a.end[1])
  const places: number[] = []
  for (const { end } of beside) places.push(Math.max(y(end[1]), (places.at(-1) ?? 0) + LABEL_HEIGHT))
  // as far down as the figure goes, then back up
  for (let i = places.length - 1, limit = HEIGHT - BOTTOM; i >= 0; i--, limit -= LABEL_HEIGHT) {
    places[i] = Math.min(places[i]!, limit)
  }
  const to = WIDTH - RIGHT + 16
  return [
    ...below,
    ...beside.flatMap(({ name, end }, i) => [
      `<path class="${name}-line" d="M${round(x(end[0]))} ${round(y(end[1]))}L${to - 2} ${round(places[i]!)}"/>`,
      `<text class="${name}" x="${to}" y="${round(places[i]! + 4)}">${LABELS[name]}</text>`,
    ]),
  ]
}

/** At most about eight round numbers from 0 to the longest gap. */
function gapTicks(longest: number): number[] {
  const size = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000].find((each) => longest / each <= 8) ?? longest
  return Array.from({ length: Math.floor(longest / size) + 1 }, (_, i) => i * size)
}

const width = (name: CellName): number => (name.startsWith('lstm') ? 2.5 : 1.75)
const round = (value: number): number => Number(value.toFixed(1))
const minus = (value: number): string => String(value).replace('-', '−')

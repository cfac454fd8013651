import { figure, type Ink } from '../svg.ts'
import type { LatencyBench } from './latency.ts'
import type { RanWard } from './shape.ts'

const [WIDTH, HEIGHT] = [520, 300]
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 96, 24, 44]
/** ms and rows that the upright axis shows, each ten times the one before */
const DECADES = [1, 10, 100, 1000, 10_000]

const INKS: Readonly<Record<string, Ink>> = {
  p99: { light: '#cf222e', dark: '#ff7b72' },
  p50: { light: '#0969da', dark: '#58a6ff' },
  rows: { light: '#8250df', dark: '#bc8cff' },
}

/** How long an alert takes, and how many rows a step has, by load: SVG, both axes logarithmic. */
export function latencyFigure({ rates }: Pick<LatencyBench, 'rates'>): string {
  const [least, most] = [Math.min(...rates.map((it) => it.pacedAt)), Math.max(...rates.map((it) => it.pacedAt))]
  const share = (value: number, from: number, to: number) => Math.log(value / from) / Math.log(to / from)
  const x = (rate: number) => Math.round(LEFT + share(rate, least, most) * (WIDTH - LEFT - RIGHT))
  const y = (value: number) =>
    Math.round(HEIGHT - BOTTOM - share(Math.max(value, DECADES[0]!), DECADES[0]!, DECADES.at(-1)!) * (HEIGHT - TOP - BOTTOM)) // biome-ignore format: one line
  const line = (name: string, told: string, of: (it: LatencyBench['rates'][number]) => number) => {
    const points = rates.map((it) => `${x(it.pacedAt)} ${y(of(it))}`)
    return [
      `<path class="${name}-line" stroke-width="1.8" d="M${points.join('L')}"/>`,
      `<text class="${name}" x="${WIDTH - RIGHT + 8}" y="${y(of(rates.at(-1)!)) + 4}">${told}</text>`,
    ]
  }
  const body = [
    ...DECADES.map((at) => `<path class="rule" d="M${LEFT} ${y(at)}H${WIDTH - RIGHT}"/><text class="quiet" x="${LEFT - 8}" y="${y(at) + 4}" text-anchor="end">${at.toLocaleString('en')}</text>`),
    ...rates.map(({ pacedAt }) => `<text class="quiet" x="${x(pacedAt)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${pacedAt / 1000}k</text>`),
    `<text class="quiet" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">readings a second</text>`,
    ...line('p99', 'p99, ms', (it) => it.latencyMs.p99),
    ...line('p50', 'p50, ms', (it) => it.latencyMs.p50),
    ...line('rows', 'rows a step', (it) => it.rowsPerStep),
  ] // biome-ignore format: one mark, one line
  const label = 'Latency of an alert and rows of a step by readings a second'
  return figure({ width: WIDTH, height: HEIGHT, label }, INKS, body)
}

/** The same as a table of Markdown. */
export function latencyTable({
  rates,
  patients,
  partitions,
  warmSeconds,
  pacedSeconds,
}: Omit<LatencyBench, keyof RanWard>): string {
  const cells = (of: readonly (string | number)[]) => `| ${of.join(' | ')} |`
  const rows = rates.map(({ pacedAt, writtenPerSecond, latencyMs, coldLatencyMs, rowsPerStep, eventLoopDelayP99Ms }) =>
    cells([pacedAt, writtenPerSecond, latencyMs.p50, latencyMs.p99, coldLatencyMs.p99, rowsPerStep, eventLoopDelayP99Ms].map((it) => it.toLocaleString('en'))),
  ) // biome-ignore format: a row, one line
  return [
    '# Latency by load',
    '',
    'Written by a test from what `vigil bench latency` printed ([latency.json](latency.json), [performance](../performance.md#latency-by-load)); not by hand.',
    '',
    `${patients.toLocaleString('en')} patients, ${partitions} partitions; ${pacedSeconds} s of each load after ${warmSeconds} s of warm-up.`,
    '',
    cells(['readings/s asked', 'written', 'p50, ms', 'p99, ms', 'p99 of the warm-up, ms', 'rows a step', 'event-loop delay p99, ms']),
    cells(Array.from({ length: 7 }, () => '---')),
    ...rows,
    '',
    '![Latency of an alert and rows of a step by readings a second](../images/latency.svg)',
    '',
  ].join('\n') // biome-ignore format: a line of the page, one line
}

/** One validation. */
export interface LearningPoint {
  readonly epoch: number
  readonly updates: number
  /** nats per observed value: of the chunks trained on since the last point, and of the averaged weights on validation */
  readonly train: number
  readonly validation: number
}

const WIDTH = 480
const HEIGHT = 160
const MARGIN = 30

/** A learning curve as one line of SVG: validation solid, training dashed; axes in epochs and nats. */
export function learningCurve(points: readonly LearningPoint[]): string {
  const values = points.flatMap((point) => [point.train, point.validation])
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const last = Math.max(...points.map((point) => point.epoch))
  const x = (epoch: number) => MARGIN + ((WIDTH - MARGIN - 5) * epoch) / last
  const y = (value: number) => HEIGHT - MARGIN + 10 - ((HEIGHT - MARGIN) * (value - low)) / (high - low || 1)
  const path = (of: (point: LearningPoint) => number) =>
    points.map((point) => `${x(point.epoch).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ')
  const line = (of: (point: LearningPoint) => number, more: string) =>
    `<polyline fill="none" stroke="#555" stroke-width="1.5"${more} points="${path(of)}"/>`
  const text = (at: number, up: number, what: string) =>
    `<text x="${at}" y="${up}" font-size="10" fill="#555">${what}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="learning curve">`,
    line((point) => point.train, ' stroke-dasharray="4 3"'),
    line((point) => point.validation, ''),
    text(0, y(high) + 8, high.toFixed(2)),
    text(0, y(low), low.toFixed(2)),
    text(WIDTH - 60, HEIGHT - 2, `epoch ${last}`),
    '</svg>',
  ].join('')
}

import { describe, expect, it } from 'vitest'
import { gradientFigure } from '../../src/training/gradient-figure.ts'

const svg = gradientFigure({
  sigmoid: { 1: -1, 50: -50 },
  'relu-identity': { 1: 0, 50: 0, 100: 0 },
  'lstm-bf3': { 1: 0.1, 50: 0.4, 100: 0.4 },
  'lstm-bf5': { 1: 0.1, 50: 1, 100: 1.3 },
})
const lines = new Map(
  [...svg.matchAll(/<polyline class="([a-z0-9-]+)-line"[^>]* points="([^"]+)"/g)].map(([, name, points]) => [
    name!,
    points!.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  ]),
)

describe('the figure of the gradients', () => {
  it('draws one line a cell from where nothing is lost, inside its frame', () => {
    expect([...lines.keys()]).toEqual(['sigmoid', 'relu-identity', 'lstm-bf3', 'lstm-bf5'])
    const [, , width, height] = /viewBox="(\d+) (\d+) (\d+) (\d+)"/.exec(svg)!.slice(1).map(Number)
    const starts = new Set([...lines.values()].map(([first]) => String(first)))
    expect(starts.size).toBe(1)
    for (const [x, y] of [...lines.values()].flat()) {
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x).toBeLessThanOrEqual(width!)
      expect(y).toBeGreaterThanOrEqual(0)
      expect(y).toBeLessThanOrEqual(height!)
    }
  })

  it('keeps the heights in proportion and cuts a line where it leaves', () => {
    const y = (name: string, point: number) => lines.get(name)![point]![1]
    const unit = y('sigmoid', 1) - y('sigmoid', 0)
    expect((y('lstm-bf5', 0) - y('lstm-bf5', 3)) / unit).toBeCloseTo(1.3, 0)
    expect((y('sigmoid', 2) - y('sigmoid', 0)) / unit).toBeCloseTo(35, -1)
    expect(lines.get('sigmoid')!.at(-1)![0]).toBeLessThan(lines.get('relu-identity')!.at(-1)![0])
  })

  it('names every line at its end, no name upon another', () => {
    const names = ['sigmoid', 'ReLU, identity', 'LSTM, forget bias 3', 'LSTM, forget bias 5']
    const heights = names.map((name) => Number(new RegExp(`y="([\\d.]+)">${name}<`).exec(svg)![1]))
    const beside = heights.slice(1).toSorted((a, b) => a - b)
    expect(Math.min(...beside.slice(1).map((y, i) => y - beside[i]!))).toBeGreaterThanOrEqual(14)
  })

  it('has colours for day and night', () => {
    expect(svg).toContain('@media(prefers-color-scheme:dark)')
    for (const name of lines.keys()) expect(svg.match(new RegExp(`\\.${name}-line\\{stroke`, 'g'))).toHaveLength(2)
  })

  it('ends a line before a norm of zero', () => {
    const ended = gradientFigure({ relu: { 1: -0.5, 5: Number.NEGATIVE_INFINITY } })
    expect(ended).not.toMatch(/NaN|Infinity/)
  })
})

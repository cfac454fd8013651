import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { areas } from '../../src/evaluation/metrics/curves.ts'
import { strongestLag, vusPr } from '../../src/evaluation/range-curve.ts'

interface Case {
  readonly name: string
  readonly spans: readonly (readonly [number, number])[]
  readonly widest: number
  readonly scores: readonly number[]
  readonly averagePrecision: number
  readonly vusPr: number
}
const fixture = new URL('../fixtures/range-curve.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Case[] }

const labelsOf = (length: number, spans: Case['spans']) => {
  const labels = new Uint8Array(length)
  for (const [first, last] of spans) labels.fill(1, first, last + 1)
  return labels
}

describe('volume under the surface of precision and recall', () => {
  it.each(cases)("is what the authors' package computes: $name", ({ spans, widest, scores, vusPr: wanted }) => {
    expect(vusPr(scores, labelsOf(scores.length, spans), widest)).toBeCloseTo(wanted, 12)
  })

  it.each(cases)(
    'and average precision is what scikit-learn computes: $name',
    ({ spans, scores, averagePrecision }) => {
      expect(areas(scores, labelsOf(scores.length, spans)).auprc).toBeCloseTo(averagePrecision, 12)
    },
  )

  it('by hand: 250 scores, one span found first, no buffer', () => {
    // thresholds are the 250 scores themselves; the span's four rows come first: precision 1 up to recall 1
    const scores = Float64Array.from({ length: 250 }, (_, row) => (row >= 100 && row < 104 ? 1000 - row : -row))
    expect(vusPr(scores, labelsOf(250, [[100, 103]]), 0)).toBeCloseTo(1, 12)
    // two false alarms before them: precision 1/3, 2/4, 3/5, 4/6, a quarter of recall each
    scores[10] = 2000
    scores[20] = 2001
    const wanted = (1 / 3 + 2 / 4 + 3 / 5 + 4 / 6) / 4
    expect(vusPr(scores, labelsOf(250, [[100, 103]]), 0)).toBeCloseTo(wanted, 12)
  })

  it('is no number without a span', () => {
    expect(vusPr([1, 2, 3], [0, 0, 0], 4)).toBeNaN()
  })
})

describe('the strongest lag', () => {
  it('is the period of a wave, and 125 where there is none', () => {
    const wave = (period: number) => Float64Array.from({ length: 5000 }, (_, t) => Math.sin((2 * Math.PI * t) / period))
    expect(strongestLag(wave(90))).toBe(90)
    expect(strongestLag(wave(37))).toBe(37)
    expect(strongestLag(Float64Array.from({ length: 5000 }, (_, t) => t))).toBe(125)
  })
})

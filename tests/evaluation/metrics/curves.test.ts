import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areas } from '../../../src/evaluation/metrics/curves.ts'

describe('AUROC and AUPRC', () => {
  it('are those of the example in the published scorer', () => {
    const { auroc, auprc } = areas([0.3, 0.4, 0.6, 0.7, 0.8, 0.8], [0, 0, 0, 0, 1, 1])
    expect([auroc, auprc]).toEqual([1, 1])
  })

  it('are those of scikit-learn 1.x, with ties', () => {
    const scores = [0.1, 0.4, 0.35, 0.8, 0.8, 0.7, 0.2, 0.05, 0.4, 0.4]
    const { auroc, auprc } = areas(scores, [0, 1, 0, 0, 1, 1, 0, 1, 0, 0])
    expect(auroc).toBeCloseTo(0.6041666666666667, 12)
    expect(auprc).toBeCloseTo(0.5166666666666666, 12)
  })

  it('of one score for all are a half and the prevalence', () => {
    const { auroc, auprc } = areas([2, 2, 2, 2], [1, 0, 0, 0])
    expect([auroc, auprc]).toEqual([0.5, 0.25])
  })

  it('are the share of pairs in the right order, and do not depend on the order of rows', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 1 }))
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), (rows) => {
        const { auroc, auprc } = areas(rows.map(([score]) => score), rows.map(([, label]) => label)) // biome-ignore format: one line
        const turned = [...rows].reverse()
        const again = areas(turned.map(([score]) => score), turned.map(([, label]) => label)) // biome-ignore format: one line
        const yes = rows.filter(([, label]) => label === 1)
        const no = rows.filter(([, label]) => label === 0)
        if (yes.length === 0 || no.length === 0) {
          expect(auroc).toBeNaN()
          return
        }
        let right = 0
        for (const [a] of yes) for (const [b] of no) right += a > b ? 1 : a === b ? 0.5 : 0
        expect(auroc).toBeCloseTo(right / (yes.length * no.length), 12)
        expect([again.auroc, again.auprc]).toEqual([auroc, auprc])
      }),
    )
  })

  it('refuse a score that has no rank', () => {
    expect(() => areas([0.1, Number.NaN], [0, 1])).toThrow('score 1')
  })
})
